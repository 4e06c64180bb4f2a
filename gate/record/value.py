"""What all records are made of: values that are frozen and strict, and the words of them. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

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
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True, defer_build=True
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
NOT_REACHED = "not-reached"
"""Code of a notice that this machine did not make the load of a scenario."""
LEFT_BEHIND = "left-behind"
"""Code of a notice that cleanup or teardown failed: told wherever anything is told of the run."""
PROFILED = "profiled"
"""Code of a notice that a profiler looked into the preview, so that figures are not those of the preview alone."""


class Spread(Value):
    """A handful of figures of some latencies."""

    n: Count
    p50_s: float
    p95_s: float
    max_s: float
