"""What was measured of one scenario: its mix of requests, journeys or WebSockets, or a search for capacity. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.record.server import ServerRecord
from gate.record.value import Count, Notice, Value


class StepRecord(Value):
    """One endpoint in the mix of a scenario."""

    planned: Count
    sent: Count
    dropped: Count
    completed: Count
    errors: dict[str, Count]
    histogram: str
    server: ServerRecord | None = None
    """None if nobody asked, and in runs of older versions."""


class JourneyRecord(Value):
    """One journey in the mix of a scenario, as a whole."""

    begun: Count
    completed: Count
    """Every step answered as expected."""
    dropped: Count
    """Given up because too many requests were in flight; the rest of what was begun failed at a step."""
    histogram: str
    """From the instant the first step was due to the last byte of the last step, thinking included."""


class SocketRecord(Value):
    """One WebSocket in the mix of a scenario: its connections; its messages are counted in its step."""

    opened: Count
    """Upgrades that the server accepted."""
    reconnected: Count = 0
    """Those among them in place of a connection that was lost or given up."""
    refused: dict[str, Count] = Field(default_factory=dict)
    """Upgrades that the server answered otherwise, by kind of error; they count as errors too."""
    alive: Count = 0
    """Connections of users that were open when their time was over."""
    lost: dict[str, Count] = Field(default_factory=dict)
    """Connections that the server ended before, by close code; 1006 is without a close frame."""
    unasked: Count = 0
    """Messages that were no answer."""
    connect: str
    """Time to open a connection: TCP, TLS and upgrade. In HdrHistogram's V2 encoding, like those below."""
    upgrade: str
    """The upgrade alone."""
    echo: str
    """From sending a message to the end of its answer."""


class Level(Value):
    """One level of a search for capacity, or of a scenario that climbs in steps."""

    level: float
    """Requests per second asked for, or users."""
    rate_rps: float
    """Answers per second, as expected."""
    p50_s: float | None
    p95_s: float | None
    """None without answers."""
    error_ratio: float
    """Share of the requests that were not answered as expected, those never sent among them."""
    met: bool | None = None
    """Whether the condition of a search held; None of a step, which has none."""
    mean_s: float | None = None
    """None without answers, and in runs of older versions."""
    errors: dict[str, Count] = Field(default_factory=dict)
    """Answers that were not as expected, by kind; none in runs of older versions."""
    dropped: Count = 0
    """Requests that fell due while as many waited for their answers as may, and were never sent; 0 in older runs."""

    @property
    def failed_ratio(self) -> float:
        """Share of the requests whose answers were not as expected; in older runs with those that were never sent."""
        failed = sum(self.errors.values())
        return self.error_ratio * (failed / (failed + self.dropped) if self.dropped else 1.0)

    @property
    def dropped_ratio(self) -> float:
        """Share of the requests that were never sent."""
        return self.error_ratio - self.failed_ratio


class SearchRecord(Value):
    """What a search for capacity found."""

    until: str
    capacity: float | None
    """The highest level at which the condition held; None if not even at the first, or if it was not finished."""
    capacity_rps: float | None
    """Answers per second at that level."""
    is_bounded: bool
    """False: the condition still held at the limit of the search or of the generator: the capacity is at least this."""
    unmade: Notice | None = None
    """Why the load generator could not make the level at which the search ended; None if that is not why it ended."""
    finished: bool = True
    """False: it was cut short after these levels, and found nothing."""
    knee: float | None
    """The level from which latency grows faster; None if the curve does not bend."""
    levels: list[Level]
    """In the order they were measured."""


class LoginRecord(Value):
    """How the logins of a scenario fared while it went on."""

    life_s: float | None
    """The shortest life of what they gave; None where neither the tokens nor the suite say it."""
    renewals: Count
    """How often they were made again between two stretches of it."""
    refused: Count
    """Answers 401 to requests with a login."""


class PeriodRecord(Value):
    """Answers of a scenario of one level over some time of it."""

    from_s: float
    to_s: float
    """Seconds of load since the scenario began; pauses between its stretches are not counted."""
    completed: Count
    failed: Count
    p50_s: float | None
    p95_s: float | None
    """Of all requests, those that failed as the slowest; None where no answer was as expected."""


class ScenarioRecord(Value):
    """One scenario in a run."""

    config_hash: str
    executor: Literal["rate", "users", "count", "find"]
    elapsed_s: float
    planned: Count
    sent: Count
    dropped: Count
    completed: Count
    errors: dict[str, Count]
    histogram: str
    body_max: Count | None = None
    steps: dict[str, StepRecord] = Field(default_factory=dict)
    """Each endpoint of the mix; what stands above is all of them together."""
    journeys: dict[str, JourneyRecord] = Field(default_factory=dict)
    sockets: dict[str, SocketRecord] = Field(default_factory=dict)
    """Each WebSocket of the mix; none in scenarios of requests. The histogram above holds what an arrival took to
    connect, too."""
    periods: list[PeriodRecord] = Field(default_factory=list)
    """In their order, at most a hundred; none of other loads, of WebSockets, and in runs of older versions."""
    logins: LoginRecord | None = None
    """None where nobody logs in, and in runs of older versions."""
    search: SearchRecord | None = None
    levels: list[Level] = Field(default_factory=list)
    """Of a scenario of several levels, each above the one before, those that were made to their end; what stands above
    is all of them together. Empty in runs of older versions."""
    cut_short: Notice | None = None
    """Why it ended before its time: what is here is what was made by then. None in runs of older versions."""
    not_reached: Notice | None = None
    """Why this machine did not make the load that was asked for: nothing of it says anything of the preview."""
