"""What the server side said of itself while it was under load, as frozen values. Pure.

The application under test may write any of it: it can block, and never approves or excuses.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.record.value import Count, Value

MOST_SAMPLES = 600
"""Of one series in a record: longer ones are thinned to every second sample as often as needed."""

Source = Literal["prometheus", "postgres", "redis", "processes"]
TelemetryUnit = Literal["bytes", "ratio", "count", "s", "per_s"]


class Summed(Value):
    """Every reading of a series over some time, of which not all are kept."""

    n: Count
    from_s: float
    to_s: float
    """Of the first and the last reading, in seconds since the run began."""
    hole_s: float
    """The longest time between two of them."""
    first: float
    last: float
    least: float
    mean: float
    most: float
    falls: Count = 0
    """How often a reading was less than the one before it; 0 in runs of older versions, which did not count."""
    steepest: float | None = None
    """The highest rise per second from one reading to the next; None of a single one, and in runs of older versions."""


class Window(Value):
    """A stretch of load."""

    name: str
    """Scenario, or ``blocks``."""
    from_s: float
    to_s: float
    """Seconds since the run began."""
    answered: Count
    """Requests answered in it."""
    sums: dict[str, Summed] = Field(default_factory=dict)
    """Of each series that was thinned; of the others every value is there."""
    peaks: dict[str, float] = Field(default_factory=dict)
    """Largest value of each series that was thinned, in runs of older versions."""


class Series(Value):
    """One quantity over time."""

    source: Source
    unit: TelemetryUnit
    is_counter: bool = False
    """It only rises: what counts is its rate, or its rise over a window."""
    at_s: list[float]
    """Seconds since the run began."""
    values: list[float]
    answered: list[Count]
    """Requests answered by then, of which growth per request is made."""
    whole: Summed | None = None
    """Every reading of the run; None where every value is there, and in runs of older versions."""
    load: Summed | None = None
    """The same from the first request to the last."""


class Rest(Value):
    """Some time in which the preview was left alone, after it had as much again to come to rest."""

    from_s: float
    to_s: float
    levels: dict[str, float]
    """Median of each series that is no counter."""


class Rests(Value):
    """The preview at rest, before some load and after it."""

    before: Rest
    after: Rest


class Statement(Value):
    """One statement of the database, by the difference of its counters over the run."""

    text: str
    """Normalised, without values; cut where it is long."""
    calls: Count
    total_s: float
    mean_s: float
    rows: Count
    plan: list[str] = Field(default_factory=list)
    """Lines of its plan, of the worst statements only."""
    scans: list[str] = Field(default_factory=list)
    """Large tables that the plan reads from end to end, with the filter."""
    unhelped: list[str] = Field(default_factory=list)
    """Those of the scans that no index would spare, for the filter keeps most of the rows or names only what it leaves
    out; where the others are an index is missing. Empty in runs of older versions."""

    @property
    def unindexed(self) -> list[str]:
        """Scans that an index would spare."""
        return [scan for scan in self.scans if scan not in self.unhelped]


class Relation(Value):
    """A table with its size."""

    name: str
    rows: Count
    table_bytes: Count
    index_bytes: Count


class TelemetryRecord(Value):
    """Everything that was watched in a run."""

    windows: list[Window] = Field(default_factory=list)
    series: dict[str, Series] = Field(default_factory=dict)
    """By name: ``memory``, ``pool.in_use``, ``pool.size``, ``postgres.cache_hit``, ``redis.hit_ratio``, or as the
    suite calls them."""
    rests: dict[str, Rests] = Field(default_factory=dict)
    """Around a scenario by its name, and around all of them as ``*``, where the suite has the preview left alone."""
    statements: list[Statement] = Field(default_factory=list)
    """Those that took the most time in all, the first first."""
    relations: list[Relation] = Field(default_factory=list)
    database_bytes: Count | None = None
    facts: dict[str, float] = Field(default_factory=dict)
    """What does not change during a run: ``postgres.max_connections``, ``pool.size`` as configured."""
    unread: dict[str, str] = Field(default_factory=dict)
    """Sources and quantities that could not be read, with the reason: they are not measured, which is told."""
