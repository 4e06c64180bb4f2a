"""Load patterns of scenarios."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gate.config.base import Model
from gate.config.scalars import DurationS, RateRps
from gate.config.written import Also

_WRITTEN = (
    "needs exactly one of rate, rates, users and count; write {rate: 50/s, for: 60s},"
    " {users: 10, for: 60s, think: 1s} or {count: 5, concurrent: 5}"
)

_Users = Annotated[
    list[Annotated[int, Field(ge=1, le=1000)]],
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
    Field(min_length=1, max_length=24),
    Also(lambda whole: whole["items"]),
]


class Load(Model):
    """One load pattern: a rate or users, constant or changing, or a fixed count."""

    rate_rps: RateRps | None = Field(default=None, alias="rate", le=10_000)
    """Requests that begin per second, whatever the answers take (open model); a journey counts once."""
    rates_rps: list[Annotated[RateRps, Field(le=10_000)]] | None = Field(
        default=None, alias="rates", min_length=2, max_length=24
    )
    """Rates one after the other, as ``shape`` says: ``[5/s, 80/s, 20/s]``."""
    users: _Users | None = None
    """Users who ask, wait for the answer, think, and ask again (closed model); several numbers as ``shape`` says."""
    count: int | None = Field(default=None, ge=1, le=1_000_000)
    """So many requests, then it ends."""
    for_s: DurationS | None = Field(default=None, alias="for", gt=0, le=86_400)
    """How long rates or users last."""
    ramp_s: DurationS | None = Field(default=None, alias="ramp", gt=0, le=86_400)
    """Grow from zero for so long, as part of ``for``."""
    shape: Literal["steps", "ramp", "day"] = "steps"
    """Of several rates or users: ``steps`` of equal length, straight lines (``ramp``), or a smooth curve (``day``)."""
    spacing: Literal["poisson", "even"] = "poisson"
    """Gaps between arrivals at a rate: ``poisson`` as of many users who know nothing of each other, or ``even``."""
    think_s: DurationS | None = Field(default=None, alias="think", ge=0, le=3600)
    """Pause of a user after each answer."""
    concurrent: int | None = Field(default=None, ge=1, le=1000)
    """How many of a count run side by side; without it one after the other."""

    @property
    def levels(self) -> tuple[float, ...]:
        """Rates in requests per second, or numbers of users, in their order; none of a count."""
        if self.rate_rps is not None:
            return (self.rate_rps,)
        return tuple(self.rates_rps or self.users or ())

    @property
    def is_open(self) -> bool:
        """Whether requests fall due whatever the answers do."""
        return self.rate_rps is not None or self.rates_rps is not None

    @property
    def is_constant(self) -> bool:
        """One level from beginning to end."""
        return len(self.levels) == 1 and self.ramp_s is None

    @property
    def peak_rps(self) -> float | None:
        """The highest rate; None where users or a count set the pace."""
        return max(self.levels) if self.is_open else None

    @model_validator(mode="after")
    def _one_pattern(self) -> Self:
        values = (("rate", self.rate_rps), ("rates", self.rates_rps), ("users", self.users), ("count", self.count))
        given = [key for key, value in values if value is not None]
        if len(given) != 1:
            raise ValueError(_WRITTEN)
        if self.count is None and self.for_s is None:
            raise ValueError(f"has {given[0]} but no for, so it would never end; add for: 60s")
        if self.count is not None and self.for_s is not None:
            raise ValueError("has both count, which ends by itself, and for; take one of them out")
        if self.think_s is not None and self.users is None:
            raise ValueError("has think but no users; only users think")
        if self.concurrent is not None and self.count is None:
            raise ValueError("has concurrent but no count; rate and users set their own concurrency")
        return self

    @model_validator(mode="after")
    def _shape_fits(self) -> Self:
        if self.spacing == "even" and not self.is_open:
            raise ValueError("has spacing: even but no rate; only arrivals at a rate have it")
        if self.shape != "steps" and len(self.levels) < 2:
            raise ValueError("has a shape but only one level; write rates: [5/s, 80/s] or users: [10, 100]")
        if self.ramp_s is not None and len(self.levels) != 1:
            raise ValueError("has ramp, which needs one rate or one number of users; use shape: ramp for several")
        if self.ramp_s is not None and self.for_s is not None and self.ramp_s > self.for_s:
            raise ValueError("has a ramp longer than for, which it is part of; make for longer")
        return self
