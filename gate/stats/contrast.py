"""Two requests side by side in the same run: how much sooner or later one of them is answered. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gate.stats.location import t_location
from gate.stats.shift import CONFIDENCE
from gate.stats.special import stdtrit

LEAST_PAIRS = 3
"""Fewer say nothing about their own spread."""


@dataclass(frozen=True)
class Contrast:
    """One against the other, in seconds and as a factor, each with its two-sided interval."""

    difference_s: float
    lo_s: float
    hi_s: float
    """Below zero: the one is answered sooner."""
    factor: float
    factor_lo: float
    factor_hi: float
    """Time of the one over that of the other."""
    pairs: int


def contrast(times_s: Sequence[float], others_s: Sequence[float]) -> Contrast | None:
    """Typical difference and factor of pairs that were measured next to each other.

    What slows both of a pair cancels in their difference; a pair that a hiccup hit weighs less, for the differences
    are taken to follow a Student t (see :func:`gate.stats.location.t_location`). The interval is that of a paired t.

    Parameters
    ----------
    times_s, others_s : sequence of float
        Above zero, one of each for every pair; equally many.

    Returns
    -------
    Contrast or None
        None with fewer than three pairs.

    Raises
    ------
    ValueError
        If there are not equally many, or one is not above zero.

    References
    ----------
    Student (1908). The probable error of a mean. https://doi.org/10.1093/biomet/6.1.1
    """
    times, others = np.asarray(times_s, dtype=float), np.asarray(others_s, dtype=float)
    if times.shape != others.shape:
        raise ValueError(f"{len(times)} times have no pairs in {len(others)}")
    if not (np.all(np.isfinite(times) & (times > 0)) and np.all(np.isfinite(others) & (others > 0))):
        raise ValueError("times must be finite and above zero")
    if len(times) < LEAST_PAIRS:
        return None
    fit = t_location(np.array([times - others, np.log(times) - np.log(others)]))
    reach = float(stdtrit(len(times) - 1, 0.5 + CONFIDENCE / 2)) * np.sqrt(fit.variance)
    (difference, log_factor), (wide, wide_log) = map(float, fit.centre), map(float, reach)
    return Contrast(
        difference_s=difference,
        lo_s=difference - wide,
        hi_s=difference + wide,
        factor=math.exp(log_factor),
        factor_lo=math.exp(log_factor - wide_log),
        factor_hi=math.exp(log_factor + wide_log),
        pairs=len(times),
    )
