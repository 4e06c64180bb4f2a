"""What would have made another outcome of a row of errors or of an objective, from what its trail holds. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.stats.proportion import CONFIDENCE, p_above, p_more, upper_bound
from gate.stats.special import stdtrit
from gate.verdict.answers import FAILING, LEAST_RISE, WORKING
from gate.verdict.values import Row, Trail


@dataclass(frozen=True)
class Flip:
    """Where the outcome of a row changes."""

    bad_from: float | None
    """It is regressed or missed from here on; None if nothing of this size could show it."""
    met_up_to: float | None
    """An objective is met up to here; None if it cannot be met with so little data, and for errors."""


def flip_of(row: Row) -> Flip | None:
    """Of errors and of shares in requests, else in the unit of the row; None where nothing was tested."""
    trail = row.trail
    if trail is None or trail.p_limit is None:
        return None
    if row.metric == "errors":
        return _of_errors(trail, trail.p_limit)
    if trail.share is not None and "candidate" in trail.counts:
        return _of_share(trail, trail.share, trail.p_limit)
    if row.limit is not None and trail.se is not None and trail.df is not None:
        above, below = (float(stdtrit(trail.df, 1 - p)) * trail.se for p in (trail.p_limit, 1 - CONFIDENCE))
        return Flip(row.limit + above, row.limit - below)
    return None


def _of_errors(trail: Trail, p_limit: float) -> Flip | None:
    new, old, effect = trail.counts["candidate"], trail.counts.get("baseline"), trail.design_effect or 1.0
    if old is None or not (old.n and new.n):
        return None

    def is_bad(count: int) -> bool:
        share, before = count / new.n, old.count / old.n
        if before <= WORKING and not share < FAILING:
            return True
        p = p_more(count / effect, new.n / effect, old.count / effect, old.n / effect)
        return p <= p_limit and share - before >= LEAST_RISE

    return Flip(_least(is_bad, new.n), None)


def _of_share(trail: Trail, share: float, p_limit: float) -> Flip:
    new, effect = trail.counts["candidate"], trail.design_effect or 1.0
    n = new.n / effect
    bad = _least(lambda count: p_above(count / effect, n, share) <= p_limit, new.n)
    beyond = _least(lambda count: not upper_bound(count / effect, n) <= share, new.n)
    return Flip(bad, None if beyond == 0 else new.n if beyond is None else beyond - 1)


def _least(holds: Callable[[int], bool], n: int) -> int | None:
    """The least count for which something holds that goes on to hold; None if not even all of them."""
    if not holds(n):
        return None
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
