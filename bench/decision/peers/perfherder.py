"""Mozilla Perfherder: a t statistic with linearly decaying weights, twelve runs on either side of a push.

It judges the history of main, never a pull request: it waits for twelve runs after the change. Here it is given them.
Whether a neighbouring push has a larger t is left out: that moves an alert, it does not make one.

References
----------
https://github.com/mozilla/treeherder/blob/0128ee0fbe639c9eb35c74aaa7742051f0de8e5f/treeherder/perfalert/perfalert/__init__.py
and treeherder/perf/alerts.py (a change of at least 2 %).
"""

from __future__ import annotations

import numpy as np

from bench.decision.world import Floats, Mask

BACK_RUNS, FORE_RUNS = 24, 12
THRESHOLD, LEAST_CHANGE = 7.0, 0.02


def alert(stored: Floats, new: Floats) -> Mask:
    """Metrics with t above 7 and a mean at least 2 % larger.

    Parameters
    ----------
    stored, new : ndarray, shape (prs, runs, endpoints, metrics)
        Log values before and after the change, in the order of time.
    """
    before, after = np.exp(stored[:, -BACK_RUNS:]), np.exp(new[:, :FORE_RUNS])
    large = after.mean(axis=1) >= (1 + LEAST_CHANGE) * before.mean(axis=1)
    return np.asarray((weighted_t(before[:, ::-1], after) > THRESHOLD) & large)


def weighted_t(before: Floats, after: Floats) -> Floats:
    """Difference of weighted means over its standard error; both sides nearest to the change first, runs on axis 1.

    Infinite where neither side scatters and they differ. One run alone has no variance of its own and adds none.
    """
    mean_before, variance_before = _weighted(before)
    mean_after, variance_after = _weighted(after)
    difference = mean_after - mean_before
    error = np.sqrt(variance_before / before.shape[1] + variance_after / after.shape[1])
    safe = np.where(error > 0, error, 1.0)
    return np.asarray(np.where(error > 0, difference / safe, np.where(difference == 0, 0.0, np.inf)))


def _weighted(values: Floats) -> tuple[Floats, Floats]:
    """Mean with linearly decaying weights; mean square around it, divided by n - 1."""
    n = values.shape[1]
    weights = np.arange(n, 0, -1.0) / n
    mean = np.average(values, axis=1, weights=weights)
    squares = np.square(values - np.expand_dims(mean, 1)).sum(axis=1)
    return np.asarray(mean), np.asarray(squares / (n - 1) if n > 1 else np.zeros_like(squares))
