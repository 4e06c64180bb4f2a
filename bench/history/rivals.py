"""Other published ways to find change points, for comparison: none of them is what the gate uses.

All of them split a series in two at the best place, and go on with both parts while a test says that they differ.
No part is shorter than three values.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]
Split = tuple[float, int]
"""Statistic and place."""

LEAST = 3
PERMUTATIONS = 499
_NULL_DRAWS = 20_000


def energy_split(distances: Floats) -> Split:
    """Largest scaled energy distance between a part and a stretch that follows it.

    References
    ----------
    Matteson, D. S. and James, N. A. (2014). A nonparametric approach for multiple change point analysis of
    multivariate data, equations 5-7. https://doi.org/10.1080/01621459.2013.849605
    """
    n = len(distances)
    sums = np.zeros((n + 1, n + 1))
    sums[1:, 1:] = distances.cumsum(0).cumsum(1)
    i = np.arange(LEAST, n - LEAST + 1)[:, np.newaxis]
    ends = np.arange(2 * LEAST, n + 1)[np.newaxis, :]
    is_long = ends - i >= LEAST
    k = np.where(is_long, ends, n)
    a, b = i, k - i
    within_a, within_b = sums[i, i], sums[k, k] - 2 * sums[i, k] + sums[i, i]
    between = sums[i, k] - sums[i, i]
    energy = a * b / (a + b) * (2 * between / (a * b) - within_a / (a * (a - 1)) - within_b / (b * (b - 1)))
    energy = np.where(is_long, energy, -np.inf)
    best = int(np.argmax(energy))
    return float(energy.flat[best]), int(i[best // energy.shape[1], 0])


def e_divisive(values: Floats, level: float, seed: int = 0) -> tuple[int, ...]:
    """E-divisive as published: energy distance, tested by permutations (of a fixed seed here)."""
    rng = np.random.default_rng(seed)

    def differs(part: Floats) -> int | None:
        distances = np.abs(part[:, np.newaxis] - part)
        statistic, place = energy_split(distances)
        larger = 0
        for _ in range(PERMUTATIONS):
            order = rng.permutation(len(part))
            larger += energy_split(distances[np.ix_(order, order)])[0] >= statistic
            if (larger + 1) / (PERMUTATIONS + 1) > level:
                return None
        return place

    return _bisect(values, differs)


def hunter(values: Floats, level: float) -> tuple[int, ...]:
    """Hunter (Apache Otava): energy distance, weakly tested by Student's t, then weeded out at the level itself.

    References
    ----------
    Fleming, M. et al. (2023). Hunter: using change point detection to hunt for performance regressions.
    https://doi.org/10.1145/3578244.3583719
    """

    def differs(part: Floats) -> int | None:
        _, place = energy_split(np.abs(part[:, np.newaxis] - part))
        return place if _p_of_t(part[:place], part[place:]) < 10 * level else None

    found = list(_bisect(values, differs))
    while found:
        edges = [0, *found, len(values)]
        p = [_p_of_t(values[edges[i] : edges[i + 1]], values[edges[i + 1] : edges[i + 2]]) for i in range(len(found))]
        worst = int(np.argmax(p))
        if p[worst] < level:
            break
        found.pop(worst)
    return tuple(found)


def rank_split(values: Floats, level: float) -> tuple[int, ...]:
    """Largest standardised Mann-Whitney statistic over all splits, against its distribution for exchangeable ranks.

    References
    ----------
    Pettitt, A. N. (1979). https://doi.org/10.2307/2346729 ; standardised as in Hawkins, D. M. and Deng, Q. (2010).
    https://doi.org/10.1080/00224065.2010.11917814
    """

    def differs(part: Floats) -> int | None:
        ranks = np.argsort(np.argsort(part, kind="stable"), kind="stable") + 1.0
        statistic = _rank_statistics(ranks)
        null = _rank_null(len(part))
        p = (len(null) - np.searchsorted(null, statistic.max() - 1e-9) + 1) / (len(null) + 1)
        return int(np.argmax(statistic)) + LEAST if p <= level else None

    return _bisect(values, differs)


def _rank_statistics(ranks: Floats) -> Floats:
    n = ranks.shape[-1]
    k = np.arange(LEAST, n - LEAST + 1)
    sums = np.cumsum(ranks, axis=-1)[..., LEAST - 1 : n - LEAST]
    return np.asarray(np.abs(sums - k * (n + 1) / 2) / np.sqrt(k * (n - k) * (n + 1) / 12))


@functools.cache
def _rank_null(n: int) -> Floats:
    ranks = np.tile(np.arange(1.0, n + 1), (_NULL_DRAWS, 1))
    return np.sort(_rank_statistics(np.random.default_rng(n).permuted(ranks, axis=1)).max(axis=1))


def _bisect(values: Floats, differs: Callable[[Floats], int | None]) -> tuple[int, ...]:
    found: list[int] = []
    parts = [(0, len(values))]
    while parts:
        begin, end = parts.pop()
        place = differs(values[begin:end]) if end - begin >= 2 * LEAST else None
        if place is not None:
            found.append(begin + place)
            parts += [(begin, begin + place), (begin + place, end)]
    return tuple(sorted(found))


def _p_of_t(a: Floats, b: Floats) -> float:
    df = len(a) + len(b) - 2
    variance = (np.var(a) * len(a) + np.var(b) * len(b)) / df
    t = abs(np.mean(a) - np.mean(b)) / np.sqrt(max(float(variance), 1e-12) * (1 / len(a) + 1 / len(b)))
    return 2 * float(stdtr(df, -t))
