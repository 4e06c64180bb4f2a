"""What a report claims beyond its rows, as frozen values: each claim names the rows or figures it is made from. Pure.

Nothing here decides: a verdict follows from rows alone, and no score turns a BLOCKED into APPROVED.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gate.record.value import Count, Value

Grade = Literal["critical", "high", "medium", "low"]
Horizon = Literal["now", "next", "later"]
State = Literal["yes", "no", "not measured"]


class Band(Value):
    """Answers of one endpoint, or of all together, within a band of latency."""

    endpoint: str
    """``*`` is all together."""
    from_s: float
    to_s: float | None
    """None: no upper end."""
    count: Count
    n: Count


class Headroom(Value):
    """How far a measured value is from its limit."""

    row: str
    times: float
    """Above 1 there is room: a limit of 200 ms over 50 ms, or 80/s over a target of 2/s, are 4 and 40. Below 1 its
    reciprocal is how many times slower than required it is."""


class Tallied(Value):
    """Checks of one category."""

    category: str
    passed: Count
    failed: Count
    unmeasured: Count
    advisory: Count = 0
    """Of those failed: shown, and do not block."""


class ScorePart(Value):
    """One part of the score."""

    part: str
    weight: Annotated[float, Field(ge=0)]
    passed: Count
    judged: Count
    """Passed and failed; what was not measured lowers the coverage."""
    unmeasured: Count
    points: float | None
    """100 passed / judged, cut to one decimal, never rounded up; None where nothing was judged."""


class Score(Value):
    """All parts together."""

    parts: list[ScorePart]
    points: float | None
    """Mean of the points of the parts that were judged, by weight, cut to one decimal."""
    coverage_ratio: float
    """Share of the weight behind it: of each part as much as was measured of it."""
    arithmetic: str
    """How the points came about, to be done again by hand."""


class Bottleneck(Value):
    """Where a system ends, from its curve of throughput over load."""

    scenario: str
    served_at_once: float | None
    """Requests under way at saturation: its throughput times the time of an answer without load (Little's law)."""
    served_lo: float | None
    served_hi: float | None
    resource: str | None
    """Which resource was full, by telemetry; None where nothing was watched."""
    configured: float | None
    """Its size, where that was read."""
    saturation_rps: float | None
    unloaded_s: float | None
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


class Recommendation(Value):
    """What to change, made by one rule."""

    rule: str
    horizon: Horizon
    message: str
    """With the numbers that triggered it."""
    rows: list[str]


class Risk(Value):
    """What may go wrong, graded."""

    grade: Grade
    message: str
    rows: list[str]


class ChecklistItem(Value):
    """One line of what must be so before a release."""

    message: str
    state: State
    rows: list[str]


class AboutLine(Value):
    """One line of the table of the environment."""

    name: str
    value: str | None
    is_declared: bool


class Assessment(Value):
    """Everything a report claims beyond its rows; empty in verdicts of suites that ask for nothing of it."""

    about: list[AboutLine] = Field(default_factory=list)
    bands: list[Band] = Field(default_factory=list)
    headroom: list[Headroom] = Field(default_factory=list)
    tallied: list[Tallied] = Field(default_factory=list)
    score: Score | None = None
    bottlenecks: list[Bottleneck] = Field(default_factory=list)
    recommendations: list[Recommendation] = Field(default_factory=list)
    risks: list[Risk] = Field(default_factory=list)
    checklist: list[ChecklistItem] = Field(default_factory=list)
