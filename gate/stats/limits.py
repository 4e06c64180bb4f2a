"""From a score to the share of harmless pull requests that would be blocked at it, by the table of constants."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from gate.stats.constants import DUET_LIMITS, RATES, STORED_LIMITS
from gate.stats.designs import Limits, StoredDesign
from gate.stats.special import ndtr, ndtri

Scores = tuple[float, ...]
"""Limits by rate, in the order of ``RATES``: falling."""


def duet_scores(design: str, endpoints: int, sigma_dep: float) -> Scores:
    """Limits of a duet.

    Parameters
    ----------
    design : str
        Name of a design, or ``fixed N`` for N pairs of deployments measured without looking.
    endpoints : int
        Compared; the next larger number in the table counts, and beyond it each endpoint gets its share of the rate.
    sigma_dep : float
        As believed of the centre, or half of p95's if that is more; between two of the table linearly.

    Raises
    ------
    KeyError
        If the table knows no such design.
    """
    rows = _enough(DUET_LIMITS[design], endpoints)
    return _for_more(rows, _between(rows, sigma_dep), endpoints)


def stored_scores(design: str, endpoints: int, runs: int) -> Scores:
    """Limits against so many stored runs: the harder ones of those for the next smaller and the next larger number.

    Raises
    ------
    KeyError
        If the table knows no such design.
    """
    rows = sorted(_enough(STORED_LIMITS[design], endpoints), key=lambda row: row.at)
    fewer = next((row.scores for row in reversed(rows) if row.at <= runs), rows[0].scores)
    more = next((row.scores for row in rows if row.at >= runs), rows[-1].scores)
    return _for_more(rows, tuple(map(max, fewer, more)), endpoints)


def suspected_from(design: StoredDesign, endpoints: int, runs: int) -> float:
    """Score from which one run suspects a row, for others to decide; minus infinity where all runs decide."""
    if design.suspected_share is None:
        return -math.inf
    return limit_at(design.suspected_share, stored_scores("one", endpoints, runs))


def limit_at(rate: float, scores: Scores) -> float:
    """Score from which a row blocks so that the given share of harmless pull requests is blocked.

    Below the smallest rate of the table it rises as ``blocked_share`` falls.
    """
    if rate < RATES[0]:
        return -float(ndtri(float(ndtr(-scores[0])) * rate / RATES[0]))
    return float(np.interp(math.log(rate), np.log(RATES), scores))


def blocked_share(score: float, scores: Scores) -> float:
    """Share of harmless pull requests in which some row scores as high as this: the adjusted p of a row.

    One beyond the largest rate of the table, where nothing is known; beyond the smallest it falls as the tail of the
    normal does. NaN for a score that is NaN.

    References
    ----------
    Westfall, P. H. and Young, S. S. (1993). Resampling-Based Multiple Testing, section 2.3 (single-step max T).
    """
    if math.isnan(score):
        return math.nan
    if not score >= scores[-1]:
        return 1.0
    if score > scores[0]:
        tail = float(ndtr(-score)) / float(ndtr(-scores[0]))
        return RATES[0] * tail
    return math.exp(float(np.interp(-score, [-s for s in scores], np.log(RATES))))


def _enough(table: Iterable[Limits], endpoints: int) -> list[Limits]:
    """Rows for the next larger number of endpoints, or for the largest there is."""
    rows = list(table)
    sizes = sorted({row.endpoints for row in rows})
    size = next((size for size in sizes if size >= endpoints), sizes[-1])
    return [row for row in rows if row.endpoints == size]


def _for_more(rows: list[Limits], scores: Scores, endpoints: int) -> Scores:
    """Limits of a suite larger than any in the table: each endpoint gets its share of the rate (Bonferroni)."""
    times = endpoints / rows[0].endpoints
    return scores if times <= 1 else tuple(limit_at(rate / times, scores) for rate in RATES)


def _between(rows: list[Limits], at: float) -> Scores:
    ordered = sorted(rows, key=lambda row: row.at)
    nodes = [row.at for row in ordered]
    return tuple(float(np.interp(at, nodes, [row.scores[number] for row in ordered])) for number in range(len(RATES)))
