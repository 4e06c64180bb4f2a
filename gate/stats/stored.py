"""A candidate against stored runs of main: what the runner did to all endpoints is taken out, the rest is tested.

Everything is on natural logs, one metric at a time. ``baseline`` has a row per endpoint and a column per stored run,
NaN where an endpoint has no comparable value in a run; ``candidate`` has a column per candidate run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.stats.location import mad_sd
from gate.stats.moderation import Prior, fit_prior
from gate.stats.shift import Shift

FloatArray = NDArray[np.float64]

MIN_ENDPOINTS_FOR_FACTOR = 6
"""With fewer endpoints the shared factor is too much made of each endpoint itself."""
FEW_RUNS = 3
"""With fewer stored runs only a change of half or more may block."""
_ESTIMATED_FROM = 5
"""Stored runs from which their own spread is believed."""
_MAX_DF = 8.0
"""Real histories have tails far heavier than normal; more degrees of freedom would trust them too much."""
_MEDIAN_COST = math.pi / 2
"""Variance of a median over that of a mean, for normal data."""
_WINSOR = 3.0
_WINSOR_CONSISTENCY = 1.15
_AMBIGUOUS_SHARE = 0.25
_AMBIGUOUS_LEAST = 3
_AMBIGUOUS_MOVE = math.log(1.1)
"""A move counts if it exceeds 10 % by two standard errors: noise alone must not look like a rebuilt application."""
_TINY_VARIANCE = 1e-8
"""A spread of 0.01 %: measured latencies are never closer than that by merit."""

_PRIOR_SD = {"p50": {1: 0.04, 3: 0.03}, "p95": {1: 0.07, 3: 0.05}}
"""Run-to-run spread assumed after the shared factor is removed, by fewest stored runs it applies to."""
_PRIOR_DF = 6.0
_RUNNER_SD = 0.15
"""Run-to-run spread assumed for what all endpoints share where fewer than three runs are stored."""


@dataclass(frozen=True)
class SharedFactor:
    """What all endpoints of a run have in common, candidate against baselines."""

    shift: Shift
    """Its change, with an assumed spread where fewer than three runs are stored."""
    ambiguous: frozenset[int]
    """Endpoints that moved against it, if they are so many that nobody can tell who moved; their rows fall back to the
    plain prediction interval."""


@dataclass(frozen=True)
class StoredComparison:
    """All endpoints of one metric."""

    shifts: tuple[Shift | None, ...]
    """By endpoint; None without baseline or candidate value."""
    factor: SharedFactor | None
    """None if it was not removed: too few endpoints."""


def compare_stored(baseline: FloatArray, candidate: FloatArray, metric: str) -> StoredComparison:
    """Compare candidate runs with stored ones, endpoint by endpoint.

    Parameters
    ----------
    baseline : ndarray, shape (endpoints, stored runs)
    candidate : ndarray, shape (endpoints, candidate runs)
    metric : {"p50", "p95"}
        Chooses the prior for few stored runs.
    """
    usable = np.asarray(np.isfinite(baseline).any(axis=1) & np.isfinite(candidate).any(axis=1))
    plain = [_prediction(baseline[e], candidate[e]) if usable[e] else None for e in range(len(baseline))]
    if usable.sum() < MIN_ENDPOINTS_FOR_FACTOR:
        return StoredComparison(tuple(plain), None)
    indices = np.flatnonzero(usable)
    centre = np.nanmedian(baseline[indices], axis=1, keepdims=True)
    residual, base_factor = _without_factor(baseline[indices] - centre)
    moved, factor = _without_factor(candidate[indices] - centre)
    variances = _run_variances(residual, metric)
    shifts: list[Shift | None] = [None] * len(baseline)
    for row, index in enumerate(indices.tolist()):
        shifts[index] = _relative(residual[row], moved[row], variances[row])
    ambiguous = _ambiguous({e: shift for e, shift in enumerate(shifts) if shift is not None})
    for endpoint in ambiguous:
        shifts[endpoint] = plain[endpoint]
    return StoredComparison(tuple(shifts), SharedFactor(_factor_shift(base_factor, factor), ambiguous))


def _without_factor(deviations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Deviations from each endpoint's centre, less the median over endpoints of their run; and those medians."""
    present = np.isfinite(deviations).any(axis=0)
    factor = np.full(deviations.shape[1], np.nan)
    factor[present] = np.nanmedian(deviations[:, present], axis=0)
    return deviations - factor, factor[present]


def _prediction(baseline: FloatArray, candidate: FloatArray) -> Shift:
    """Prediction interval for the mean of new runs, nothing removed.

    References
    ----------
    Hahn, G. J. and Meeker, W. Q. (1991). Statistical Intervals, section 4.8.
    """
    old, new = baseline[np.isfinite(baseline)], candidate[np.isfinite(candidate)]
    k, r = len(old), len(new)
    if k >= FEW_RUNS:
        variance, df = max(float(np.var(old, ddof=1)), _TINY_VARIANCE), k - 1.0
    else:
        variance, df = _RUNNER_SD**2, _PRIOR_DF
    return Shift(
        effect=float(np.mean(new) - np.mean(old)),
        se=math.sqrt(variance * (1 / r + 1 / k)),
        se_parts={"candidate runs": math.sqrt(variance / r), "stored runs": math.sqrt(variance / k)},
        df=df,
        test="prediction interval" if k >= FEW_RUNS else "prediction interval, assumed spread",
        n=k,
    )


@dataclass(frozen=True)
class _RunVariance:
    variance: float
    df: float


def _run_variances(residual: FloatArray, metric: str) -> list[_RunVariance]:
    """Run-to-run variance of each endpoint, drawn towards the prior that its number of stored runs calls for."""
    counts = np.isfinite(residual).sum(axis=1)
    own = [_winsorised_variance(row[np.isfinite(row)]) for row in residual]
    many = np.flatnonzero(counts >= _ESTIMATED_FROM)
    learnt = fit_prior(np.array([own[e] for e in many]), counts[many] - 1.0) if len(many) >= 2 else None
    result = []
    for variance, k in zip(own, counts, strict=True):
        sd = _PRIOR_SD[metric][FEW_RUNS if k >= FEW_RUNS else 1]
        prior = learnt if k >= _ESTIMATED_FROM and learnt is not None else Prior(sd**2, _PRIOR_DF)
        df = max(0.0, k - 1.0)
        moderated = (prior.df * prior.variance + df * variance) / (prior.df + df)
        result.append(_RunVariance(moderated, min(_MAX_DF, prior.df + df)))
    return result


def _winsorised_variance(values: FloatArray) -> float:
    """Variance with values beyond three robust standard deviations pulled in, made good for the pulling."""
    if len(values) < 2:
        return _TINY_VARIANCE
    centre, reach = float(np.median(values)), _WINSOR * mad_sd(values)
    if reach > 0 and len(values) >= _ESTIMATED_FROM:
        values = np.clip(values, centre - reach, centre + reach)
    return max(_TINY_VARIANCE, _WINSOR_CONSISTENCY * float(np.var(values, ddof=1)))


def _relative(residual: FloatArray, moved: FloatArray, spread: _RunVariance) -> Shift:
    """Change of one endpoint against all others: moderated t with a median as centre."""
    k, r = int(np.isfinite(residual).sum()), int(np.isfinite(moved).sum())
    candidate, stored = spread.variance / r, spread.variance * (_MEDIAN_COST if k > 2 else 1.0) / k
    return Shift(
        effect=float(np.nanmean(moved)),
        se=math.sqrt(candidate + stored),
        se_parts={"candidate runs": math.sqrt(candidate), "stored runs": math.sqrt(stored)},
        df=spread.df,
        test="shared factor removed, moderated t",
        n=k,
    )


def _ambiguous(shifts: dict[int, Shift]) -> frozenset[int]:
    """Endpoints that surely moved against the factor, if they are too many for the factor to be believed."""
    far = frozenset(e for e, shift in shifts.items() if abs(shift.effect) - 2 * shift.se > _AMBIGUOUS_MOVE)
    too_many = len(far) >= _AMBIGUOUS_LEAST and len(far) > _AMBIGUOUS_SHARE * len(shifts)
    return far if too_many else frozenset()


def _factor_shift(stored: FloatArray, candidate: FloatArray) -> Shift:
    """Change of what all endpoints share, against its spread over stored runs."""
    k, r = len(stored), len(candidate)
    if k >= FEW_RUNS:
        variance, df = max(float(np.var(stored, ddof=1)), _TINY_VARIANCE), k - 1.0
    else:
        variance, df = _RUNNER_SD**2, _PRIOR_DF
    return Shift(
        effect=float(np.mean(candidate) - np.mean(stored)),
        se=math.sqrt(variance * (1 / r + 1 / k)),
        se_parts={"candidate runs": math.sqrt(variance / r), "stored runs": math.sqrt(variance / k)},
        df=df,
        test="prediction interval of the shared factor" + ("" if k >= FEW_RUNS else ", assumed spread"),
        n=k,
    )
