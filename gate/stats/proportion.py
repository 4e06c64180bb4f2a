"""Shares of requests: error rates, and latencies above a limit.

Counts may be fractions: dividing a count and its total by a design effect keeps the share and widens its interval,
which is how requests that come in bursts are kept from passing for independent ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gate.stats.special import betainc, betaincinv

CONFIDENCE = 0.95
"""One-sided confidence with which an objective is called met."""


def upper_bound(count: float, n: float, confidence: float = CONFIDENCE) -> float:
    """One-sided upper bound of a share (Clopper-Pearson); 1 without data.

    References
    ----------
    Clopper, C. J. and Pearson, E. S. (1934). https://doi.org/10.1093/biomet/26.4.404
    """
    return 1.0 if not count < n else float(betaincinv(count + 1, n - count, confidence))


def lower_bound(count: float, n: float, confidence: float = CONFIDENCE) -> float:
    """One-sided lower bound of a share (Clopper-Pearson); 0 without data."""
    return 0.0 if not (count > 0 and n > 0) else float(betaincinv(count, n - count + 1, 1 - confidence))


def p_above(count: float, n: float, share: float) -> float:
    """Chance of at least ``count`` out of ``n`` if the true share were ``share``: small means the share is larger."""
    return 1.0 if not (count > 0 and n > 0) else float(betainc(count, n - count + 1, share))


def clean_needed(share: float, confidence: float = CONFIDENCE) -> int:
    """Requests without a single miss that show a share to be at most ``share``.

    2,995 for 0.1 %, 299 for 1 %, 59 for 5 % at 95 %.
    """
    return math.ceil(math.log(1 - confidence) / math.log1p(-share))


def quantile_bounds(n: float, q: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Shares at which to read a histogram for one-sided bounds of its quantile ``q``; inf if there is no upper one.

    The order statistics whose coverage is at least the confidence, by the binomial argument of Clopper and Pearson.
    """
    if not n > 0:
        return 0.0, math.inf
    low = lower_bound(n * q, n, confidence)
    has_upper = q**n <= 1 - confidence
    return low, upper_bound(n * q, n, confidence) if has_upper else math.inf


def dispersion(counts: Sequence[int]) -> float:
    """Variance over mean of counts per block, at least 1: how much more errors cluster than chance would have it.

    References
    ----------
    McCullagh, P. and Nelder, J. A. (1989). Generalized Linear Models, section 4.5 (overdispersion).
    """
    if len(counts) < 2 or sum(counts) == 0:
        return 1.0
    return max(1.0, float(np.var(counts, ddof=1) / np.mean(counts)))


def design_effect(block_means: Sequence[float], within_variance: float, block_size: float) -> float:
    """How many dependent requests are worth one independent one, at least 1.

    The variance between block means over the one that independent requests would give. ``inf`` if it cannot be
    known, from a single block or from requests without spread but blocks that differ.

    References
    ----------
    Kish, L. (1965). Survey Sampling, section 5.4.
    """
    if len(block_means) < 2:
        return math.inf
    between = float(np.var(block_means, ddof=1))
    if not within_variance > 0:
        return 1.0 if between == 0 else math.inf
    return max(1.0, block_size * between / within_variance)


def p_more(count_1: float, n_1: float, count_0: float, n_0: float) -> float:
    """One-sided p of "no larger share in group 1", given all events: small means more of them in group 1.

    Conditional binomial test: given the total, events fall into group 1 with probability ``n_1 / (n_1 + n_0)``.

    References
    ----------
    Przyborowski, J. and Wilenski, H. (1940). https://doi.org/10.1093/biomet/31.3-4.313
    """
    if not (n_1 > 0 and n_0 > 0):
        return 1.0
    return p_above(count_1, count_1 + count_0, n_1 / (n_1 + n_0))
