"""benchstat: Mann-Whitney at 5 % for every row, exact for few samples, no correction for many rows.

References
----------
https://github.com/golang/perf/blob/af31a76731725f4850083dc6a181043ec240186e/benchmath/anone.go
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtr

from bench.decision.world import Floats, Mask

ALPHA = 0.05


def slower(base: Floats, candidate: Floats, alpha: float = ALPHA) -> Mask:
    """Rows that differ at ``alpha`` with a larger median in the candidate.

    Parameters
    ----------
    base, candidate : ndarray, shape (prs, samples, endpoints, metrics)
        One value per run of the benchmark, as ``-count`` gives them.
    """
    u = (candidate[:, :, None] > base[:, None, :]).sum(axis=(1, 2))
    p = exact_p(candidate.shape[1], base.shape[1])[u]
    return np.asarray((p <= alpha) & (np.median(candidate, axis=1) > np.median(base, axis=1)))


@cache
def exact_p(m: int, n: int) -> Floats:
    """Two-sided p of every value of U, shape ``(m n + 1,)``, without ties.

    The counts of arrangements with U = u are the coefficients of the Gaussian binomial coefficient (m + n over m).

    References
    ----------
    Mann, H. B. and Whitney, D. R. (1947), section 4. https://doi.org/10.1214/aoms/1177730491
    """
    counts = np.zeros(m * n + 1)
    counts[0] = 1
    for i in range(1, m + 1):
        if n + i <= m * n:
            counts[n + i :] -= counts[: m * n + 1 - n - i].copy()
        for u in range(i, m * n + 1):
            counts[u] += counts[u - i]
    below = np.cumsum(counts) / counts.sum()
    return np.asarray(np.minimum(1, 2 * np.minimum(below, below[::-1])))


def normal_p(u: Floats, m: int, n: int) -> Floats:
    """Two-sided p of U by the normal approximation with continuity correction, for many samples."""
    away = np.maximum(np.abs(u - m * n / 2) - 0.5, 0)
    return np.asarray(2 * ndtr(-away / np.sqrt(m * n * (m + n + 1) / 12)))


def u_of_sorted(candidate: Floats, base: Floats) -> int:
    """Pairs in which the candidate's value is the larger, both samples sorted."""
    return int(np.searchsorted(base, candidate).sum())
