"""github-action-benchmark: the ratio to the run before."""

from __future__ import annotations

import numpy as np

from bench.decision.world import Floats, Mask


def ratio_to_last(stored: Floats, new: Floats, threshold: float) -> Mask:
    """More than ``threshold`` times the run before (2 by default, its "200 %").

    Parameters
    ----------
    stored : ndarray, shape (prs, runs, endpoints, metrics)
        Log values of stored runs, newest last.
    new : ndarray, shape (prs, endpoints, metrics)
        Log values of the run of the pull request.
    threshold : float
        ``alert-threshold`` as a ratio.

    References
    ----------
    https://github.com/benchmark-action/github-action-benchmark, ``alert-threshold`` in README.md and src/write.ts.
    """
    return np.asarray(new - stored[:, -1] > np.log(threshold))
