"""Base and preview measured side by side: blocks are pairs, and what both share cancels.

What does not cancel is how two deployments of the same code differ; it enters the error as ``sigma_dep`` and no number
of requests averages it away, only more deployments do. Everything is on natural logs, candidate minus base. Arrays may
have leading dimensions (many pull requests at once), so that a study judges by the very code that judges one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gate.stats.location import Floats, mad_sd, median, t_location
from gate.stats.scores import normal_score

MIN_BLOCKS = 3
"""Fewer pairs of blocks say nothing about their own spread."""
MIN_ENDPOINTS_FOR_SHARED = 5
"""With fewer endpoints a round's median is too much made of each endpoint itself."""
_SHARED_COVER = 0.5
"""Share of the endpoints that a round must have for its median to stand for all of them."""
_PRIOR_DF = 6.0
_SMALL_SAMPLE = 1.15
"""Inflates the MAD of few blocks when it serves as a prior."""
_MAX_DF = 200.0
_MEDIAN_COST = math.pi / 2
_ABSENT = 1e9
"""Variance of a pair that did not measure an endpoint."""
_RIDGE = 1e-12
"""Relative to the covariance: far below any noise, enough to solve for weights."""


@dataclass(frozen=True)
class PairFit:
    """What the blocks of one pair of deployments say; arrays of shape ``(..., endpoints, metrics)``."""

    effect: Floats
    """NaN with fewer than three blocks."""
    variance: Floats
    """Of the blocks alone, what a round's endpoints share included."""
    df: Floats
    level: Floats
    """Shape ``(...)``: change of the whole suite by the first metric; NaN with fewer than three full rounds."""
    level_variance: Floats
    level_df: Floats
    prior: Floats
    """Shape ``(..., metrics)``: squared scale of a block that every endpoint was drawn towards."""


def fit_pair(differences: Floats, prior: Floats | None = None) -> PairFit:
    """Changes between the arms of one pair of deployments, all endpoints at once.

    What all endpoints of a round share (a hiccup of the machine between the arms) is taken out of the rounds that
    measured most endpoints: the median over endpoints of their deviations from their own centres. Rounds of a few
    suspects keep it, and weigh less for it.

    Parameters
    ----------
    differences : ndarray, shape (..., endpoints, metrics, rounds)
        Log latency of the candidate minus that of the base, one per pair of blocks; NaN where there is none.
    prior : ndarray, shape (..., metrics), optional
        Squared scale of a block known from another pair; else it is the median over the endpoints here.

    Returns
    -------
    PairFit
    """
    count = differences.shape[-3]
    full = _full_rounds(differences)
    shared, own = _shared(differences, full)
    level = t_location(np.where(full, shared, np.nan))
    removes = count >= MIN_ENDPOINTS_FOR_SHARED
    if removes:
        moved = np.where(full & np.isfinite(shared), shared - level.centre[..., np.newaxis], 0.0)
        differences = differences - moved[..., np.newaxis, np.newaxis, :]
    if prior is None:
        prior = _typical_scale2(np.where(full[..., np.newaxis, np.newaxis, :], differences, np.nan))
    weights = _weights(level.scale2, prior, full, count) if removes else None
    fit = t_location(differences, weights, prior[..., np.newaxis, :], _PRIOR_DF * (prior[..., np.newaxis, :] > 0))
    enough = np.isfinite(differences).sum(axis=-1) >= MIN_BLOCKS
    known = np.isfinite(own).sum(axis=-1) >= 2
    level_known = known & (np.isfinite(np.where(full, shared, np.nan)).sum(axis=-1) >= MIN_BLOCKS)
    level_variance = np.where(level_known, level.variance, np.nan)
    added = (
        _level_share(differences, weights, full)
        * np.where(level_known, level.variance, 0.0)[..., np.newaxis, np.newaxis]
        if weights is not None
        else np.zeros(fit.variance.shape)
    )
    return PairFit(
        effect=np.where(enough, fit.centre, np.nan),
        variance=np.where(enough, fit.variance + added, np.nan),
        df=fit.df,
        level=np.where(level_known, level.centre, np.nan),
        level_variance=level_variance,
        level_df=level.df,
        prior=prior,
    )


def _full_rounds(differences: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Shape ``(..., rounds)``: rounds that measured most endpoints."""
    measured = np.isfinite(differences[..., 0, :]).sum(axis=-2)
    return np.asarray(measured >= max(1.0, _SHARED_COVER * differences.shape[-3]))


def _shared(differences: Floats, full: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[Floats, Floats]:
    """What the endpoints of each round share, by the first metric, and each endpoint's own centre.

    Not its median: of an odd number of rounds that is one of the values, so one deviation in every endpoint would be
    exactly zero and pull the median over endpoints there.
    """
    first = differences[..., 0, :]
    own = t_location(np.where(full[..., np.newaxis, :], first, np.nan)).centre
    deviations = np.swapaxes(first - own[..., np.newaxis], -1, -2)
    return np.asarray(median(deviations) + median(own)[..., np.newaxis]), own


def _typical_scale2(differences: Floats) -> Floats:
    """Squared scale of a block of the typical endpoint, shape ``(..., metrics)``; zero where there is none.

    The median: one erratic endpoint would make a mean so large that nothing could be seen of the others.
    """
    scale2 = (_SMALL_SAMPLE * mad_sd(differences)) ** 2
    known = np.isfinite(differences).sum(axis=-1) >= MIN_BLOCKS
    return np.nan_to_num(median(np.swapaxes(np.where(known, scale2, np.nan), -1, -2)))


def _weights(
    level_scale2: Floats, prior: Floats, full: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], endpoints: int
) -> Floats:
    """Precision of each block, shape ``(..., 1, metrics, rounds)``: less where what is shared was not taken out."""
    excess = np.nan_to_num(level_scale2) - _MEDIAN_COST * prior[..., 0] / endpoints
    shared2 = np.maximum(excess, 0.0)[..., np.newaxis]
    relative = np.where(prior > 0, prior / np.where(prior + shared2 > 0, prior + shared2, 1.0), 1.0)
    weights = np.where(full[..., np.newaxis, :], 1.0, relative[..., np.newaxis])
    return np.asarray(weights[..., np.newaxis, :, :])


def _level_share(differences: Floats, weights: Floats, full: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    """Square of the weight that full rounds have in each row: so much of the level's error is in it.

    What rounds share was taken out of them but for its mean, which is the same in all of them.
    """
    weighed = np.where(np.isfinite(differences), weights, 0.0)
    cleaned = np.where(full[..., np.newaxis, np.newaxis, :], weighed, 0.0).sum(axis=-1)
    return np.asarray(np.square(cleaned / np.maximum(weighed.sum(axis=-1), 1e-300)))


@dataclass(frozen=True)
class Pooled:
    """A change over one or several pairs of deployments; arrays of one shape."""

    effect: Floats
    variance: Floats
    blocks_variance: Floats
    """Part of the variance that more requests would lower."""
    deployments_variance: Floats
    """Part that only more deployments would lower."""
    offset_variance: Floats
    """Part that only learning the hosts better would lower."""
    df: Floats

    def t(self, margin: ArrayLike) -> Floats:
        """How far the change lies beyond a margin (a ratio), in standard errors; NaN where nothing varies at all."""
        known = np.where(self.variance > 0, self.variance, np.nan)
        return np.asarray((self.effect - np.log1p(margin)) / np.sqrt(known))

    def z(self, margin: ArrayLike) -> Floats:
        """The same as the standard normal score of equal probability."""
        return normal_score(self.t(margin), self.df)


@dataclass(frozen=True)
class Deployed:
    """One pair of deployments, by number: pairs that share one share its luck."""

    candidate: int
    base: int


def pool(
    effects: Sequence[Floats],
    variances: Sequence[Floats],
    dfs: Sequence[Floats],
    deployed: Sequence[Deployed],
    sigma_dep: ArrayLike,
    offset: ArrayLike = 0.0,
    offset_variance: ArrayLike = 0.0,
) -> Pooled:
    """One change from several pairs of deployments, by generalised least squares.

    The covariance of two pairs is ``sigma_dep^2`` for each deployment they share; with pairs of their own the weights
    are the inverse variances. An offset between the hosts was learnt once and is in error everywhere alike, so its
    variance stands outside.

    Parameters
    ----------
    effects, variances, dfs : sequences of ndarray, one per pair, equal shapes
        NaN where a pair did not measure.
    deployed : sequence of Deployed
        Which deployments made each pair.
    sigma_dep : array_like, broadcastable
        Standard deviation of one deployment's own effect.
    offset, offset_variance : array_like, broadcastable
        How much slower the candidate's host is for the same code, and how well that is known.

    References
    ----------
    Aitken, A. C. (1936). On least squares and linear combination of observations.
    https://doi.org/10.1017/S0370164600014346
    Satterthwaite, F. E. (1946). https://doi.org/10.2307/3002019 (an assumed sigma_dep has no degrees to lose).
    """
    effect, variance = np.stack(effects, axis=-1), np.stack(variances, axis=-1)
    present = np.isfinite(effect) & np.isfinite(variance)
    known = np.where(present, variance, _ABSENT)
    shares = np.array([[(a.candidate == b.candidate) + (a.base == b.base) for b in deployed] for a in deployed])
    sigma2 = np.broadcast_to(np.square(np.asarray(sigma_dep, dtype=np.float64)), effect.shape[:-1])
    scale = np.where(present, variance, 0.0).max(axis=-1, initial=0.0) + sigma2
    singular = ~(scale > 0)
    # The ridge is for pairs whose blocks are all equal: one without any error, or two of the same deployments.
    diagonal = known + _RIDGE * scale[..., np.newaxis]
    covariance = sigma2[..., np.newaxis, np.newaxis] * shares + diagonal[..., np.newaxis] * np.eye(len(deployed))
    covariance = np.where(singular[..., np.newaxis, np.newaxis], np.eye(len(deployed)), covariance)
    raw = np.linalg.solve(covariance, np.ones((*effect.shape, 1)))[..., 0]
    weights = raw / raw.sum(axis=-1, keepdims=True)
    inside = np.where(singular, 0.0, 1 / raw.sum(axis=-1))
    parts = np.where(present, weights**2 * variance, 0.0)
    blocks = parts.sum(axis=-1)
    outside = np.broadcast_to(np.asarray(offset_variance, dtype=np.float64), inside.shape)
    total = inside + outside
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(present, parts**2 / np.stack(dfs, axis=-1), 0.0).sum(axis=-1)
        df = np.where(blocks > 0, np.minimum(_MAX_DF, total**2 / spread), _MAX_DF)
    nothing = ~present.any(axis=-1)
    found = np.where(present, weights * effect, 0.0).sum(axis=-1) - np.asarray(offset)
    return Pooled(
        effect=np.where(nothing, np.nan, found),
        variance=np.where(nothing, np.nan, total),
        blocks_variance=blocks,
        deployments_variance=np.maximum(inside - blocks, 0.0),
        offset_variance=np.asarray(outside),
        df=np.asarray(df),
    )


def pool_rows(
    fits: Sequence[PairFit],
    deployed: Sequence[Deployed],
    sigma_dep: ArrayLike,
    offset: ArrayLike = 0.0,
    offset_variance: ArrayLike = 0.0,
) -> Pooled:
    """Changes of all rows, shape ``(..., endpoints, metrics)``."""
    return pool(
        [fit.effect for fit in fits],
        [fit.variance for fit in fits],
        [fit.df for fit in fits],
        deployed,
        sigma_dep,
        offset,
        offset_variance,
    )


def pool_levels(
    fits: Sequence[PairFit],
    deployed: Sequence[Deployed],
    sigma_dep: float,
    sigma_common: float = 0.0,
    offset: ArrayLike = 0.0,
    offset_variance: ArrayLike = 0.0,
) -> Pooled:
    """Change of the whole suite, shape ``(...)``: deployment effects of endpoints average out, common ones do not."""
    endpoints = [np.isfinite(fit.effect[..., 0]).sum(axis=-1) for fit in fits]
    counted = [np.maximum(count, 1) for count in endpoints]
    variances = [fit.level_variance + 2 * sigma_dep**2 / count for fit, count in zip(fits, counted, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):  # an assumed sigma_dep has no degrees to lose here either
        dfs = [fit.level_df * (v / fit.level_variance) ** 2 for fit, v in zip(fits, variances, strict=True)]
    return pool(
        [fit.level for fit in fits],
        variances,
        dfs,
        deployed,
        sigma_common,
        offset,
        offset_variance,
    )
