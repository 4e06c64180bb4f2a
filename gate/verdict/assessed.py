"""What a report claims beyond its rows, as frozen values: each claim names the rows or figures it is made from. Pure.

Nothing here decides: a verdict follows from rows alone, and no score turns a BLOCKED into APPROVED.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gate.record.probes import ProbeOutcome, Quantity
from gate.record.spent import SpentRecord
from gate.record.telemetry import Relation, Source, Statement, TelemetryUnit
from gate.record.value import Count, Value
from gate.verdict.swept import Forecast, Sweep

Of = Literal["endpoint", "scenario"]
Grade = Literal["critical", "high", "medium", "low"]
Horizon = Literal["now", "next", "later"]
State = Literal["yes", "no", "not measured"]


class EndpointFigures(Value):
    """What the blocks of one endpoint came to, all runs together."""

    endpoint: str
    sent: Count
    failed: Count
    throttled: Count = 0
    """Of those failed: the preview asked to slow down."""
    p50_s: float | None
    mean_s: float | None
    p95_s: float | None
    p99_s: float | None
    """Of answers as expected; None without any."""
    body_mean_bytes: float | None = None
    compressed: Count | None = None
    """Answers that came compressed; None where the suite does not ask for it."""


class Degradation(Value):
    """Whether answers slow down while a load stays the same."""

    kind: Literal["drifts", "none", "too short"]
    least: float
    """Growth of the median in an hour that matters, a ratio."""
    is_asked: bool
    """Whether the suite names it."""
    an_hour: float | None
    lo: float | None
    hi: float | None
    """Growth of the median in an hour with its one-sided 95 % bounds; None where there were too few periods."""
    n: Count
    """Periods."""
    elapsed_s: float
    needed_s: float | None = None
    """How long it would take to tell, where it was too short and that is known."""


class LoginFigures(Value):
    """How logins fared under load."""

    life_s: float | None
    """None where nobody says it."""
    elapsed_s: float
    lifetimes: Count | None
    """Whole lives of a login that the load lasted."""
    renewals: Count
    refused: Count
    """Answers 401 to requests with a login."""


class ScenarioFigures(Value):
    """What one scenario came to, all runs together."""

    scenario: str
    executor: Literal["rate", "users", "count", "find"]
    users: Count | None
    """Most at once; of a count, those side by side; None where a rate sets the pace."""
    asked_rps: float | None
    """The highest rate that was asked for; None where users set the pace."""
    sent: Count
    completed: Count
    failed: Count
    dropped: Count
    throttled: Count = 0
    errors: dict[str, Count] = Field(default_factory=dict)
    rate_rps: float | None
    """Answers as expected per second, over the whole time."""
    p50_s: float | None
    mean_s: float | None
    p95_s: float | None
    p99_s: float | None
    target_rps: float | None = None
    """Named by the suite; shown, and judged only by objectives."""
    capacity: float | None = None
    capacity_rps: float | None = None
    """Of a search: the highest level at which its condition held, and the rate of answers there."""
    degradation: Degradation | None = None
    """None of loads that change, of WebSockets, and in runs of older versions."""
    logins: LoginFigures | None = None
    """None where nobody logs in."""
    advisory: bool = False
    elapsed_s: float | None = None
    """How long it took; None in verdicts of older versions."""
    cut_short: str = ""
    """Why it ended before its time; then the figures are of what was made by then, and judge nothing."""
    not_reached: str = ""
    """Why the generator could not make this load; then the figures are of what it made, and judge nothing."""
    came_to: Literal["passed", "failed", "not measured", "no limits"]
    """By its rows."""


class Band(Value):
    """Answers of one endpoint or scenario, or of all endpoints together, within a band of latency."""

    endpoint: str
    """Its name; ``*`` is all endpoints together."""
    of: Of = "endpoint"
    from_s: float
    to_s: float | None
    """None: no upper end."""
    count: Count
    n: Count


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
    rate_rps: float | None
    p95_s: float | None
    error_ratio: float | None
    """At the level at which it breaks."""
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


class ProbeFigures(Value):
    """What one probe came to."""

    name: str
    category: str
    outcome: ProbeOutcome
    expected: str
    seen: str
    advisory: bool = False
    rows: list[str] = Field(default_factory=list)
    of: Quantity | None = None
    """Of a probe of growth."""
    slope: float | None = None
    lo: float | None = None
    hi: float | None = None
    """Per item, with its bounds."""


class Held(Value):
    """A series at rest, before some load and after it."""

    around: str
    """Scenario; ``*`` is all of them."""
    before: float
    after: float


class Watched(Value):
    """One series of telemetry over the whole run."""

    name: str
    source: Source
    unit: TelemetryUnit
    n: Count
    first: float
    last: float
    least: float
    mean: float
    most: float
    is_counter: bool = False
    held: list[Held] = Field(default_factory=list)
    """Levels at rest; none where there was no rest."""
    rising: bool | None = None
    """Whether it grew under load beyond doubt, whatever the reason; None of a counter, or with too few samples."""


class Watch(Value):
    """What the server side said of itself."""

    series: list[Watched] = Field(default_factory=list)
    statements: list[Statement] = Field(default_factory=list)
    relations: list[Relation] = Field(default_factory=list)
    database_bytes: Count | None = None
    facts: dict[str, float] = Field(default_factory=dict)
    unread: dict[str, str] = Field(default_factory=dict)
    """Sources and quantities that could not be read, with the reason."""


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
