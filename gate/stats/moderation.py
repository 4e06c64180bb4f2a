"""Variances of many endpoints drawn towards each other, so that five runs say what twenty would alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.stats.special import digamma, polygamma

MAX_PRIOR_DF = 60.0


@dataclass(frozen=True)
class Prior:
    """A common variance worth ``df`` observations of an endpoint's own."""

    variance: float
    df: float


def fit_prior(variances: NDArray[np.float64], dfs: NDArray[np.float64]) -> Prior:
    """Scaled inverse chi-square prior of sample variances by matching the moments of their logarithms.

    Parameters
    ----------
    variances, dfs : ndarray, shape (endpoints,)
        Positive sample variances and their degrees of freedom.

    Returns
    -------
    Prior
        ``df`` is at most 60: endpoints never count as exactly alike.

    References
    ----------
    Smyth, G. K. (2004). Linear models and empirical Bayes methods, section 6.2. https://doi.org/10.2202/1544-6115.1027
    """
    e = np.log(variances) - digamma(dfs / 2) + np.log(dfs / 2)
    excess = float(np.var(e, ddof=1) - np.mean(polygamma(1, dfs / 2))) if len(e) > 1 else 0.0
    prior_df = min(MAX_PRIOR_DF, 2 * inverse_trigamma(excess)) if excess > 0 else MAX_PRIOR_DF
    log_variance = float(np.mean(e)) + float(digamma(prior_df / 2)) - math.log(prior_df / 2)
    return Prior(math.exp(log_variance), prior_df)


def inverse_trigamma(value: float) -> float:
    """Where the trigamma function has the given positive value; Newton's method of Smyth (2004), appendix."""
    if value > 1e7:
        return 1 / math.sqrt(value)
    if value < 1e-6:
        return 1 / value
    y = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, y))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, y))
        y += step
        if abs(step / y) < 1e-10:
            break
    return y
