"""A run: everything measured against one deployment in one job, as a frozen value with a published schema.

Pure. A stored baseline is a run; so is a candidate. Times are seconds, latencies are natural logs of seconds where the
name says ``log``.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gate.config.scalars import ROW_PATTERN

SCHEMA = "gate.run/1"

Arm = Literal["candidate", "base"]
Count = Annotated[int, Field(ge=0)]


def _instant(text: str) -> str:
    dt.datetime.fromisoformat(text)  # the pattern alone lets the 99th of a month pass
    return text


LogSeconds = Annotated[float, Field(ge=-20, le=20)]
"""Natural log of a latency in seconds: between two nanoseconds and fifteen years."""
Instant = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"), AfterValidator(_instant)
]
"""UTC, ISO 8601, to the second."""


class Value(BaseModel):
    """Base of everything that is written to a file: frozen, strict, no unknown members, no NaN."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Notice(Value):
    """Something the reader should know; it changes no number."""

    code: str
    """Stable identifier."""
    message: str
    """What was seen, with its value."""
    cure: str = ""
    """What can be done about it."""


BASE_COMMIT = "base-commit"
"""Code of a notice that the base is of another commit than the merge base."""
LEFT_BEHIND = "left-behind"
"""Code of a notice that cleanup or teardown failed: told wherever anything is told of the run."""


class Block(Value):
    """A fixed number of requests of one endpoint at its fixed rate."""

    round: Annotated[int, Field(ge=0, le=100_000)]
    order: Count
    """Position among all blocks of the run."""
    start_s: float
    """Since the run began."""
    planned: Count
    sent: Count
    dropped: Count
    errors: Count
    n: Count
    """Answered as expected; the summaries below are of these."""
    spoiled: bool = False
    """The generator sent too many of its requests late: kept, not used."""
    log_p50: LogSeconds | None = None
    log_p95: LogSeconds | None = None
    log_trimmed_mean: LogSeconds | None = None
    """10 %-trimmed mean of log latency: the centre that is tested."""
    mean_s: float | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.n + self.errors != self.sent or self.sent + self.dropped != self.planned:
            raise ValueError(
                f"a block of {self.planned} planned requests cannot have {self.sent} sent, {self.dropped} dropped,"
                f" {self.n} answered as expected and {self.errors} otherwise"
            )
        return self


class Spread(Value):
    """A handful of figures of some latencies."""

    n: Count
    p50_s: float
    p95_s: float
    max_s: float


Phase = Literal["dns", "connect", "tls", "wait", "receive"]
"""Of a request, in order."""


class ArmRecord(Value):
    """One endpoint on one deployment, all blocks together."""

    blocks: list[Block]
    histogram: str
    """Latencies of all blocks in HdrHistogram's V2 encoding, microseconds."""
    errors: dict[str, Count] = Field(default_factory=dict)
    """Answers that were not as expected, by kind."""
    statuses: dict[str, Count] = Field(default_factory=dict)
    """HTTP statuses; 0 for no complete answer."""
    body_mean: float | None = None
    body_min: Count | None = None
    body_max: Count | None = None
    """Bytes of bodies as sent, of answers as expected."""
    new_connections: Count = 0
    phases: dict[Phase, Spread] = Field(default_factory=dict)
    """Of answers as expected; the first three only of those that opened a connection, ``wait`` ends with the first
    byte."""
    first: Spread | None = None
    """Latencies of the requests that opened a connection; they count in the blocks as well."""
    protocols: dict[str, Count] = Field(default_factory=dict)
    """Answers by version of HTTP."""
    resent: Count = 0
    """Requests sent again because the server closed an idle connection."""
    compressed: Count = 0
    """Answers that came compressed."""

    @property
    def n(self) -> int:
        """Answers as expected."""
        return sum(block.n for block in self.blocks)

    @property
    def sent(self) -> int:
        return sum(block.sent for block in self.blocks)

    @property
    def failed(self) -> int:
        """Answers that were not as expected."""
        return sum(block.errors for block in self.blocks)


class EndpointRecord(Value):
    """One endpoint in a run."""

    config_hash: str
    """Of everything that makes its numbers comparable: request, load pattern, expectation."""
    arms: dict[Arm, ArmRecord]


class StepRecord(Value):
    """One endpoint in the mix of a scenario."""

    planned: Count
    sent: Count
    dropped: Count
    completed: Count
    errors: dict[str, Count]
    histogram: str


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
    """One level of a search for capacity."""

    level: float
    """Requests per second asked for, or users."""
    rate_rps: float
    """Answers per second, as expected."""
    p50_s: float | None
    p95_s: float | None
    """None without answers."""
    error_ratio: float
    met: bool


class SearchRecord(Value):
    """What a search for capacity found."""

    until: str
    capacity: float | None
    """The highest level at which the condition held; None if not even at the first, or if it was not finished."""
    capacity_rps: float | None
    """Answers per second at that level."""
    is_bounded: bool
    """False: the condition still held at the limit, so the capacity is at least this."""
    finished: bool = True
    """False: it was cut short after these levels, and found nothing."""
    knee: float | None
    """The level from which latency grows faster; None if the curve does not bend."""
    levels: list[Level]
    """In the order they were measured."""


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
    search: SearchRecord | None = None


class Environment(Value):
    """What must be alike for two runs to be comparable."""

    host: str
    """Pattern of the suite that the host matched, ``loopback``, or ``other``."""
    runner: str
    cpu: str | None = None
    """Model of the runner's processor, only when the preview runs on the runner."""


class GeneratorHealth(Value):
    """Whether the load generator itself kept up."""

    planned: Count
    sent: Count
    dropped: Count
    lag_p50_s: float
    lag_p99_s: float
    """Actual minus scheduled instant of sending."""
    cpu_share: float
    """Processor time of the worker over wall time under load."""
    repeated: Count
    """Blocks measured again because the generator sent them late."""
    spoiled: Count
    """Blocks that stayed late all the same; they are kept and not used."""
    peak_in_flight: Count
    stalls: Count = 0
    """Turns of the loop that took so long that what was due or came in had to wait."""
    longest_turn_s: float = 0.0
    workers: Count = 1
    """Processes that sent at the highest planned rate."""
    capacity_rps: float | None = None
    """Requests per second that would keep one worker wholly busy, measured before the load."""


class WarmUp(Value):
    """One endpoint on one deployment before the blocks: told, never judged."""

    requests: Count
    """Sent, those one at a time included."""
    steps: Count
    is_steady: bool
    """Whether the median stopped falling; False as well where there was no second step to see it by."""
    cold_start_s: float | None = None
    """The very first latency, with its connection; None if it was not answered as expected."""
    first_p50_s: float | None = None
    last_p50_s: float | None = None
    """Medians of the first and of the last step."""
    single_n: Count = 0
    single_p50_s: float | None = None
    """Requests one at a time after the steps, with nothing else under way."""


class AcceptedChange(Value):
    """A lasting change of one row that is meant: the history of the row begins anew with the run that carries it."""

    row: Annotated[str, Field(pattern=ROW_PATTERN, max_length=200)]
    """suite/endpoint/metric; ``*`` as the endpoint is what all endpoints share."""
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    """In words, for whoever wonders about the step later."""


class CalibrationRecord(Value):
    """Which deployments of one commit a run of ``gate calibrate`` put side by side."""

    candidate: Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
    """Fingerprint of its address: runs that share a deployment share its luck."""
    base: Annotated[str, Field(pattern="^[0-9a-f]{12}$")]


class Belief(Value):
    """What was taken for granted of one metric of an endpoint; natural logs."""

    sigma_dep: Annotated[float, Field(ge=0)]
    """Standard deviation of one deployment's own effect."""
    offset: float = 0.0
    """How much slower the candidate's host is than the base's for the same code."""
    offset_variance: Annotated[float, Field(ge=0)] = 0.0


class BeliefsRecord(Value):
    """What was taken for granted of deployments and hosts when it was decided what to measure next."""

    endpoints: dict[str, dict[str, Belief]]
    """By endpoint and metric."""
    sigma_common: Annotated[float, Field(ge=0)]
    """Like ``sigma_dep``, of what a deployment does to all its endpoints."""
    duets: Count
    """Same-code duets it was learnt from; zero is assumed."""
    hosts_known: bool
    """Whether the two hosts are known to be alike, or how they differ."""


class Look(Value):
    """What the budget had left when it was decided what to measure next; below zero where it was overdrawn."""

    left_s: float
    left_requests: int


Why = Literal["decided", "budget", "as planned", "fresh not had", "cut short"]
"""Why measuring ended: no row was suspected any more, the budget was used up, all stages were measured, the fresh
deployments that were to follow could not be had, or something went wrong."""


class PlanRecord(Value):
    """How the rounds of a run came about: with the blocks of all runs of a check enough to plan it again."""

    way: Literal["duet", "stored"]
    """Whether there was a base."""
    design: str
    """Name of the design, or ``fixed`` and the number of pairs of deployments that were measured without looking."""
    constants: str
    """Version of the table that the design is from."""
    part: Literal["first", "fresh"]
    pair: Count
    """Number of this pair of deployments in the check."""
    pairs: dict[Literal["first", "fresh"], Count]
    """Pairs of deployments that there were to be in each part."""
    redeployed: bool = False
    """Fresh pairs were to be made one in the place of the other."""
    after: list[str] = Field(default_factory=list)
    """Ids of runs on other runners from which this one goes on, to confirm or clear what they made suspect."""
    suspects: list[str] = Field(default_factory=list)
    """Endpoints that those made suspect: the others are measured only to know what this runner does to all."""
    candidate: Count
    base: Count
    """Numbers of the deployments: two pairs with the same number share that deployment."""
    rounds: list[Count] = Field(default_factory=list)
    """Rounds of this run in each stage of its part, as far as there was one."""
    whole_rounds: Count = 0
    """Rounds of all endpoints after those, on fresh deployments, because the suite as a whole was suspected."""
    looks: list[Look] = Field(default_factory=list)
    """One before each stage of this part, and one where the budget ended it."""
    stopped: Why = "as planned"
    """Why this part was not measured any longer."""
    beliefs: BeliefsRecord | None = None
    """None in a run without a base."""


class Run(Value):
    """Everything measured against one deployment in one job."""

    schema_: Literal["gate.run/1"] = Field(default="gate.run/1", alias="schema")
    tool: str
    """Version of the gate that measured."""
    suite: str
    run_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$")]
    created: Instant
    """When it was measured."""
    commit: str | None
    """Commit that was measured, as served or as told."""
    base_commit: str | None = None
    """Commit that the base served, if the suite says where to see it."""
    base_host: str | None = None
    """As ``environment.host``, of the base; None in runs without one and of older versions."""
    environment: Environment
    one_host: bool
    """Both arms ran on the machine of the gate, so they share its noise."""
    seed: int
    complete: bool
    """False if it was cut short: kept, never judged as complete."""
    not_measured: list[Notice] = Field(default_factory=list)
    """Why nothing of this run may be judged; empty for a sound run."""
    notices: list[Notice] = Field(default_factory=list)
    plan: PlanRecord | None = None
    """None in runs of older versions: all rounds were laid out beforehand."""
    calibration: CalibrationRecord | None = None
    """Set in runs of ``gate calibrate``: they teach how deployments differ, and are no baselines."""
    ready_after_s: float
    elapsed_s: float
    """Warm-up, blocks and scenarios."""
    warmup: dict[str, dict[Arm, WarmUp]] = Field(default_factory=dict)
    """By endpoint and deployment."""
    generator: GeneratorHealth
    endpoints: dict[str, EndpointRecord]
    scenarios: dict[str, ScenarioRecord] = Field(default_factory=dict)
    accepted: list[AcceptedChange] = Field(default_factory=list, max_length=2000)
    """What changed for good between the stored run before and this one, and is meant."""


class RunFile(Value):
    """A run as it is kept in a file."""

    run: Run
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Of the run as canonical JSON: members sorted, no spaces, UTF-8."""
