"""Small changes that nobody would notice one by one, added up.

A gate that lets 1 % pass lets it pass every time. What is told here compares with a fixed point in the past, not with
the merge before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gate.stats.changepoints import LEAST_SD
from gate.stats.location import NU, mad_sd
from gate.stats.shift import Shift
from gate.stats.special import ndtri, stdtr

FloatArray = NDArray[np.float64]

LEAST_DUETS = 5
"""Fewer do not know how much they differ when nothing changed."""
SLACK = 0.5
"""Drift, in standard deviations a run, that the cumulative sum forgives: half of the one it is quickest to find."""
HINT_AT = 8.0
"""Cumulative sum, in standard deviations, that is worth a hint."""
_WINSOR = 3.0
_QUARTILE = 0.7267
"""Upper quartile of Student's t with 5 degrees of freedom."""
_VARIANCE_OF_T = NU / (NU - 2) / (1.4826 * _QUARTILE) ** 2
"""Variance of such a t over the square of its median absolute deviation as ``mad_sd`` scales it. A sum is as heavy as
its heaviest parts, so a robust spread alone would make it look too sure."""


def duet_variance(effects: FloatArray) -> float:
    """Variance of the effect of one duet when nothing changed, blocks and deployments together.

    Parameters
    ----------
    effects : ndarray, shape (merges,)
        Natural logs, after over before; a steady creep does not enter, and single large changes hardly.
    """
    return _VARIANCE_OF_T * float(mad_sd(effects)) ** 2


def accumulated(effects: FloatArray, variance: float, df: float) -> Shift | None:
    """What many merges, each measured beside the one before, add up to.

    Every duet counts as one of new deployments on both sides. Where the base of each is the very deployment that was
    the candidate of the one before, their own effects cancel from duet to duet and the error given here is too large,
    never too small.

    Parameters
    ----------
    effects : ndarray, shape (merges,)
        Natural logs, after over before, one per merge since the anchor.
    variance, df : float
        Of one effect, see ``duet_variance``, and its degrees of freedom.

    Returns
    -------
    Shift or None
        The sum of the effects with standard error ``sqrt(merges * variance)``; None with fewer than five.
    """
    merges = len(effects)
    if merges < LEAST_DUETS or not variance > 0:
        return None
    se = math.sqrt(merges * variance)
    return Shift(float(np.sum(effects)), se, {"duets": se}, df, "sum of paired differences since the anchor", merges)


def combined(shifts: Sequence[Shift]) -> Shift:
    """Several independent estimates of one change as one: the mean weighted by precision.

    Parameters
    ----------
    shifts : sequence of Shift
        At least one. The result has the fewest degrees of freedom among them, which is cautious.

    References
    ----------
    Cochran, W. G. (1954). The combination of estimates from different experiments. Biometrics 10, 101-129.
    https://doi.org/10.2307/3001666
    """
    if len(shifts) == 1:
        return shifts[0]
    weights = np.array([1 / shift.se**2 for shift in shifts])
    weights /= weights.sum()
    parts = {
        f"{name} ({place})": float(weight * part)
        for place, (shift, weight) in enumerate(zip(shifts, weights, strict=True), start=1)
        for name, part in shift.se_parts.items()
    }
    return Shift(
        effect=float(sum(w * shift.effect for shift, w in zip(shifts, weights, strict=True))),
        se=math.hypot(*(w * shift.se for shift, w in zip(shifts, weights, strict=True))),
        se_parts=parts,
        df=min(shift.df for shift in shifts),
        test="mean weighted by precision of: " + "; ".join(shift.test for shift in shifts),
        n=sum(shift.n for shift in shifts),
    )


def upward_cusum(values: FloatArray) -> float:
    """Largest standing of a cumulative sum of upward deviations, its centre and spread learnt on the way.

    Each value is measured against mean and standard deviation of those before it, made normal, and summed; sums below
    zero begin anew. A hint and no test: real runs have heavier tails than its theory.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Finite, in order of time.

    Returns
    -------
    float
        In standard deviations; 0 with fewer than three values.

    References
    ----------
    Hawkins, D. M. (1987). Self-starting CUSUM charts for location and scale. The Statistician 36, 299-316.
    https://doi.org/10.2307/2348827 ; Page, E. S. (1954). https://doi.org/10.1093/biomet/41.1-2.100
    """
    standing = highest = 0.0
    for deviation in recursive_deviations(values):
        standing = max(0.0, standing + min(deviation, _WINSOR) - SLACK)
        highest = max(highest, standing)
    return highest


def recursive_deviations(values: FloatArray) -> list[float]:
    """Of each value from the third on, how far it lies off those before it, as a standard normal deviate.

    Independent and exactly standard normal for independent normal values, whatever their mean and variance.

    References
    ----------
    Hawkins (1987), section 2.
    """
    found = []
    for n in range(2, len(values)):
        before = values[:n]
        sd = max(LEAST_SD, float(np.std(before, ddof=1)))
        t = (values[n] - float(np.mean(before))) / (sd * math.sqrt(1 + 1 / n))
        tail = float(stdtr(n - 1, -abs(t)))  # the small tail keeps its digits
        found.append(math.copysign(-float(ndtri(max(tail, 1e-300))), t))
    return found
