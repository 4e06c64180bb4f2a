"""Slope of a cost over a number of items, with its bounds. Pure.

Counts are exact, and a line through them by least squares is what they are made of. Times have a long tail, of which
one answer would tilt that line: there the slope is the median of the slopes of all pairs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gate.stats.special import ndtri, stdtrit

CONFIDENCE = 0.95
"""One-sided, of each bound."""


@dataclass(frozen=True)
class Slope:
    """Rise per unit of ``x``; infinite bounds where there is too little to tell, NaN where there is no slope."""

    slope: float
    lo: float
    hi: float


NO_SLOPE = Slope(math.nan, -math.inf, math.inf)


def least_squares(x: Sequence[float], y: Sequence[float]) -> Slope:
    """Slope of the line with the smallest squared distances, bounds by Student's t.

    Points on a line have no spread around it, and bounds that are the slope itself.

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, section 1.4.
    """
    at, value = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    away = at - at.mean() if len(at) else at
    spread = float(away @ away)
    if len(at) < 2 or not spread > 0:
        return NO_SLOPE
    above = value - value.mean()
    slope = float(away @ above) / spread
    left = above - slope * away
    df = len(at) - 2
    scale = float(np.abs(value).max()) or 1.0
    noise = float(left @ left)
    if not math.sqrt(noise) > 1e-12 * scale:
        return Slope(slope, slope, slope)
    if df < 1:
        return Slope(slope, -math.inf, math.inf)
    reach = float(stdtrit(df, CONFIDENCE)) * math.sqrt(noise / df / spread)
    return Slope(slope, slope - reach, slope + reach)


def theil_sen(x: Sequence[float], y: Sequence[float], inflation: float = 1.0) -> Slope:
    """Median of the slopes of all pairs, with bounds by the rank correlation.

    Parameters
    ----------
    inflation : float
        By how much the variance of Kendall's S is larger than of values that do not depend on each other.

    References
    ----------
    Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau, section 6 (ties in x by the
    variance of Kendall's S). https://doi.org/10.1080/01621459.1968.10480934
    """
    at, value = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    first, second = np.triu_indices(len(at), 1)
    apart = at[second] - at[first]
    slopes = np.sort((value[second] - value[first])[apart != 0] / apart[apart != 0])
    if not len(slopes):
        return NO_SLOPE
    reach = float(ndtri(CONFIDENCE)) * math.sqrt(inflation * variance_of_s(len(at), x, y))
    below, above = round((len(slopes) - reach) / 2) - 1, round((len(slopes) + reach) / 2)
    is_bounded = below >= 0 and above < len(slopes)
    lo, hi = (float(slopes[below]), float(slopes[above])) if is_bounded else (-math.inf, math.inf)
    return Slope(float(np.median(slopes)), lo, hi)


def variance_of_s(n: int, x: Sequence[float], y: Sequence[float]) -> float:
    """Variance of Kendall's S where nothing depends on anything, with ties on both sides; zero with nothing else.

    References
    ----------
    Kendall, M. G. (1970). Rank Correlation Methods, 4th edition, section 5.3 (tied ranks in both rankings).
    """
    of_x, of_y = ([count for count in Counter(side).values() if count > 1] for side in (x, y))

    def whole(count: int) -> int:
        return count * (count - 1) * (2 * count + 5)

    def falling(counts: list[int], terms: int) -> int:
        return sum(math.perm(count, terms) for count in counts)

    variance = (whole(n) - sum(map(whole, of_x)) - sum(map(whole, of_y))) / 18
    variance += falling(of_x, 2) * falling(of_y, 2) / (2 * math.perm(n, 2))
    if n > 2:
        variance += falling(of_x, 3) * falling(of_y, 3) / (9 * math.perm(n, 3))
    return max(0.0, variance)  # rounding alone takes it below
