"""Where the time or the memory of a preview went while it was under load, by a profiler. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gate.record.value import Count, Value

SpentOf = Literal["time", "memory"]
Share = Annotated[float, Field(ge=0, le=1)]
MOST_FUNCTIONS = 10


class SpentFunction(Value):
    """One function of the preview."""

    name: str
    place: str
    """File, and of time the line that it begins at; empty where there is none."""
    self_ratio: Share
    """Spent in itself, of everything that was spent."""
    total_ratio: Share
    """With what it called."""


class SpentRecord(Value):
    """What one profiler found."""

    of: SpentOf
    tool: str
    """Name and version of the profiler."""
    amount: Count = 0
    """All that was spent: of time samples of threads that held the interpreter, of memory bytes that were taken during
    the scenarios and not given back by their end."""
    functions: list[SpentFunction] = Field(default_factory=list, max_length=MOST_FUNCTIONS)
    """Those that most was spent in themselves, the first first."""
    file: str | None = None
    """Every stack with its amount, beside the run."""
    unread: str = ""
    """Why nothing is known, or not of every process; empty where all were looked into."""
