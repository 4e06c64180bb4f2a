"""Other sizes of a suite's scenarios, by name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gate.config.base import Model
from gate.config.scalars import DurationS, Name, Ratio

_Times = Annotated[Ratio, Field(gt=0, le=100)]


class Profile(Model):
    """Another size of the same scenarios; endpoints, probes and their limits stay as they are."""

    time_ratio: _Times = Field(default=1.0, alias="time")
    """Share of ``for``, ``ramp`` and, below 1, of ``telemetry.rest``; what a search stays at each level is no size."""
    rates_ratio: _Times = Field(default=1.0, alias="rates")
    """Share of rates, of searches for a rate, and of the rates that these have as objectives or target."""
    users_ratio: _Times = Field(default=1.0, alias="users")
    """Share of users, counts and searches for users, and of the rates that these have as objectives or target."""
    scenarios: list[Name] | None = Field(default=None, min_length=1, max_length=100)
    """Those that are run; all unless said. What runs at the same time is run together, or not at all."""
    budget_s: DurationS | None = Field(default=None, alias="budget", gt=0, le=21_600)
    """Time for warm-up and blocks in this size, which stay the same blocks; ``policy.budget.time`` unless said."""
