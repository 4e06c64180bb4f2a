"""How a system behaves where its load grows, and where it ends. Pure values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.record.value import Count, Value


class ResourceUse(Value):
    """How full a resource was during one scenario, or during the blocks."""

    resource: str
    window: str
    """Scenario, or ``blocks``."""
    most: float
    """In use at most."""
    size: float
    """There is so much of it."""
    full_ratio: float
    """Share of the samples in which practically all of it was in use."""
    n: Count
    """Samples."""


class Bottleneck(Value):
    """Where a system ends, from its curve of throughput over load."""

    scenario: str
    """Or several, of one mix at different loads, joined by ``+``."""
    of: Literal["rate", "users", "under way"] = "users"
    """What the load is counted in."""
    levels: Count = 0
    highest: float | None = None
    """Of the levels."""
    saturated: bool | None = None
    """Whether more load brought no more throughput in the end, so that the system set it and not the load; None where
    no level is low enough to tell, and in verdicts of older versions."""
    held_back: bool = False
    """Whether answers waited at some level, and throughput was less than the load would have made without; false in
    verdicts of older versions."""
    served_at_once: float | None
    """Requests under way at saturation that do not wait: its throughput times ``served_s`` (Little's law)."""
    served_lo: float | None
    served_hi: float | None
    resource: str | None
    """Which resource was full, by telemetry; None where nothing was watched."""
    configured: float | None
    """Its size, where that was read."""
    saturation_rps: float | None
    unloaded_s: float | None
    served_s: float | None = None
    """Time of an answer among so many that are served, without waiting; None in verdicts of older versions."""
    waiting_ratio: float | None
    """Share of an answer's time at the highest level that is waiting."""
    peak: float | None
    """Load beyond which throughput falls; None where the curve only flattens."""
    peak_lo: float | None
    peak_hi: float | None
    fails_from: float | None
    """First level at which the condition did not hold, in users or requests per second."""
    exponent: float | None = None
    exponent_lo: float | None = None
    exponent_hi: float | None = None
    """Power of load with which throughput grows: 1 is linear scaling."""


class Filled(Value):
    """A resource that a search found full."""

    resource: str
    level: float
    """The lowest at which it was, in half of the samples or more."""
    size: float


class Breaking(Value):
    """Where a search ended, and how."""

    scenario: str
    of: Literal["rate", "users"]
    until: str
    held: float | None
    """The highest level below the first that never held; None where not even the first did."""
    breaks_at: float | None
    """The first level at which the condition never held; None: it held up to the highest."""
    highest: float
    unmade: str = ""
    """Why the load generator could not make more, where that ended the search."""
    rate_rps: float | None
    p95_s: float | None
    error_ratio: float | None
    dropped_ratio: float | None = None
    """At the level at which it breaks: of answers that were not as expected, and of requests that were never sent."""
    errors_from: float | None
    """The lowest level with answers that were not as expected; None where there was none."""
    errors: dict[str, Count] = Field(default_factory=dict)
    """There, by kind."""
    watched: list[str] = Field(default_factory=list)
    """Resources that were watched meanwhile."""
    full: list[Filled] = Field(default_factory=list)
    """Those that were full at some level, the first one first."""
    memory_first_bytes: float | None = None
    memory_last_bytes: float | None = None
    """Of its processes at most, at the lowest level and where it breaks; None where nothing was watched."""


class Contrast(Value):
    """One endpoint beside another one, as the suite asks: what a cache saves, what a filter costs."""

    endpoint: str
    against: str
    pairs: Count
    """Rounds with a block of both; with fewer than three there are no figures."""
    difference_s: float | None
    lo_s: float | None
    hi_s: float | None
    """Time of a typical answer less that of the other, with its 90 % interval; below zero it is answered sooner."""
    factor: float | None
    factor_lo: float | None
    factor_hi: float | None
    """The one time over the other."""
