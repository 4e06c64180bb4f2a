"""A candidate against stored runs of main: what the runner did to all endpoints is taken out, the rest is tested.

Everything is on natural logs. Arrays have the shape ``(..., endpoints, metrics, runs)``, NaN where an endpoint has no
comparable value in a run; leading dimensions are pull requests judged at once, by a study.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gate.stats.location import Floats, Location, median, t_location
from gate.stats.scores import normal_score

Mask = NDArray[np.bool_]

REMOVED_FROM, REMOVED_IF_SPREAD_FROM = 5, 3
"""Endpoints from which the shared factor is taken out always, and from which if runners differ much: with one endpoint
nothing would be left, with two the innocent one looks faster."""
MUCH_SPREAD = 0.05
"""Standard deviation of the shared factor that counts as much."""
FEW_RUNS = 3
"""With fewer stored runs only a change of half or more may block."""
_PRIOR_DF = 4.0
_PRIOR_INFLATION = 1.3
_TURNS = 2
"""Rounds of fitting endpoints, runs and what runs share; more change nothing that matters."""
LEAST_FOR_UNREST = 8
"""Endpoints from which a run's own unrest can be told from one that changed."""
UNREST_DF = 20.0
_RUNS_TO_FORGIVE_ONE = 5
RECENT_RUNS, RECENT_MARGIN = 5, (0.03, 0.05)
"""Newest stored runs of which not one is forgiven, and by how much each has to be exceeded, by metric: a bad one hides
slowdowns until so many others were stored."""
_MEDIAN_OF_T = 0.7267
"""Median of the absolute value of Student's t with five degrees of freedom."""
_RUN_VARIANCE = 4 / 3
"""Variance of one run over the squared scale of the t it follows, short of the ``nu / (nu - 2)`` of its far tail."""
_SURE_DF = 1e6
"""So many degrees of freedom that the prior scale stands."""
FACTOR_COST = 1.25
"""Variance of the t location over endpoints against that of a mean."""
_LEAST_RUN_SHARE = 0.1
"""Part of the run-to-run variance that more requests never take away."""
_MAX_DF = 200.0
_AMBIGUOUS_SHARE = 0.25
_AMBIGUOUS_LEAST = 3
_AMBIGUOUS_MOVE = math.log(1.02)
"""A move counts if it exceeds this by two standard errors: noise alone must not look like a rebuilt application."""
_TINY_VARIANCE = 1e-8
"""A spread of 0.01 %: measured latencies are never closer than that by merit."""
_ASSUMED_SD = (0.04, 0.07)
"""Run-to-run spread assumed for centre and p95 with fewer than three stored runs, the shared factor removed."""
_ASSUMED_RUNNER_SD = 0.15
"""The same for what all endpoints share, or where nothing is removed."""
ASSUMED_DF = 6.0
"""Degrees of freedom of what is assumed."""


@dataclass(frozen=True)
class Moved:
    """Changes of the candidate; arrays of one shape."""

    effect: Floats
    """NaN without a value on either side."""
    candidate_variance: Floats
    """Of the mean of the candidate's runs."""
    stored_variance: Floats
    """Of the centre of the stored runs."""
    df: Floats

    @property
    def variance(self) -> Floats:
        return self.candidate_variance + self.stored_variance

    def t(self, margin: ArrayLike) -> Floats:
        """How far the change lies beyond a margin (a ratio), in standard errors."""
        return np.asarray((self.effect - np.log1p(margin)) / np.sqrt(self.variance))

    def z(self, margin: ArrayLike) -> Floats:
        """The same as the standard normal score of equal probability."""
        return normal_score(self.t(margin), self.df)


@dataclass(frozen=True)
class StoredComparison:
    """All endpoints at once."""

    rows: Moved
    """Shape ``(..., endpoints, metrics)``."""
    factor: Moved
    """Shape ``(..., metrics)``: what all endpoints share, whether it was removed or not."""
    removed: Mask
    """Shape ``(..., metrics)``."""
    ambiguous: Mask
    """Shape ``(..., endpoints, metrics)``: moved against the factor together with so many others that nobody can tell
    who moved; judged without removing anything."""
    relative: Moved
    """Like ``rows``, everything against the factor."""
    highest: Floats
    """Shape ``(..., endpoints, metrics)``: how far the slowest stored run lay above its centre, with five or more the
    second slowest. Real histories hold single runs in which one endpoint was far slower for no reason: a change within
    what main itself has done twice is none. Once is not enough, or one bad run would hide the next slowdowns.
    """
    recent: Floats
    """The same of the newest five alone, and the slowest of them. What main was like lately may be what it is like from
    now on: a change of main's own that no window has caught yet is not the pull request's.
    """
    runs: NDArray[np.int64]
    """Shape ``(..., endpoints, metrics)``: stored runs with a value."""
    candidates: NDArray[np.int64]
    """The same of the candidate's runs."""
    factor_runs: NDArray[np.int64]
    """Shape ``(..., metrics)``: the same of what all endpoints share."""

    @property
    def shown(self) -> Floats:
        """What main itself has shown and a change has to exceed, shape ``(..., endpoints, metrics)``."""
        margin = np.log1p(RECENT_MARGIN[: self.recent.shape[-1]])
        return np.asarray(np.maximum(self.highest, self.recent + margin))

    @property
    def is_beyond(self) -> Mask:
        """Whether a change lies beyond that; false where nothing was measured."""
        return np.asarray(self.rows.effect > self.shown)


def compare_stored(
    old: Floats,
    new: Floats,
    old_noise: Floats | None = None,
    new_noise: Floats | None = None,
    factor_counts: Mask | None = None,
) -> StoredComparison:
    """Compare candidate runs with stored ones.

    Parameters
    ----------
    old, new : ndarray, shape (..., endpoints, metrics, runs)
        Log values of the stored runs, oldest first, and of the candidate's.
    old_noise, new_noise : ndarray, like old and new, optional
        Squared standard error of each value from its blocks: a candidate's run that measured less than the stored ones
        is trusted less. Without them all runs count as equally large.
    factor_counts : ndarray, shape (..., metrics, runs), optional
        Stored runs with which what all endpoints share is compared: those since it last changed.
    """
    old_noise = np.zeros(old.shape) if old_noise is None else old_noise
    new_noise = np.zeros(new.shape) if new_noise is None else new_noise
    usable: Mask = np.asarray(np.isfinite(old).any(axis=-1) & np.isfinite(new).any(axis=-1))
    old = np.where(usable[..., np.newaxis], old, np.nan)
    new = np.where(usable[..., np.newaxis], new, np.nan)
    stored = _stored(old)
    rows, calm, new_factor = _relative(stored, old_noise, new, new_noise)
    factors = stored.factor if factor_counts is None else np.where(factor_counts, stored.factor, np.nan)
    factor = _predicted(factors, new_factor)
    plain = _predicted(old, new)
    removed = _is_removed(usable.sum(axis=-2), stored.factor)
    by_row: Mask = np.asarray(removed)[..., np.newaxis, :]
    ambiguous = _ambiguous(calm) & by_row
    relative = by_row & ~ambiguous
    chosen = Moved(
        effect=np.where(relative, rows.effect, plain.effect),
        candidate_variance=np.where(relative, rows.candidate_variance, plain.candidate_variance),
        stored_variance=np.where(relative, rows.stored_variance, plain.stored_variance),
        df=np.where(relative, rows.df, plain.df),
    )
    alone = old - _mean(old)[..., np.newaxis]
    beside = old - stored.centre[..., np.newaxis] - _by_row(stored.factor)
    residuals = np.where(relative[..., np.newaxis], beside, alone)
    stored_runs, candidates, counted = (np.isfinite(values).sum(axis=-1) for values in (old, new, factors))
    return StoredComparison(
        rows=chosen,
        factor=factor,
        removed=removed,
        ambiguous=ambiguous,
        relative=rows,
        highest=_highest(residuals),
        recent=_slowest(residuals[..., -RECENT_RUNS:]),
        runs=stored_runs,
        candidates=candidates,
        factor_runs=counted,
    )


def _slowest(residuals: Floats) -> Floats:
    """Largest over the runs; minus infinity where there is none."""
    return np.asarray(np.max(np.where(np.isfinite(residuals), residuals, -np.inf), axis=-1, initial=-np.inf))


def _highest(residuals: Floats) -> Floats:
    """Largest over the runs, the second largest from five on; minus infinity where there is none."""
    known = np.isfinite(residuals)
    ordered = np.sort(np.where(known, residuals, -np.inf), axis=-1)
    if ordered.shape[-1] < _RUNS_TO_FORGIVE_ONE:
        return np.asarray(np.max(ordered, axis=-1, initial=-np.inf))
    return np.asarray(np.where(known.sum(axis=-1) >= _RUNS_TO_FORGIVE_ONE, ordered[..., -2], ordered[..., -1]))


@dataclass(frozen=True)
class _Stored:
    """What stored runs say of each endpoint, the shared factor removed."""

    centre: Floats
    centre_variance: Floats
    run_variance: Floats
    """Of an endpoint in an ordinary run."""
    df: Floats
    factor: Floats
    """Shape ``(..., metrics, runs)``."""


def _stored(old: Floats) -> _Stored:
    """Centres and run-to-run variances; the variances are drawn towards the typical endpoint's.

    Runs are not equally noisy: where the runner was slow the endpoints scatter too. Each run's unrest is the scale of
    its standardised residuals over the endpoints, and its values weigh less for it.
    """
    runs = np.isfinite(old).sum(axis=-1)
    unrest = np.ones((*old.shape[:-3], *old.shape[-2:]))
    factor = _over_endpoints(old - median(old)[..., np.newaxis]).centre
    fit = t_location(old - _by_row(factor))
    for _ in range(_TURNS):
        own, weights = old - _by_row(factor), np.broadcast_to(1 / _by_row(unrest), old.shape)
        alone = t_location(own, weights).scale2
        typical = _PRIOR_INFLATION * median(np.swapaxes(np.where(runs >= FEW_RUNS, alone, np.nan), -1, -2))
        prior = np.maximum(np.nan_to_num(typical), _TINY_VARIANCE)[..., np.newaxis, :]
        fit = t_location(own, weights, prior, _PRIOR_DF)
        scale2 = np.maximum(fit.scale2, _TINY_VARIANCE)[..., np.newaxis]
        deviation = old - fit.centre[..., np.newaxis]
        unrest = _unrest((deviation - _by_row(factor)) / np.sqrt(scale2))
        precision = np.broadcast_to(1 / scale2, old.shape)
        factor = _over_endpoints(deviation, precision, unrest, _SURE_DF).centre
    few = runs < FEW_RUNS
    assumed = np.broadcast_to(np.square(_ASSUMED_SD[: old.shape[-2]]), runs.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Stored(
            centre=np.where(few, _mean(old - _by_row(factor)), fit.centre),
            centre_variance=np.where(few, assumed / runs, np.maximum(fit.variance, _TINY_VARIANCE / runs)),
            run_variance=np.where(few, assumed, np.maximum(_RUN_VARIANCE * fit.scale2, _TINY_VARIANCE)),
            df=np.where(few, ASSUMED_DF, fit.df),
            factor=factor,
        )


def _unrest(standardised: Floats) -> Floats:
    """Squared scale of each run's residuals over its endpoints, ``(..., metrics, runs)``; one where they are few."""
    return _scale2(standardised, np.isfinite(standardised).sum(axis=-3))


def _scale2(standardised: Floats, endpoints: NDArray[np.int64]) -> Floats:
    """Squared scale over endpoints by the median, so that one that changed hardly counts; drawn towards one."""
    by_run = np.moveaxis(standardised, -3, -1)
    n = np.isfinite(by_run).sum(axis=-1)
    own = np.square(median(np.abs(by_run)) / _MEDIAN_OF_T)
    found = (UNREST_DF + n * np.nan_to_num(own)) / (UNREST_DF + n)
    return np.asarray(np.where(endpoints >= LEAST_FOR_UNREST, found, 1.0))


def _candidate_unrest(standardised: Floats) -> Floats:
    """The same by the endpoints that came out faster than the rest, mirrored.

    The slower ones may be what is looked for, and as unrest they would hide each other: the more, the better.
    """
    endpoints = np.isfinite(standardised).sum(axis=-3)
    faster = np.where(standardised <= 0, standardised, np.nan)
    return _scale2(faster, endpoints)


def _over_endpoints(
    values: Floats, weights: Floats | None = None, prior_variance: ArrayLike = 0.0, prior_df: float = 0.0
) -> Location:
    """Location over the endpoints of each run, of arrays ``(..., endpoints, metrics, runs)``."""
    by_run = np.moveaxis(values, -3, -1)
    return t_location(by_run, None if weights is None else np.moveaxis(weights, -3, -1), prior_variance, prior_df)


def _by_row(of_runs: Floats) -> Floats:
    """From ``(..., metrics, runs)`` to a shape that goes with endpoints."""
    return np.asarray(of_runs[..., np.newaxis, :, :])


def _relative(stored: _Stored, old_noise: Floats, new: Floats, new_noise: Floats) -> tuple[Moved, Moved, Floats]:
    """Changes against all other endpoints; the same as if the runs were as calm as others; each run's shared factor."""
    usual = np.nan_to_num(_mean(old_noise))
    beyond = np.maximum(stored.run_variance - usual, _LEAST_RUN_SHARE * stored.run_variance)
    moved = new - stored.centre[..., np.newaxis]
    present = np.isfinite(moved)
    variance = beyond[..., np.newaxis] + np.where(present, new_noise, 0.0)
    precision = np.where(present, 1 / variance, 0.0)
    # The scale is known from the stored runs: estimated here, a few slower endpoints would widen it and be believed.
    factor = _over_endpoints(moved, precision, 1 / _RUN_VARIANCE, _SURE_DF).centre
    own = moved - _by_row(factor)
    unrest = _candidate_unrest(own * np.sqrt(_RUN_VARIANCE * precision))
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = variance + _by_row(FACTOR_COST / precision.sum(axis=-3))
    rows, calm = (_mean_of_runs(own, whole * _by_row(spread), stored) for spread in (unrest, np.ones(unrest.shape)))
    return rows, calm, factor


def _mean_of_runs(own: Floats, variance: Floats, stored: _Stored) -> Moved:
    """Mean over the candidate's runs, each weighed by its variance."""
    present = np.isfinite(own)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.where(present, 1 / variance, 0.0)
        effect = np.sum(weights * np.where(present, own, 0.0), axis=-1) / weights.sum(axis=-1)
        candidate = 1 / weights.sum(axis=-1)
    known = np.where(present.any(axis=-1), effect, np.nan)
    return Moved(known, candidate, stored.centre_variance, np.minimum(stored.df, _MAX_DF))


def _predicted(old: Floats, new: Floats) -> Moved:
    """Prediction interval for the mean of new runs, nothing removed.

    References
    ----------
    Hahn, G. J. and Meeker, W. Q. (1991). Statistical Intervals, section 4.8. https://doi.org/10.1002/9780470316771
    """
    k, r = np.isfinite(old).sum(axis=-1), np.isfinite(new).sum(axis=-1)
    few = k < FEW_RUNS
    variance = np.where(few, _ASSUMED_RUNNER_SD**2, np.maximum(np.nan_to_num(_variance(old)), _TINY_VARIANCE))
    with np.errstate(divide="ignore", invalid="ignore"):
        return Moved(
            effect=_mean(new) - _mean(old),
            candidate_variance=variance / r,
            stored_variance=variance / k,
            df=np.where(few, ASSUMED_DF, k - 1.0),
        )


def _is_removed(endpoints: NDArray[np.int64], factor: Floats) -> Mask:
    """Shape ``(..., metrics)``."""
    spread = np.sqrt(np.nan_to_num(_variance(factor)))
    return np.asarray(
        (endpoints >= REMOVED_FROM) | ((endpoints >= REMOVED_IF_SPREAD_FROM) & (spread > MUCH_SPREAD)), dtype=bool
    )


def _ambiguous(rows: Moved) -> Mask:
    """Endpoints that surely moved against the factor, in the company of too many for the factor to be believed.

    Company is who moved the same way at least half as far: with a limit of its own for that, as 10 %, those just below
    it would be blamed for what the others gained.
    """
    size, sign = np.abs(rows.effect), np.sign(rows.effect)
    with np.errstate(invalid="ignore"):
        sure = size - 2 * np.sqrt(rows.variance) > _AMBIGUOUS_MOVE
    same = sign[..., :, np.newaxis, :] == sign[..., np.newaxis, :, :]  # (..., endpoints, others, metrics)
    company = np.sum(same & (2 * size[..., np.newaxis, :, :] >= size[..., :, np.newaxis, :]), axis=-2)
    judged = np.isfinite(rows.effect).sum(axis=-2, keepdims=True)
    return np.asarray(sure & (company >= _AMBIGUOUS_LEAST) & (company > _AMBIGUOUS_SHARE * judged))


def _mean(values: Floats) -> Floats:
    """Mean over the last axis of what is not NaN; NaN where nothing is left."""
    n = np.isfinite(values).sum(axis=-1)
    total = np.where(np.isfinite(values), values, 0.0).sum(axis=-1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def _variance(values: Floats) -> Floats:
    """Sample variance over the last axis of what is not NaN; NaN with fewer than two."""
    n = np.isfinite(values).sum(axis=-1)
    deviation = np.where(np.isfinite(values), values - _mean(values)[..., np.newaxis], 0.0)
    return np.asarray(np.where(n > 1, np.square(deviation).sum(axis=-1) / np.maximum(n - 1, 1), np.nan))
