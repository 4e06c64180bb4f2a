"""Summaries of one block of latencies."""

from __future__ import annotations

import math
from collections.abc import Sequence

TRIM = 0.1
"""Share cut off at each end of the trimmed mean."""


def quantile(values: Sequence[float], q: float) -> float:
    """Sample quantile with linear interpolation between order statistics; NaN if there is no value.

    References
    ----------
    Hyndman, R. J. and Fan, Y. (1996), definition 7. https://doi.org/10.2307/2684934
    """
    if not values:
        return math.nan
    ordered = sorted(values)
    position = q * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (position - low) * (ordered[high] - ordered[low])


def trimmed_mean(values: Sequence[float], trim: float = TRIM) -> float:
    """Mean without the lowest and highest share ``trim`` of the values (rounded down); NaN if there is none.

    References
    ----------
    Tukey, J. W. and McLaughlin, D. H. (1963). Sankhya A 25, 331-352.
    """
    if not values:
        return math.nan
    cut = int(len(values) * trim)
    kept = sorted(values)[cut : len(values) - cut]
    return math.fsum(kept) / len(kept)
