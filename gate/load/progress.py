"""How a segment stands, for people who watch it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.load.histogram import Histogram
from gate.load.job import SegmentResult


@dataclass(frozen=True)
class Progress:
    """A segment so far."""

    at_s: float
    """Since it began."""
    sent: int
    completed: int
    failed: int
    in_flight: int
    p50_s: float | None
    p95_s: float | None
    """None before the first answer."""


def progress_of(result: SegmentResult, at_s: float) -> Progress:
    """Sum up a result so far."""
    lanes = result.lanes.values()
    latency = sum((Histogram(lane.histogram) for lane in lanes), Histogram())
    sent, completed = sum(lane.sent for lane in lanes), sum(lane.completed for lane in lanes)
    failed = sum(sum(lane.errors.values()) for lane in lanes)
    p50_s, p95_s = (latency.quantile(0.5), latency.quantile(0.95)) if latency.n else (None, None)
    return Progress(at_s, sent, completed, failed, sent - completed - failed, p50_s, p95_s)


def together(parts: Iterable[Progress]) -> Progress:
    """Of several workers: counts add up; of latencies the worst is shown, for it is what people watch for."""
    known = list(parts)
    p50_s = max((part.p50_s for part in known if part.p50_s is not None), default=None)
    p95_s = max((part.p95_s for part in known if part.p95_s is not None), default=None)
    return Progress(
        at_s=max(part.at_s for part in known),
        sent=sum(part.sent for part in known),
        completed=sum(part.completed for part in known),
        failed=sum(part.failed for part in known),
        in_flight=sum(part.in_flight for part in known),
        p50_s=p50_s,
        p95_s=p95_s,
    )
