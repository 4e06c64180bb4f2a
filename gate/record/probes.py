"""What functional probes of a deployment came to, as frozen values. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gate.record.value import Count, Spread, Value

ProbeOutcome = Literal["passed", "failed", "not_measured"]
ProbeKind = Literal["request", "steps", "growth", "tally", "command", "postgres", "socket"]
"""What is asked: requests, several in turn, more and more items, a count before and after the load, a command, the
database, the opening of a WebSocket."""
Quantity = Literal["queries", "time", "bytes"]


class GrowthPoint(Value):
    """One size of a list."""

    items: Count
    """Asked for."""
    values: list[float]
    """Queries, seconds or bytes of each answer."""


class GrowthRecord(Value):
    """How what an answer costs depends on the number of items in it."""

    of: Quantity
    points: list[GrowthPoint]
    slope: float | None
    """Per item; None where it could not be fitted."""
    lo: float | None
    hi: float | None
    """One-sided 95 % bounds of the slope."""


class TallyRecord(Value):
    """A count in the application beside the requests that should have moved it."""

    before: int
    after: int
    completed: Count
    """Requests that were answered as expected in between."""
    sent: Count
    """All of them: what was not answered may have counted or not."""


class ProbeRecord(Value):
    """One probe in a run."""

    config_hash: Annotated[str, Field(pattern="^[0-9a-f]{16,64}$")]
    kind: ProbeKind
    outcome: ProbeOutcome
    expected: str
    """In words."""
    seen: str
    """In words: what came, or why nothing was measured. Holds no secret and no body."""
    n: Count = 0
    """Requests that were made."""
    n_passed: Count = 0
    """Answered as expected."""
    times: Spread | None = None
    """Latencies of those."""
    growth: GrowthRecord | None = None
    tally: TallyRecord | None = None


class AboutRecord(Value):
    """One line of the table of the environment."""

    value: str | None
    """None if it could not be read."""
    is_declared: bool
    """The suite says so; otherwise the deployment does."""
