"""The formulas of a duet and of a comparison with stored runs once more, in plain Python over lists.

Slow, one pull request at a time, iterated until nothing moves: what the arrays of ``gate.stats`` are held against.
``None`` stands where nothing was measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from scipy import stats

NU = 5.0
Series = list[float | None]


def known(values: Series) -> list[float]:
    return [value for value in values if value is not None]


def mad_sd(values: list[float]) -> float:
    middle = median(values)
    return 1.4826 * median([abs(value - middle) for value in values])


@dataclass
class Fit:
    centre: float
    scale2: float
    variance: float


def em(values: Series, weights: list[float] | None = None, prior: float = 0.0, prior_df: float = 0.0) -> Fit:
    """Location of a t with 5 degrees of freedom, its scale divided by n - 1 and drawn towards a prior."""
    every = zip(values, weights or [1.0] * len(values), strict=True)
    pairs = [(value, weight) for value, weight in every if value is not None]
    centre = sum(v * w for v, w in pairs) / sum(w for _, w in pairs)
    scale2 = sum(w * (v - centre) ** 2 for v, w in pairs) / len(pairs) + 1e-12
    for _ in range(400):
        u = [w * (NU + 1) / (NU + w * (v - centre) ** 2 / scale2) for v, w in pairs]
        centre = sum(a * v for a, (v, _) in zip(u, pairs, strict=True)) / sum(u)
        squares = sum(a * (v - centre) ** 2 for a, (v, _) in zip(u, pairs, strict=True))
        scale2 = (prior_df * prior + squares) / (prior_df + len(pairs) - 1)
    return Fit(centre, scale2, scale2 * (NU + 3) / ((NU + 1) * sum(w for _, w in pairs)))


@dataclass
class Pair:
    effect: list[list[float]]
    variance: list[list[float]]
    df: list[list[float]]
    level: Fit
    prior: list[float]


def pair(d: list[list[Series]], prior: list[float] | None = None) -> Pair:
    """Steps 1 and 2 of the duet on ``d[endpoint][metric][round]``."""
    endpoints, metrics, rounds = len(d), len(d[0]), len(d[0][0])
    full = [b for b in range(rounds) if 2 * sum(row[0][b] is not None for row in d) >= endpoints]
    own = [em([row[0][b] for b in full]).centre for row in d]
    shared = {
        b: median([row[0][b] - m for row, m in zip(d, own, strict=True) if row[0][b] is not None]) + median(own)
        for b in full
    }
    level = em(list(shared.values()))
    removes = endpoints >= 5
    moved = {b: shared[b] - level.centre if removes else 0.0 for b in full}
    clean = [[[None if v is None else v - moved.get(b, 0.0) for b, v in enumerate(m)] for m in row] for row in d]
    if prior is None:
        spread = [[(1.15 * mad_sd(known([m[b] for b in full]))) ** 2 for m in row] for row in clean]
        prior = [median([row[metric] for row in spread]) for metric in range(metrics)]
    left2 = max(0.0, level.scale2 - math.pi / 2 * prior[0] / endpoints) if removes else 0.0
    found = Pair([], [], [], level, prior)
    for row in clean:
        fits = []
        for metric, series in enumerate(row):
            w = [1.0 if b in full else prior[metric] / (prior[metric] + left2) for b in range(rounds)]
            fit = em(series, w, prior[metric], 6.0)
            there = {b: w[b] for b in range(rounds) if series[b] is not None}
            share = sum(weight for b, weight in there.items() if b in full) / sum(there.values())
            fits.append((fit.centre, fit.variance + removes * share**2 * level.variance, len(there) - 1 + 6.0))
        found.effect.append([fit[0] for fit in fits])
        found.variance.append([fit[1] for fit in fits])
        found.df.append([fit[2] for fit in fits])
    return found


@dataclass
class Stored:
    effect: list[float]
    candidate_variance: list[float]
    stored_variance: list[float]
    df: list[float]
    old_factors: list[float]
    new_factors: list[float]
    """What all endpoints of a run share."""
    highest: list[float]
    """How far the slowest stored run lay above its centre."""
    recent: list[float]
    """The same of the newest five."""


def _column(table: list[Series], run: int) -> Series:
    return [row[run] for row in table]


def _nearly_highest(values: list[float]) -> float:
    """One bad run is forgiven where there are five."""
    return sorted(values)[-2 if len(values) >= 5 else -1]


def _less(table: list[Series], of_rows: list[float], of_runs: list[float]) -> list[Series]:
    return [
        [None if v is None else v - a - b for v, b in zip(row, of_runs, strict=True)]
        for row, a in zip(table, of_rows, strict=True)
    ]


def _history(old: list[Series]) -> tuple[list[Fit], list[float]]:
    """Endpoints of the stored runs, and what the runs share: fitted in turn, each run weighed by its unrest."""
    runs, nothing = range(len(old[0])), [0.0] * len(old)
    middle = _less(old, [median(known(row)) for row in old], [0.0] * len(runs))
    unrest, factors = [1.0] * len(runs), [em(_column(middle, r)).centre for r in runs]
    for _ in range(2):
        own, weights = _less(old, nothing, factors), [1 / u for u in unrest]
        prior = 1.3 * median([em(row, weights).scale2 for row in own])
        fits = [em(row, weights, prior, 4.0) for row in own]
        centres = [fit.centre for fit in fits]
        rest = _standardised(_less(old, centres, factors), [[fit.scale2] * len(runs) for fit in fits])
        if len(old) >= 8:
            unrest = [_unrest(known(_column(rest, r))) for r in runs]
        moved, precisions = _less(old, centres, [0.0] * len(runs)), [1 / fit.scale2 for fit in fits]
        factors = [_known_scale(_column(moved, r), precisions, unrest[r]) for r in runs]
    return fits, factors


def _standardised(table: list[Series], scales2: list[list[float]]) -> list[Series]:
    return [
        [None if v is None else v / math.sqrt(s) for v, s in zip(row, scales, strict=True)]
        for row, scales in zip(table, scales2, strict=True)
    ]


def stored(old: list[Series], new: list[Series], old_noise: list[Series], new_noise: list[Series]) -> Stored:
    """Stored comparison of one metric on ``[endpoint][run]``, the shared factor removed."""
    fits, old_factors = _history(old)
    runs = range(len(new[0]))
    error2 = [
        [max(4 / 3 * fit.scale2 - sum(known(was)) / len(known(was)), 0.4 / 3 * fit.scale2) + (n or 0.0) for n in now]
        for fit, was, now in zip(fits, old_noise, new_noise, strict=True)
    ]
    moved = _less(new, [fit.centre for fit in fits], [0.0] * len(runs))
    factors = [_known_scale(_column(moved, r), [1 / row[r] for row in error2], 0.75) for r in runs]
    rest = _standardised(_less(moved, [0.0] * len(new), factors), [[0.75 * v for v in row] for row in error2])
    unrest, factor_variance = [1.0] * len(runs), []
    for r in runs:
        every = known(_column(rest, r))
        if len(every) >= 8:
            unrest[r] = _unrest([v for v in every if v <= 0])
        precisions = [1 / row[r] for row, series in zip(error2, new, strict=True) if series[r] is not None]
        factor_variance.append(1.25 * unrest[r] / sum(precisions))
    above = _less(old, [fit.centre for fit in fits], old_factors)
    highest = [_nearly_highest(known(row)) for row in above]
    found = Stored([], [], [], [], old_factors, factors, highest, [max(known(row[-5:])) for row in above])
    for row, errors, fit, before in zip(moved, error2, fits, old, strict=True):
        w = {r: 1 / (errors[r] * unrest[r] + factor_variance[r]) for r in runs if row[r] is not None}
        found.effect.append(sum(w[r] * (row[r] - factors[r]) for r in w) / sum(w.values()))
        found.candidate_variance.append(1 / sum(w.values()))
        found.stored_variance.append(fit.variance)
        found.df.append(len(known(before)) - 1 + 4.0)
    return found


def _unrest(standardised: list[float]) -> float:
    """Squared scale by the median size, which is the quartile of a t with five degrees; six values' worth of one."""
    n = len(standardised)
    own = (median([abs(v) for v in standardised]) / stats.t.ppf(0.75, 5)) ** 2
    return (20 + n * own) / (20 + n)


def _known_scale(values: Series, weights: list[float], scale2: float) -> float:
    """Location of a t whose squared scale is known."""
    pairs = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
    centre = median([v for v, _ in pairs])
    for _ in range(400):
        u = [w * (NU + 1) / (NU + w * (v - centre) ** 2 / scale2) for v, w in pairs]
        centre = sum(a * v for a, (v, _) in zip(u, pairs, strict=True)) / sum(u)
    return centre
