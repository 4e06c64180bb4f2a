"""Where the level of a series changes for good, told from outliers: penalised segmentation under a bounded loss.

A value costs the square of its distance from the level of its segment, in standard deviations, and never more than
``BOUND ** 2``; a change costs ``PENALTY``. A run that went wrong is therefore paid for once and moves nothing, and so
few odd runs in a row that they cost less than a change never make one. The constants are those of the published method
but for the penalty, which is larger: real noise has tails (``bench/results/history.md``).

References
----------
Fearnhead, P. and Rigaill, G. (2019). Changepoint detection in the presence of outliers. Journal of the American
Statistical Association 114, 169-183. https://doi.org/10.1080/01621459.2017.1385466
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gate.stats.location import NU, t_location
from gate.stats.shift import Shift

FloatArray = NDArray[np.float64]

BOUND = 3.0
"""Distance, in standard deviations, from which a value counts as an outlier and no further (the authors' choice)."""
PENALTY = 20.0
"""Squared standard deviations that a change must save. The classical ``2 log n`` is 6.8 for 30 runs and finds a change
in every fifth harmless history; this one in one of 400."""
LEAST_AFTER = math.ceil(PENALTY / BOUND**2)
"""Runs at a new level without which no change can pay for itself: three. Fewer are told, not believed."""
LEAST_VALUES = 2 * LEAST_AFTER
"""Shorter series are one segment: they say too little about their own noise."""
LEAST_SD = 1e-4
"""Latencies are never closer than 0.01 % by merit."""
_GRID = 0.05
"""Between two levels that are tried, in standard deviations: a segment of n values costs at most ``n / 1600`` more."""
_NORMAL_MAD = 1.4826
_EFFICIENCY = 0.37
"""Of a median absolute deviation, for normal values: what its degrees of freedom are worth."""
MAX_DF = 8.0
"""Real histories have tails that more degrees of freedom would trust too much."""


def noise_sd(values: FloatArray) -> float:
    """Standard deviation of the noise, from differences between neighbours: changes of level hardly enter.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Finite, at least two, in order of time.

    Returns
    -------
    float
        Median absolute difference over ``sqrt(2)``, made consistent for normal noise; at least ``LEAST_SD``.

    References
    ----------
    Fearnhead and Rigaill (2019), section 5, who use the same estimate.
    """
    return max(LEAST_SD, float(_NORMAL_MAD * np.median(np.abs(np.diff(values)))) / math.sqrt(2))


def spread_df(n: int, prior_df: float = 0.0) -> float:
    """Degrees of freedom of ``noise_sd`` of n values, drawn towards something worth ``prior_df`` values."""
    return min(MAX_DF, _EFFICIENCY * (n - 1) + prior_df)


def level_shift(before: FloatArray, after: FloatArray, sd: float, df: float) -> Shift:
    """How far one level lies above another, given which values belong to which.

    Parameters
    ----------
    before, after : ndarray, shapes (n,) and (k,)
        Natural logs, finite, at least one each.
    sd, df : float
        Standard deviation of a value's noise, common to both, and its degrees of freedom.

    Returns
    -------
    Shift
        Difference of the Student-t locations, whose variances are ``sd^2 (nu + 3) / ((nu + 1) n)``. Where the data
        chose the place of the change, the interval is a little too narrow.

    References
    ----------
    Lange, Little and Taylor (1989), as for ``gate.stats.location.t_location``.
    """
    old, new = (float(t_location(values, prior_variance=sd**2, prior_df=df).centre) for values in (before, after))
    variance = sd**2 * (NU + 3) / (NU + 1)
    return Shift(
        effect=new - old,
        se=math.sqrt(variance * (1 / len(before) + 1 / len(after))),
        se_parts={"before": math.sqrt(variance / len(before)), "after": math.sqrt(variance / len(after))},
        df=df,
        test="difference of two Student-t locations, common spread",
        n=len(before) + len(after),
    )


def change_points(values: FloatArray, sd: float, penalty: float = PENALTY) -> tuple[int, ...]:
    """Indices at which a new level begins, by exact minimisation over all segmentations.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Finite, in order of time.
    sd : float
        Standard deviation of the noise, positive; see ``noise_sd``.
    penalty : float
        What one change costs, in squared standard deviations.

    Returns
    -------
    tuple of int
        Increasing, none of them 0. Equal values give equal indices; nothing is drawn at random.

    Raises
    ------
    ValueError
        If a value or ``sd`` is not finite, or ``sd`` is not positive.

    References
    ----------
    Fearnhead and Rigaill (2019), equations 2 and 5-7: the cost of the best segmentation up to each value as a function
    of the last level. Kept here on a grid of levels instead of as pieces of polynomials.
    """
    if not (np.all(np.isfinite(values)) and math.isfinite(sd) and sd > 0):
        raise ValueError(f"change points need finite values and a positive spread, not {sd} and {values}")
    n = len(values)
    if n < LEAST_VALUES:
        return ()
    scaled = (values - np.median(values)) / sd
    levels = _levels(scaled)
    loss = np.minimum((scaled[:, np.newaxis] - levels) ** 2, BOUND**2)
    cost, best = loss[0], np.argmin(loss[0])
    began = np.zeros(len(levels), dtype=np.intp)
    """Where the last segment began, by level."""
    best_began = [0]
    for t in range(1, n):
        changed = cost[best] + penalty
        began[changed < cost] = t
        cost = np.minimum(cost, changed) + loss[t]
        best = np.argmin(cost)
        best_began.append(int(began[best]))
    return _backwards(best_began)


def _backwards(best_began: list[int]) -> tuple[int, ...]:
    """The best segmentation of everything from where the best last segment of each stretch began."""
    found: list[int] = []
    start = best_began[-1]
    while start > 0:
        found.append(start)
        start = best_began[start - 1]
    return tuple(reversed(found))


def _levels(scaled: FloatArray) -> FloatArray:
    """Levels worth trying: at one that is far from every value, all of them would be outliers."""
    reach = np.arange(-round(BOUND / _GRID), round(BOUND / _GRID) + 1)
    steps = np.round(scaled / _GRID).astype(np.int64)
    return np.asarray(np.unique(steps[:, np.newaxis] + reach) * _GRID)
