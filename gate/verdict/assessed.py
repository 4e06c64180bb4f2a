"""What a report claims beyond its rows, as frozen values: each claim names the rows or figures it is made from. Pure.

Nothing here decides: a verdict follows from rows alone, and no score turns a BLOCKED into APPROVED.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gate.record.spent import SpentRecord
from gate.record.value import Count, Value
from gate.verdict.beheld import Watch
from gate.verdict.figured import Band, EndpointFigures, ProbeFigures, ScenarioFigures
from gate.verdict.loaded import Bottleneck, Breaking, Contrast, ResourceUse
from gate.verdict.swept import Forecast, Sweep

Of = Literal["endpoint", "scenario"]
Grade = Literal["critical", "high", "medium", "low"]
Horizon = Literal["now", "next", "later"]
State = Literal["yes", "no", "not measured"]


class Headroom(Value):
    """How far a measured value is from its limit."""

    row: str
    value: float
    limit: float
    unit: Literal["s", "ratio", "rps", "bytes", "count"]
    times: float
    """Above 1 there is room: a limit of 200 ms over 50 ms, or 80/s over a target of 2/s, are 4 and 40. Below 1 its
    reciprocal is how many times slower than required it is. Of shares of success it compares what may fail."""


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


class Gap(Value):
    """Something that was not measured, or not enough to tell."""

    message: str
    rows: list[str] = Field(default_factory=list)


class AboutLine(Value):
    """One line of the table of the environment."""

    name: str
    value: str | None
    is_declared: bool


class Assessment(Value):
    """Everything a report claims beyond its rows; empty where nothing was measured.

    Of runs that may not be judged there are figures and gaps, and no conclusions.
    """

    about: list[AboutLine] = Field(default_factory=list)
    endpoints: list[EndpointFigures] = Field(default_factory=list)
    scenarios: list[ScenarioFigures] = Field(default_factory=list)
    bands: list[Band] = Field(default_factory=list)
    headroom: list[Headroom] = Field(default_factory=list)
    probes: list[ProbeFigures] = Field(default_factory=list)
    watch: Watch | None = None
    """None where nobody asked."""
    spent: SpentRecord | None = None
    """Where time or memory went; None without a profiler."""
    resources: list[ResourceUse] = Field(default_factory=list)
    bottlenecks: list[Bottleneck] = Field(default_factory=list)
    sweeps: list[Sweep] = Field(default_factory=list)
    forecasts: list[Forecast] = Field(default_factory=list)
    breakings: list[Breaking] = Field(default_factory=list)
    contrasts: list[Contrast] = Field(default_factory=list)
    tallied: list[Tallied] = Field(default_factory=list)
    score: Score | None = None
    """None where there is no check of anything."""
    recommendations: list[Recommendation] = Field(default_factory=list)
    risks: list[Risk] = Field(default_factory=list)
    checklist: list[ChecklistItem] = Field(default_factory=list)
    gaps: list[Gap] = Field(default_factory=list)
    """What was not measured."""
