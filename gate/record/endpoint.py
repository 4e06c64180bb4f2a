"""What was measured of one endpoint on each deployment: blocks, and before them the warm-up. Pure.

Times are seconds, latencies are natural logs of seconds where the name says ``log``.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gate.record.server import ServerRecord
from gate.record.value import Arm, Count, LogSeconds, Spread, Value


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
    server: ServerRecord | None = None
    """Of the blocks that were not spoiled; None if nobody asked, and in runs of older versions."""

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
