"""A run: everything measured against one deployment in one job, as a frozen value with a published schema.

Pure. A stored baseline is a run; so is a candidate. Times are seconds, latencies are natural logs of seconds where the
name says ``log``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gate.config.scalars import ROW_PATTERN
from gate.record.endpoint import EndpointRecord, WarmUp
from gate.record.plan import PlanRecord
from gate.record.probes import AboutRecord, ProbeRecord
from gate.record.scenario import ScenarioRecord
from gate.record.spent import SpentRecord
from gate.record.telemetry import TelemetryRecord
from gate.record.value import Arm, Count, Instant, Notice, Value

SCHEMA = "gate.run/1"


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


class Run(Value):
    """Everything measured against one deployment in one job."""

    schema_: Literal["gate.run/1"] = Field(default="gate.run/1", alias="schema")
    tool: str
    """Version of the gate that measured."""
    suite: str
    profile: str | None = None
    """Of which of the suite's profiles its scenarios have the size; None as the suite is written, and in older runs."""
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
    probes: dict[str, ProbeRecord] = Field(default_factory=dict)
    """What was asked beside the load, by name."""
    telemetry: TelemetryRecord | None = None
    """What the server side said while it was under load; None if nobody asked."""
    spent: SpentRecord | None = None
    """What a profiler says of the scenarios; such a run is compared with no stored one. None if nobody asked."""
    about: dict[str, AboutRecord] = Field(default_factory=dict)
    """The environment that the deployment runs in, by name of the line."""
    accepted: list[AcceptedChange] = Field(default_factory=list, max_length=2000)
    """What changed for good between the stored run before and this one, and is meant."""

    @property
    def reached(self) -> dict[str, ScenarioRecord]:
        """Scenarios whose load was made as the suite asks; the others say nothing of the preview."""
        return {name: record for name, record in self.scenarios.items() if record.not_reached is None}


class RunFile(Value):
    """A run as it is kept in a file."""

    run: Run
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Of the run as canonical JSON: members sorted, no spaces, UTF-8."""
