"""What the server side said of itself, summed up. Pure values."""

from __future__ import annotations

from pydantic import Field

from gate.record.telemetry import Relation, Source, Statement, TelemetryUnit
from gate.record.value import Count, Value


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
