"""Means of values that cannot be negative, such as latencies: a test and a lower bound that no tail makes wrong.

Pure. A t interval is as wide as the largest few values make it, so that a mean can be far beyond a limit and undecided.
From below nothing has to be known of the tail: each value is a bet that the mean is above the limit, at odds that are
fair if it is exactly there. Whoever becomes rich by such bets has shown that it is above.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

STAKES = (0.25, 0.5, 0.75, 1.0)
"""Shares of it that each quarter of the capital bets: small ones win where values vary, all where few are far above."""
_HALVINGS = 50


def p_mean_above(values: Sequence[float], limit: float, counts: Sequence[int] | None = None) -> float:
    """Chance of such values, or ones further above, if their mean were at most ``limit``; 1 without values.

    Capital of 1 becomes ``mean over stakes of prod(1 + stake * (value / limit - 1))``. If the mean is at most ``limit``
    its expectation is at most 1, whatever the distribution, so by Markov's inequality it is 1 / p or more with a
    probability of at most p.

    Parameters
    ----------
    values : sequence of float
        Independent draws, none negative.
    limit : float
        Above zero.
    counts : sequence of int, optional
        How often each value was drawn; once without it.

    Raises
    ------
    ValueError
        If a value is negative or not finite, or the limit is not above zero.

    References
    ----------
    Waudby-Smith, I. and Ramdas, A. (2024). Estimating means of bounded random variables by betting. Journal of the
    Royal Statistical Society B 86, 1-27. https://doi.org/10.1093/jrsssb/qkad009
    """
    drawn, times = np.asarray(values, dtype=float), np.ones(len(values)) if counts is None else np.asarray(counts)
    if not (np.all(np.isfinite(drawn)) and np.all(drawn >= 0) and 0 < limit < math.inf):
        raise ValueError("values are not negative, and the limit is above zero")
    with np.errstate(divide="ignore"):  # all of the capital on a value of zero is lost
        logs = [float(np.log1p(stake * (drawn / limit - 1)) @ times) for stake in STAKES]
    return min(1.0, math.exp(-float(np.logaddexp.reduce(logs)) + math.log(len(STAKES))))


def lower_mean(values: Sequence[float], confidence: float, counts: Sequence[int] | None = None) -> float:
    """One-sided lower bound of their mean: the smallest limit that ``p_mean_above`` does not refute; 0 without values.

    It is below the mean of the values, and rises with each of them.
    """
    drawn = np.asarray(values, dtype=float)
    low, high = 0.0, float(drawn.max(initial=0.0))
    if not high > 0:
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle > 0 and p_mean_above(values, middle, counts) <= 1 - confidence:
            low = middle
        else:
            high = middle
    return low
