"""What was measured of endpoints, scenarios and probes, as a report shows it. Pure values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.record.probes import ProbeOutcome, Quantity
from gate.record.value import Count, Value

Of = Literal["endpoint", "scenario"]


class EndpointFigures(Value):
    """What the blocks of one endpoint came to, all runs together."""

    endpoint: str
    sent: Count
    failed: Count
    left_out: Count = 0
    """Blocks that the load generator was late in; nothing here is from them. 0 in verdicts of older versions."""
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
    is_doubtful: bool = False
    """Whether all tests of the verdict together leave it undecided; false in verdicts of older versions."""
    an_hour: float | None
    lo: float | None
    hi: float | None
    """Growth of the median in an hour with its one-sided 95 % bounds; None where there were too few periods."""
    over: float | None = None
    over_lo: float | None = None
    over_hi: float | None = None
    """The same over the time that the load lasted."""
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
    think_s: float = 0.0
    """Pause of a user after each answer; 0 in verdicts of older versions."""
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
