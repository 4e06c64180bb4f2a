"""Scores: how surprising a t statistic is, told as the standard normal value of equal probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gate.stats.location import Floats
from gate.stats.special import ndtri, stdtr

HIGHEST = 37.0
"""Beyond it the tail of the normal is smaller than the smallest double."""


def normal_score(t: ArrayLike, df: ArrayLike) -> Floats:
    """Standard normal score of equal tail probability under Student's t: few degrees of freedom are paid for.

    Parameters
    ----------
    t, df : array_like
        NaN gives NaN; what lies beyond 37 is 37.
    """
    found = np.minimum(-ndtri(stdtr(df, -np.abs(t))), HIGHEST)
    return np.asarray(np.where(np.asarray(t) < 0, -found, found))
