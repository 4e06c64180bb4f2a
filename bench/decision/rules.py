"""What other tools do with stored runs, as rules that say which tests of a pull request fail.

Each takes log values of stored runs, shape ``(prs, runs, endpoints, metrics)``, newest last, and of the run of the pull
request, shape ``(prs, endpoints, metrics)``; and gives a mask of the latter's shape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from bench.decision.world import Floats

Mask = NDArray[np.bool_]


def ratio_to_last(stored: Floats, new: Floats, most: float) -> Mask:
    """More than ``most`` (a ratio over one) slower than the run before, as github-action-benchmark alerts.

    References
    ----------
    https://github.com/benchmark-action/github-action-benchmark, input ``alert-threshold`` (200 % by default).
    """
    return np.asarray(new - stored[:, -1] > np.log1p(most))


def upper_boundary(stored: Floats, new: Floats, boundary: float) -> Mask:
    """Above mean + t(boundary; k - 1) x standard deviation of the stored runs, Bencher's t-test threshold.

    References
    ----------
    https://bencher.dev/docs/explanation/thresholds/ (Student's t-test, upper boundary).
    """
    values, k = np.exp(stored), stored.shape[1]
    limit = values.mean(axis=1) + stdtrit(k - 1, boundary) * values.std(axis=1, ddof=1)
    return np.asarray(np.exp(new) > limit)
