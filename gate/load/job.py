"""What the engine is asked to do and what it answers: plain values that cross a process border as JSON.

A *segment* is a stretch of load with one or several *lanes* side by side; a lane is one request template with its
own schedule. Blocks, warm-ups and scenarios are all made of segments.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request template, complete but for its placeholders."""

    method: str
    url: str
    """Absolute; origin already joined, placeholders still in."""
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    """Body as a JSON value whose strings are templates; None for no body."""
    timeout_s: float = 10.0
    """Total: name resolution to last byte."""


@dataclass(frozen=True)
class Expectation:
    """What an answer must be; anything else is an error."""

    statuses: tuple[int, ...] = ()
    """Accepted statuses; empty means any 2xx."""
    media_type: str | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True)
class Schedule:
    """When requests are due: an open arrival rate, or users that wait for their answers."""

    rate_rps: float | None = None
    """Open model: Poisson arrivals, whatever the answers do."""
    users: int | None = None
    """Closed model: so many at once, each waiting for its answer and then ``think_s``."""
    think_s: float = 0.0
    count: int | None = None
    for_s: float | None = None
    """End by count, by time, or by whichever comes first; at least one is given."""
    seed: int = 0


@dataclass(frozen=True)
class Lane:
    """One request template under one schedule, or one member of a weighted mix."""

    name: str
    request: Request
    expect: Expectation
    weight: int = 1
    """Share among the lanes of a mix."""


@dataclass(frozen=True)
class Stream:
    """One schedule that feeds one lane, or several by weight."""

    schedule: Schedule
    lanes: tuple[Lane, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of load: all its streams run side by side."""

    streams: tuple[Stream, ...]
    environment: dict[str, str] = field(default_factory=dict)
    """Values for ``${NAME}``; they go to the worker over its pipe and nowhere else."""
    values: dict[str, str] = field(default_factory=dict)
    """Values for ``{name}`` that are fixed for the run, such as a token."""
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Values for ``{name}`` that are drawn for each request."""
    run_token: str = ""
    """Prefix of ``{{seq}}`` and ``{{uuid}}``, so that two runs never share one."""
    keep_samples: bool = False
    """Return each latency; only for blocks, which are small."""
    max_in_flight: int = 1000
    """Below the 1,024 file descriptors that select can watch."""


@dataclass
class LaneResult:
    """What one lane did."""

    planned: int = 0
    """Arrivals that fell due (open), or requests that users began (closed)."""
    sent: int = 0
    dropped: int = 0
    """Fell due but never sent, because too many were in flight."""
    completed: int = 0
    """Answered as expected; only these have a latency."""
    errors: dict[str, int] = field(default_factory=dict)
    """Sent but not answered as expected, by kind."""
    statuses: dict[str, int] = field(default_factory=dict)
    histogram: dict[int, int] = field(default_factory=dict)
    """Latency of completed requests: intended in the open model, service in the closed one."""
    samples: list[float] = field(default_factory=list)
    """The same latencies in seconds, if asked for."""
    service: list[float] = field(default_factory=list)
    """The same requests from the moment they were really sent, if asked for."""
    body_bytes: int = 0
    body_min: int | None = None
    body_max: int | None = None
    new_connections: int = 0


@dataclass
class SegmentResult:
    """What one segment did, and how the generator fared."""

    lanes: dict[str, LaneResult]
    elapsed_s: float = 0.0
    lag: dict[int, int] = field(default_factory=dict)
    """Histogram of send lag: actual minus scheduled instant, open model only."""
    cpu_s: float = 0.0
    peak_in_flight: int = 0
    throttled: bool = False
    """Ended early because the preview asked to slow down."""


def to_json(value: Segment | SegmentResult) -> str:
    """One line of JSON."""
    return json.dumps(dataclasses.asdict(value), separators=(",", ":"))


def segment_from_json(text: str) -> Segment:
    """Read what ``to_json`` wrote of a segment."""
    raw = json.loads(text)
    streams = tuple(
        Stream(
            Schedule(**stream["schedule"]),
            tuple(
                Lane(
                    lane["name"],
                    Request(**lane["request"]),
                    Expectation(**lane["expect"] | {"statuses": tuple(lane["expect"]["statuses"])}),
                    lane["weight"],
                )
                for lane in stream["lanes"]
            ),
        )
        for stream in raw.pop("streams")
    )
    ranges = {name: (low, high) for name, (low, high) in raw.pop("ranges").items()}
    return Segment(streams=streams, ranges=ranges, **raw)


def result_from_json(text: str) -> SegmentResult:
    """Read what ``to_json`` wrote of a result."""
    raw = json.loads(text)
    lanes = {
        name: LaneResult(**lane | {"histogram": _int_keys(lane["histogram"])})
        for name, lane in raw.pop("lanes").items()
    }
    return SegmentResult(lanes=lanes, lag=_int_keys(raw.pop("lag")), **raw)


def _int_keys(counts: dict[str, int]) -> dict[int, int]:
    return {int(index): count for index, count in counts.items()}
