"""A centre that a hiccup cannot move: location and scale of a Student t by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NU = 5.0
"""Degrees of freedom of the t that blocks are taken to follow: heavy tails, finite variance."""
_STEPS = 50
_MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Location:
    """A fitted centre."""

    centre: float
    variance: float
    """Squared standard error of the centre."""
    df: float


def mad_sd(values: NDArray[np.float64]) -> float:
    """Standard deviation of a normal with the same median absolute deviation."""
    return float(_MAD_TO_SD * np.median(np.abs(values - np.median(values))))


def t_location(values: NDArray[np.float64], prior_variance: float = 0.0, prior_df: float = 0.0) -> Location:
    """Centre of values with t-distributed noise (expectation-maximisation), its scale drawn towards a prior.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Finite, at least two.
    prior_variance, prior_df : float
        Squared scale to draw towards, worth so many observations.

    Returns
    -------
    Location
        With the asymptotic variance ``s^2 (nu + 3) / ((nu + 1) n)``; zero only if all values are equal and there
        is no prior.

    References
    ----------
    Lange, K. L., Little, R. J. A. and Taylor, J. M. G. (1989). Robust statistical modeling using the t
    distribution, equations 3-5 and appendix B. https://doi.org/10.1080/01621459.1989.10478852
    """
    n = len(values)
    centre = float(np.median(values))
    scale2 = max(mad_sd(values) ** 2, float(np.var(values)) * 1e-3)
    for _ in range(_STEPS):
        if not scale2 > 0:
            break
        weights = (NU + 1) / (NU + (values - centre) ** 2 / scale2)
        moved = float(np.sum(weights * values) / np.sum(weights))
        squares = float(np.sum(weights * (values - moved) ** 2))
        scale2 = (prior_df * prior_variance + squares) / (prior_df + n - 1)
        done = abs(moved - centre) <= 1e-12
        centre = moved
        if done:
            break
    return Location(centre, scale2 * (NU + 3) / ((NU + 1) * n), n - 1 + prior_df)
