"""What answers said of their server, as frozen values. Pure."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gate.record.value import Count, Spread, Value

ServerTime = Literal["app", "db", "pool", "held"]
"""Of a request, by its server: since the application was called (a queue before it is not in it), in queries, waiting
for connections, holding them."""


class QueriesRecord(Value):
    """Numbers of queries that answers told of, exactly."""

    n: Annotated[int, Field(ge=1)]
    """Answers that gave a number."""
    total: Count
    least: Count
    most: Count
    counts: dict[Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,2}|1000|1001\+)$")], Count]
    """Answers by number of queries; from 1,001 on together."""

    @property
    def mean(self) -> float:
        return self.total / self.n

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        fits = self.n * self.least <= self.total <= self.n * self.most
        if sum(self.counts.values()) != self.n or not fits:
            raise ValueError(
                f"{self.n} numbers from {self.least} to {self.most} that come to {self.total} cannot be these"
                f" {sum(self.counts.values())}"
            )
        return self


class ServerRecord(Value):
    """What answers as expected said of their server in ``Server-Timing``: its word, which can block, never approve."""

    looked: Count
    """Answers that were looked at."""
    told: Count
    """Those that said something; what the others did is not known."""
    unread: Count = 0
    """Those whose word is malformed or beyond the bounds."""
    queries: QueriesRecord | None = None
    """None if no answer gave a number."""
    times: dict[ServerTime, Spread] = Field(default_factory=dict)
    """As of the instant the headers were written."""
    db_total_s: float | None = None
    """Time in queries of all answers together; None where none told it, and in runs of older versions."""
