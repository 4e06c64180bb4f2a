"""A centre that a hiccup cannot move: location and scale of a Student t by maximum likelihood, many series at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

NU = 5.0
"""Degrees of freedom of the t that blocks are taken to follow: heavy tails, finite variance."""
_STEPS = 25
_MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Location:
    """Fitted centres, one per series."""

    centre: Floats
    """NaN for a series without values."""
    scale2: Floats
    """Squared scale of the t, for a value of weight one; a value's variance is ``nu / (nu - 2)`` times that."""
    variance: Floats
    """Squared standard error of the centre."""
    df: Floats


def t_location(
    values: Floats, weights: Floats | None = None, prior_variance: ArrayLike = 0.0, prior_df: ArrayLike = 0.0
) -> Location:
    """Centres of series with t-distributed noise (expectation-maximisation), their scales drawn towards a prior.

    Parameters
    ----------
    values : ndarray, shape (..., n)
        NaN where a series has no value.
    weights : ndarray, broadcastable to values, optional
        Precision of each value relative to the others.
    prior_variance, prior_df : array_like, broadcastable to (...)
        Squared scale to draw towards, worth so many observations.

    Returns
    -------
    Location
        With the asymptotic variance ``s^2 (nu + 3) / ((nu + 1) sum(weights))``; zero only if all values are equal and
        there is no prior. Always the same number of steps, so that a series has the same centre in any company.

    References
    ----------
    Lange, K. L., Little, R. J. A. and Taylor, J. M. G. (1989). Robust statistical modeling using the t
    distribution, equations 3-5 and appendix B. https://doi.org/10.1080/01621459.1989.10478852
    """
    present = np.isfinite(values)
    x = np.where(present, values, 0.0)
    w = np.where(present, 1.0 if weights is None else weights, 0.0)
    n, prior_df = present.sum(axis=-1), np.asarray(prior_df, dtype=np.float64)
    prior_squares = prior_df * np.asarray(prior_variance, dtype=np.float64)
    centre = median(values)
    deviation = x - _last(centre)
    squares = (w * deviation**2).sum(axis=-1)
    scale2 = np.maximum(mad_sd(values) ** 2, 1e-3 * squares / np.maximum(n, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(_STEPS):
            distance2 = w * deviation**2
            u = w * (NU + 1) / (NU + np.where(distance2 > 0, distance2 / _last(scale2), 0.0))
            # By steps from where it is, so that equal values leave it exactly there.
            centre = centre + (u * deviation).sum(axis=-1) / u.sum(axis=-1)
            deviation = x - _last(centre)
            squares = (u * deviation**2).sum(axis=-1)
            scale2 = (prior_squares + squares) / (prior_df + n - 1)
        variance = scale2 * (NU + 3) / ((NU + 1) * np.sum(w, axis=-1))
    return Location(np.asarray(centre), np.asarray(scale2), np.asarray(variance), np.asarray(n - 1 + prior_df))


def median(values: Floats) -> Floats:
    """Median over the last axis of what is finite; NaN where nothing is left."""
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    present = np.isfinite(values)
    ordered = np.sort(np.where(present, values, np.nan), axis=-1)  # NaN comes last
    n = present.sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((n - 1) // 2, 0), axis=-1)
    high = np.take_along_axis(ordered, np.minimum(n // 2, values.shape[-1] - 1), axis=-1)
    return np.asarray(np.where(n > 0, (low + high) / 2, np.nan)[..., 0])


def mad_sd(values: Floats) -> Floats:
    """Standard deviation of a normal with the same median absolute deviation, over the last axis."""
    return np.asarray(_MAD_TO_SD * median(np.abs(values - _last(median(values)))))


def _last(values: Floats) -> Floats:
    return np.asarray(values)[..., np.newaxis]
