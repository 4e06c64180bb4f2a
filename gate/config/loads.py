"""Load patterns of scenarios."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gate.config.base import Model
from gate.config.hours import Hours
from gate.config.scalars import DurationS, RateRps
from gate.config.until import UNTIL_PATTERN, parse_until
from gate.config.written import RATE, Also
from gate.units import parse_rate_rps

_WRITTEN = (
    "needs exactly one of rate, rates, hours, users, count and find; write {rate: 50/s, for: 60s},"
    " {users: 10, for: 60s, think: 1s} or {count: 5, concurrent: 5}"
)
_FIND = 'write {find: max_rate, until: "p95 <= 500ms", from: 10/s, limit: 50/s} or {find: max_users, ..., limit: 100}'
MOST_S = 86_400.0
"""Longest time of rates or users."""
MOST_COUNT = 1_000_000
"""Most requests of a count."""
HOLD_S = 5.0
"""How long a search stays at a level where nothing else is said."""

_Users = Annotated[
    list[Annotated[int, Field(ge=1, le=1000)]],
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
    Field(min_length=1, max_length=24),
    Also(lambda whole: whole["items"]),
]


def _condition(text: str) -> str:
    parse_until(text)
    return text


def _level(value: object) -> float:
    if isinstance(value, str):
        return parse_rate_rps(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("is neither a rate nor a number of users; write it like 20/s or 100")
    return float(value)


_Level = Annotated[
    float,
    BeforeValidator(_level),
    Field(gt=0, le=10_000),
    RATE,
    Also(lambda _whole: {"type": "integer", "minimum": 1, "maximum": 1000}),
]


class Load(Model):
    """One load pattern: a rate or users, constant or changing, a fixed count, or a search for the most that is met."""

    rate_rps: RateRps | None = Field(default=None, alias="rate", le=10_000)
    """Requests that begin per second, whatever the answers take (open model); a journey counts once."""
    rates_rps: list[Annotated[RateRps, Field(le=10_000)]] | None = Field(
        default=None, alias="rates", min_length=2, max_length=24
    )
    """Rates one after the other, as ``shape`` says: ``[5/s, 80/s, 20/s]``."""
    hours: Hours | None = None
    """Rates by the hours of a day in a time zone: the whole day passes in ``for``."""
    users: _Users | None = None
    """Users who ask, wait for the answer, think, and ask again (closed model); several numbers as ``shape`` says."""
    count: int | None = Field(default=None, ge=1, le=MOST_COUNT)
    """So many requests, then it ends."""
    for_s: DurationS | None = Field(default=None, alias="for", gt=0, le=MOST_S)
    """How long rates or users last."""
    ramp_s: DurationS | None = Field(default=None, alias="ramp", gt=0, le=MOST_S)
    """Grow from zero for so long, as part of ``for``."""
    stretch_s: DurationS | None = Field(default=None, alias="stretch", ge=1, le=MOST_S)
    """Of one constant level: made in equal stretches of at most so long, between which logins are made again."""
    shape: Literal["steps", "ramp", "day"] = "steps"
    """Of several rates, hours or users: ``steps``, straight lines (``ramp``), or a smooth curve (``day``)."""
    spacing: Literal["poisson", "even"] = "poisson"
    """Gaps between arrivals at a rate: ``poisson`` as of many users who know nothing of each other, or ``even``."""
    think_s: DurationS | None = Field(default=None, alias="think", ge=0, le=3600)
    """Pause of a user after each answer; the first request comes somewhere in one, for not all come at once."""
    concurrent: int | None = Field(default=None, ge=1, le=1000)
    """How many of a count run side by side; without it one after the other."""
    find: Literal["max_rate", "max_users"] | None = None
    """Search for the highest rate, or number of users, at which ``until`` still holds: the capacity."""
    until: Annotated[str, AfterValidator(_condition), Field(pattern=UNTIL_PATTERN)] | None = None
    """Condition of a search: a statistic and the most it may be, ``p95 <= 500ms`` or ``error_rate <= 1%``."""
    start: _Level | None = Field(default=None, alias="from")
    """First level of a search."""
    limit: _Level | None = None
    """Highest level of a search."""

    @property
    def levels(self) -> tuple[float, ...]:
        """Rates in requests per second, or numbers of users, in their order; none of a count."""
        if self.rate_rps is not None:
            return (self.rate_rps,)
        if self.find is not None:
            return (self.limit or 0.0,)
        if self.hours is not None:
            return tuple(rate for _, rate in self.hours.knots)
        return tuple(self.rates_rps or self.users or ())

    @property
    def is_open(self) -> bool:
        """Whether requests fall due whatever the answers do."""
        return (
            self.rate_rps is not None or self.rates_rps is not None or self.hours is not None or self.find == "max_rate"
        )

    @property
    def is_constant(self) -> bool:
        """One level from beginning to end."""
        return len(self.levels) == 1 and self.ramp_s is None and self.hours is None

    @property
    def has_one_level(self) -> bool:
        """The same, after a ramp if there is one."""
        return len(self.levels) == 1 and self.hours is None and self.find is None and self.for_s is not None

    @property
    def climbs(self) -> bool:
        """Several levels in steps, each above the one before: levels of one curve, told one by one."""
        levels = self.levels
        rises = all(after > before for before, after in itertools.pairwise(levels))
        return self.shape == "steps" and self.hours is None and len(levels) > 1 and rises

    @property
    def peak_rps(self) -> float | None:
        """The highest rate; None where users or a count set the pace."""
        return max(self.levels) if self.is_open else None

    @model_validator(mode="after")
    def _one_pattern(self) -> Self:
        values = {
            "rate": self.rate_rps,
            "rates": self.rates_rps,
            "hours": self.hours,
            "users": self.users,
            "count": self.count,
            "find": self.find,
        }
        given = [key for key, value in values.items() if value is not None]
        if len(given) != 1:
            raise ValueError(_WRITTEN)
        if self.count is None and self.find is None and self.for_s is None:
            raise ValueError(f"has {given[0]} but no for, so it would never end; add for: 60s")
        if self.count is not None and self.for_s is not None:
            raise ValueError("has both count, which ends by itself, and for; take one of them out")
        if self.think_s is not None and self.users is None and self.find != "max_users":
            raise ValueError("has think but no users; only users think")
        if self.concurrent is not None and self.count is None:
            raise ValueError("has concurrent but no count; rate and users set their own concurrency")
        return self

    @model_validator(mode="after")
    def _search_is_whole(self) -> Self:
        keys = {"until": self.until, "from": self.start, "limit": self.limit}
        if self.find is None:
            extra = [key for key, value in keys.items() if value is not None]
            if extra:
                raise ValueError(f"has {extra[0]} but no find; {_FIND}")
            return self
        if self.until is None or self.start is None or self.limit is None:
            missing = next(key for key, value in keys.items() if value is None)
            raise ValueError(f"has find but no {missing}; {_FIND}")
        if self.start > self.limit:
            raise ValueError("has a from above its limit; exchange them")
        if self.find == "max_users" and not (self.start.is_integer() and self.limit.is_integer()):
            raise ValueError(f"searches for users, who are whole; {_FIND}")
        return self

    @model_validator(mode="after")
    def _shape_fits(self) -> Self:
        if self.spacing == "even" and not self.is_open:
            raise ValueError("has spacing: even but no rate; only arrivals at a rate have it")
        if self.shape != "steps" and len(self.levels) < 2:
            raise ValueError("has a shape but only one level; write rates: [5/s, 80/s] or users: [10, 100]")
        if self.ramp_s is not None and (len(self.levels) != 1 or self.hours is not None):
            raise ValueError("has ramp, which needs one rate or one number of users; use shape: ramp for several")
        if self.stretch_s is not None and not (self.is_constant and self.for_s is not None and self.find is None):
            raise ValueError("has stretch, which needs one rate or one number of users, without ramp; take it out")
        if self.ramp_s is not None and self.for_s is not None and self.ramp_s > self.for_s:
            raise ValueError("has a ramp longer than for, which it is part of; make for longer")
        return self
