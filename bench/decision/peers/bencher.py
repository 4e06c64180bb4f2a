"""Bencher: upper boundaries from the history of one benchmark.

Limits are computed over axis 1 of plain values (not logs), shape ``(prs, runs, endpoints, metrics)``. A history without
spread has no limit: such a benchmark never alerts.

References
----------
https://bencher.dev/docs/explanation/thresholds/ and
https://github.com/bencherdev/bencher/tree/0b8f911722c1514c7e9a4f7560ae893dd504c768/lib/bencher_boundary/src
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri, stdtrit

from bench.decision.world import Floats, Mask

Limit = Callable[[Floats, float], Floats]


def above(stored: Floats, new: Floats, limit: Limit, boundary: float) -> Mask:
    """Which new values, as logs, lie above the upper limit of the stored ones."""
    return np.asarray(np.exp(new) > limit(np.exp(stored), boundary))


def percentage(values: Floats, boundary: float) -> Floats:
    """``boundary`` (a ratio) above the mean."""
    return np.asarray(values.mean(axis=1) * (1 + boundary))


def z_score(values: Floats, boundary: float) -> Floats:
    """Quantile ``boundary`` of a normal with the history's mean and standard deviation (divided by n)."""
    return _spread(values.mean(axis=1), values.std(axis=1), float(ndtri(boundary)))


def t_test(values: Floats, boundary: float) -> Floats:
    """The same of a Student t with n - 1 degrees of freedom, scaled by the standard deviation (divided by n)."""
    return _spread(values.mean(axis=1), values.std(axis=1), float(stdtrit(values.shape[1] - 1, boundary)))


def t_prediction(values: Floats, boundary: float) -> Floats:
    """One-sided prediction limit ``mean + t s sqrt(1 + 1/n)``, which ``t_test`` has become in 2026.

    References
    ----------
    Hahn, G. J. and Meeker, W. Q. (1991). Statistical Intervals, section 4.8. https://doi.org/10.1002/9780470316771
    """
    n = values.shape[1]
    factor = float(stdtrit(n - 1, boundary)) * np.sqrt(1 + 1 / n)
    return _spread(values.mean(axis=1), values.std(axis=1, ddof=1), factor)


def log_normal(values: Floats, boundary: float) -> Floats:
    """Quantile ``boundary`` of a log-normal fitted to the history."""
    logs = np.log(values)
    return np.asarray(np.exp(_spread(logs.mean(axis=1), logs.std(axis=1), float(ndtri(boundary)))))


def iqr(values: Floats, boundary: float) -> Floats:
    """``boundary`` interquartile ranges above the median."""
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75), axis=1)
    return np.asarray(median + boundary * (high - low))


def delta_iqr(values: Floats, boundary: float) -> Floats:
    """Above the median by ``boundary`` interquartile ranges of the relative steps between runs, as a ratio."""
    steps = np.abs(np.diff(values, axis=1) / values[:, :-1])
    low, high = np.quantile(steps, (0.25, 0.75), axis=1)
    return np.asarray(np.median(values, axis=1) * (1 + boundary * (high - low)))


def _spread(centre: Floats, sd: Floats, factor: float) -> Floats:
    return np.asarray(np.where(sd > 0, centre + factor * sd, np.inf))
