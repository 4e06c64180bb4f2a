"""What is told and not judged, as values: where the time of a request goes, what scenarios came to, level by level."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.record.endpoint import Phase
from gate.record.scenario import Level
from gate.record.server import ServerTime
from gate.record.telemetry import Source, Statement, TelemetryUnit
from gate.record.value import Count, Value

Of = Literal["candidate", "base", "baseline"]
Part = Literal["all", "step", "journey"]


class Answers(Value):
    """How the answers of one endpoint came about on one deployment; of several runs the medians."""

    endpoint: str
    of: Of
    runs: Count
    n: Count
    """Answers as expected, over all runs."""
    phases: dict[Phase, float]
    """Median of each phase in seconds; ``dns``, ``connect`` and ``tls`` of those that opened a connection."""
    new_connection_s: float | None
    """Median latency of those."""
    cold_start_s: float | None
    """The very first latency after the deployment was ready."""
    protocols: dict[str, Count]
    """Answers by version of HTTP, over all runs."""
    resent: Count
    """Requests sent again because the server closed an idle connection, over all runs."""
    compressed: Count
    """Answers that came compressed, over all runs."""


class Served(Value):
    """What answers said of their server: of one endpoint on one deployment, or of a step of a scenario."""

    endpoint: str
    of: Of
    scenario: str
    """Empty for the blocks of the endpoint."""
    looked: Count
    """Answers as expected that were looked at, over all runs."""
    told: Count
    """Those that said something."""
    unread: Count
    """Those whose word is malformed or beyond the bounds."""
    times: dict[ServerTime, float]
    """Median of each time in seconds, of several runs the median of these."""
    queries_n: Count
    """Answers that gave a number of queries."""
    queries_mean: float | None
    queries_least: Count | None
    queries_most: Count | None
    """None where no answer gave one."""


class Traffic(Value):
    """What a scenario came to, or a step or a journey in it; several runs together."""

    scenario: str
    part: Part
    name: str
    begun: Count
    """Fell due, or were begun by users."""
    completed: Count
    dropped: Count
    failed: Count
    errors: dict[str, Count]
    """Kinds of what failed; a journey fails by one of its steps, where they are."""
    rate_rps: float | None
    """Completed per second; None where no time passed."""
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    """None where nothing was completed."""


class Search(Value):
    """The levels of one search for capacity, or of one scenario that climbs in steps, in one run."""

    scenario: str
    of: Literal["rate", "users"]
    until: str
    """Empty where nothing is searched for."""
    levels: list[Level]


class Watched(Value):
    """What was watched of the server while load was made, one quantity."""

    name: str
    source: Source
    unit: TelemetryUnit
    is_counter: bool
    """The figures are of its rate per second."""
    least: float
    mean: float
    most: float
    n: Count
    """Readings."""


class Details(Value):
    """Told and not judged."""

    ready_after_s: list[float] = Field(default_factory=list)
    """How long each candidate was waited for."""
    answers: list[Answers] = Field(default_factory=list)
    served: list[Served] = Field(default_factory=list)
    watched: list[Watched] = Field(default_factory=list)
    statements: list[Statement] = Field(default_factory=list)
    traffic: list[Traffic] = Field(default_factory=list)
    searches: list[Search] = Field(default_factory=list)
