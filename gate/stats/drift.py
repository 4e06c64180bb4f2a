"""Whether a level drifts while a load stays the same: its slope by ranks, neighbours being alike. Pure.

Unlike what a process holds, which wanders without end (``gate.stats.growth``), the time of an answer comes back to its
level after a disturbance: neighbouring values are alike, those far apart are not. Kendall's test with a variance that
allows for it then sees far smaller slopes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gate.stats.special import ndtr
from gate.stats.trend import NO_SLOPE, theil_sen, variance_of_s

LEAST_VALUES = 12
"""Of fewer nobody can tell how alike neighbours are."""
_SETTLING = 0.2
"""First part that is left out: caches, pools and compilers settle then, and what gets faster would hide what slows."""
_MOST_ALIKE = 0.95

Kind = Literal["drifts", "none", "too short"]


@dataclass(frozen=True)
class Drift:
    """Rise of a level per unit of time."""

    slope: float
    lo: float
    hi: float
    """One-sided 95 % bounds; infinite, and the slope NaN, where there are too few values."""
    n: int
    """Values behind it."""
    alike: float = 0.0
    """Correlation of neighbours."""
    p_above: float = 1.0
    """Chance of values that rise like this where they rise by no more than the limit that was asked about."""


def drift(at: Sequence[float], level: Sequence[float], limit: float = 0.0) -> Drift:
    """Slope of a level with its bounds, the first fifth left out.

    Parameters
    ----------
    at : sequence of float, shape (n,)
        When; rising.
    level : sequence of float, shape (n,)
        The level then.
    limit : float
        Slope that ``p_above`` asks about.

    References
    ----------
    Yue, S. and Wang, C. (2004). The Mann-Kendall test modified by effective sample size to detect trend in serially
    correlated hydrological series. Water Resources Management 18. https://doi.org/10.1023/B:WARM.0000043140.61082.60
    """
    begin = sum(when < at[0] + _SETTLING * (at[-1] - at[0]) for when in at) if len(at) else 0
    x, y = np.asarray(at[begin:], dtype=float), np.asarray(level[begin:], dtype=float)
    n = len(x)
    if n < LEAST_VALUES:
        return Drift(math.nan, NO_SLOPE.lo, NO_SLOPE.hi, n)
    alike = _alike(x, y)
    inflation = _inflation(n, alike)
    found = theil_sen(x.tolist(), y.tolist(), inflation)
    return Drift(found.slope, found.lo, found.hi, n, alike, _p_above(x, y - limit * x, inflation))


def kind_of(found: Drift, least: float) -> Kind:
    """Whether it drifts by ``least`` and more, does not, or was watched too short to tell."""
    if found.lo > least:
        return "drifts"
    return "none" if found.hi < least else "too short"


def needed(found: Drift, least: float) -> float:
    """How many times as long it would have to be watched to tell; inf where nobody knows.

    Of a line through values of the same spread over ``t`` times the time, with ``t`` times as many of them, the error
    is as the time to the power of -3/2. A slope that may as well be none is taken for none.
    """
    is_seen = not found.lo <= 0 <= found.hi
    reach = found.slope - found.lo if is_seen and found.slope > least else found.hi - found.slope
    distance = abs(found.slope - least) if is_seen else least
    return (reach / distance) ** (2 / 3) if distance > 0 and math.isfinite(reach) else math.inf


def _alike(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Correlation of neighbours in what a curve leaves, by ranks; never below zero.

    A curve of the second degree and not a line: what slows down by as much with each request rises ever less in
    logarithms, and what a line leaves of that would pass for neighbours that are alike. Correlation is seen too small
    in few values, by about so much as is added here (Kendall, 1954, https://doi.org/10.1093/biomet/41.3-4.403); how
    often the bounds that follow hold is simulated in tests/quality.
    """
    n, middle, half = len(x), (x[0] + x[-1]) / 2, (x[-1] - x[0]) / 2
    left = y - np.polyval(np.polyfit((x - middle) / half, y, 2), (x - middle) / half)
    _, places, counts = np.unique(left, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # of equal values the middle one
    ranks -= ranks.mean()
    spread = float(ranks @ ranks)
    seen = float(ranks[1:] @ ranks[:-1]) / spread if spread > 0 else 0.0
    return min(_MOST_ALIKE, max(0.0, (n * seen + 3) / (n - 8)))


def _inflation(n: int, alike: float) -> float:
    """By how much a mean of values varies more if each is like the one before it."""
    far = np.arange(1, n)
    return 1.0 + 2.0 * float(np.sum((1 - far / n) * alike**far))


def _p_above(x: NDArray[np.float64], y: NDArray[np.float64], inflation: float) -> float:
    """Of Kendall's test that ``y`` does not rise, with the correction for continuity."""
    first, second = np.triu_indices(len(x), 1)
    rises = float(np.sign(y[second] - y[first]).sum())
    variance = inflation * variance_of_s(len(x), x.tolist(), y.tolist())
    return float(ndtr(-(rises - np.sign(rises)) / math.sqrt(variance))) if variance > 0 else 1.0
