"""How the time that an answer is served grows with how many are served beside it, where none of them waits. Pure.

Places in a pool share processors, an event loop, a database: an answer that is served among twenty takes longer than
one alone, though it waits for no place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gate.stats.special import stdtrit

LEAST_LEVELS, LEAST_COUNTS = 4, 3
"""Levels, and different numbers of requests among them, from which growth can be told from noise."""
CERTAIN = 0.95
"""Growth counts only where this one-sided bound of it is above nothing."""


@dataclass(frozen=True)
class Sharing:
    """A straight line through times over numbers served."""

    alone_s: float
    """Where it begins: the time of an answer beside no other, less what it costs itself."""
    each_s: float
    """What every one that is served adds to the time of all."""
    df: int
    _variance: float
    _mean: float
    _spread: float
    _n: int

    def time_s(self, count: float) -> float:
        """Of an answer where so many are served."""
        return self.alone_s + self.each_s * count

    def variance(self, count: float) -> float:
        """Of the logarithm of that time."""
        return self._variance * (1 / self._n + (count - self._mean) ** 2 / self._spread) / self.time_s(count) ** 2


def sharing(counts: Sequence[float], times_s: Sequence[float]) -> Sharing | None:
    """The line by least squares.

    Parameters
    ----------
    counts : sequence of float, shape (n,)
        Requests that are served at each level, none of which waits.
    times_s : sequence of float, shape (n,)
        Mean time of an answer there.

    Returns
    -------
    Sharing or None
        None where there are too few levels, or times do not grow for certain.
    """
    x, y = np.asarray(counts, dtype=float), np.asarray(times_s, dtype=float)
    if len(x) < LEAST_LEVELS or len({round(count) for count in counts}) < LEAST_COUNTS:
        return None
    mean, df = float(x.mean()), len(x) - 2
    spread = float(((x - mean) ** 2).sum())
    each_s = float(((x - mean) * y).sum()) / spread
    alone_s = float(y.mean()) - each_s * mean
    variance = float(((y - alone_s - each_s * x) ** 2).sum()) / df
    bound_s = each_s - float(stdtrit(df, CERTAIN)) * math.sqrt(variance / spread)
    if not (alone_s > 0 and bound_s * mean > 1e-9 * alone_s):  # beyond what arithmetic alone leaves over
        return None
    return Sharing(alone_s, each_s, df, variance, mean, spread, len(x))
