"""What grows, and from where: how long capacity lasts and when limits are reached is told from it, never judged."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from gate.config.amounts import WrittenAmount
from gate.config.base import Model
from gate.config.scalars import VARIABLE_PATTERN, Name

_LIKE = "write {now: 300, monthly: 5%, scenario: NAME} or {now: 1000000, monthly: 50000, setting: NAME}"


class ExpectedGrowth(Model):
    """Something that there is more of every month: users, requests, rows."""

    now: WrittenAmount
    """How much there is today: a number of users or rows, or a rate such as 40/s."""
    monthly: WrittenAmount
    """ExpectedGrowth in a month: a share of what there is (5%), or always the same amount more (20, 2/s)."""
    scenario: Name | None = None
    """Search (``find``) whose capacity must be enough for it; in users or as a rate, as the search is."""
    setting: Annotated[str, Field(pattern=VARIABLE_PATTERN)] | None = None
    """Variable of ``serve`` that says how much of it there is: scenarios that differ in nothing else show how times and
    capacity follow, up to which size their limits are met."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.scenario is None) == (self.setting is None):
            raise ValueError(f"needs either scenario or setting; {_LIKE}")
        if self.now.unit not in ("count", "per_s") or not self.now.value > 0:
            raise ValueError(f"has a now that is neither a number above zero nor a rate; {_LIKE}")
        if self.monthly.unit not in ("ratio", self.now.unit) or not self.monthly.value > 0:
            raise ValueError(f"has a monthly that is neither a share above zero nor an amount such as now; {_LIKE}")
        return self
