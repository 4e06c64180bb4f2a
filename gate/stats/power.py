"""How small a slowdown would have been caught: the minimum detectable effect of a whole procedure, stage by stage.

A row is blocked if its score passes every stage, and each score grows in proportion to the true change. So each draw of
the noise has one change from which on it blocks, the largest that any stage asks for; the change that is caught with
probability 0.8 is the 80 % quantile of those. The draws are fixed points that fill the cube evenly, hence equal inputs
give equal figures on every machine. Noise is taken to be normal, and deployments to differ as much as is believed. That
a spread is estimated is reckoned with where it comes from few stored runs; dozens of blocks are on the safe side.
Everything is on natural logs until it is returned as a ratio.

References
----------
Richtmyer, R. D. (1951). The evaluation of definite integrals, and a quasi-Monte-Carlo method. LA-1342. For normal
probabilities: Genz, A. and Bretz, F. (2009). Computation of multivariate normal and t probabilities, section 4.2.2.
https://doi.org/10.1007/978-3-642-01689-9
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gate.stats.designs import MARGINS, DuetDesign, Stage, StoredDesign
from gate.stats.location import Floats
from gate.stats.special import chdtri, ndtr, ndtri, stdtrit
from gate.stats.stored import LEAST_FOR_UNREST, UNREST_DF

POWER = 0.8
"""Caught four times in five."""
_POINTS = 2048
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
_PRIOR_DF = 6.0
"""As in ``duet.fit_pair``."""
_MAX_DF = 200.0


def detectable_duet(
    block_variance: ArrayLike,
    design: DuetDesign,
    sigma_dep: ArrayLike,
    limit: float,
    *,
    least: ArrayLike = 0.0,
    offset_variance: ArrayLike = 0.0,
    power: float = POWER,
) -> Floats:
    """Smallest slowdowns that a duet catches with probability ``power``, as ratios.

    Parameters
    ----------
    block_variance : array_like, shape (..., metrics)
        Squared standard error of a change if it were measured by one pair of blocks: ``PairFit.variance`` times the
        pairs of blocks behind it.
    design : DuetDesign
        Stages, each on all its pairs of deployments together.
    sigma_dep : array_like, broadcastable
        Standard deviation of one deployment's own effect, as believed.
    limit : float
        Score from which a row blocks.
    least : array_like, broadcastable
        Change that the estimate itself has to reach, a ratio: the user's tolerance or the absolute floor.
    offset_variance : array_like, broadcastable
        Squared standard error of what is taken off for the hosts.
    power : float
        Probability of being caught.

    Returns
    -------
    ndarray, shape (..., metrics)
        NaN where the variance is not known.
    """
    found = _duet_paths(block_variance, design, sigma_dep, offset_variance)
    final = _least_effect(np.array(limit), found.parts, found.outside)
    asked = np.maximum(final, np.log1p(_like(least, found.outside))[..., np.newaxis])
    needed = np.maximum(found.stages[-1], asked - found.noise)
    return np.asarray(np.expm1(np.quantile(needed, power, axis=-1)))


def suspected_share(
    block_variance: ArrayLike, design: DuetDesign, sigma_dep: ArrayLike, offset_variance: ArrayLike = 0.0
) -> Floats:
    """Chance that a row that did not change is still suspected after each stage, shape ``(stages, ..., metrics)``.

    Parameters as for :func:`detectable_duet`; the stages on the first deployments come first.
    """
    found = _duet_paths(block_variance, design, sigma_dep, offset_variance)
    return np.stack([np.mean(needed <= 0, axis=-1) for needed in found.stages])


@dataclass(frozen=True)
class _Paths:
    """Draws of one duet from beginning to end."""

    stages: list[Floats]
    """Change from which on a row has passed this stage and all before it, shape ``(..., metrics, points)``."""
    parts: list[_Pairs]
    outside: Floats
    noise: Floats
    """Error of the change over all pairs."""


def _duet_paths(
    block_variance: ArrayLike, design: DuetDesign, sigma_dep: ArrayLike, offset_variance: ArrayLike
) -> _Paths:
    one = np.asarray(block_variance, dtype=np.float64)
    outside = _like(offset_variance, one)
    draw = _normals()
    hosts = np.sqrt(outside)[..., np.newaxis] * next(draw)
    apart = 2 * _like(sigma_dep, one) ** 2
    needed = np.full((*one.shape, _POINTS), -np.inf)
    parts, stages = [], []
    for pairs, of_part in ((design.first_pairs, design.first), (design.fresh_pairs, design.fresh)):
        if not of_part:
            continue
        part = _Pairs(one, apart, pairs, draw)
        parts.append(part)
        for stage in of_part:
            part.measure(stage, draw)
            asked = _least_effect(np.array(stage.keep), [part], outside)
            needed = np.maximum(needed, asked - part.noise - hosts)
            stages.append(needed)
    return _Paths(stages, parts, outside, _pooled_noise(parts) + hosts)


class _Pairs:
    """Pairs of deployments measured side by side: the variance of their change and draws of its error."""

    def __init__(self, one: Floats, apart: Floats, pairs: int, draw: Iterator[Floats]) -> None:
        self._one, self._pairs, self._blocks = one, pairs, 0
        self.deployments = apart / pairs
        self._luck = np.sqrt(self.deployments)[..., np.newaxis] * next(draw)
        self._sum = np.zeros((*one.shape, _POINTS))

    def measure(self, stage: Stage, draw: Iterator[Floats]) -> None:
        """Add the blocks of a stage to those before."""
        self._blocks += stage.rounds
        self._sum = self._sum + np.sqrt(self._one * stage.rounds)[..., np.newaxis] * next(draw)

    @property
    def noise(self) -> Floats:
        return np.asarray(self._luck + self._sum / self._blocks)

    @property
    def blocks(self) -> Floats:
        return np.asarray(self._one / self._blocks)

    @property
    def variance(self) -> Floats:
        return np.asarray(self.blocks + self.deployments)

    @property
    def spread(self) -> Floats:
        """Sum over the pairs of the squared variance of their blocks over its degrees of freedom (Satterthwaite)."""
        df = self._blocks / self._pairs - 1 + _PRIOR_DF
        return np.asarray(self.blocks**2 / (self._pairs * df))


def _pooled_noise(parts: list[_Pairs]) -> Floats:
    """Error of the mean weighted by inverse variances."""
    weights = [1 / np.maximum(part.variance, 1e-300) for part in parts]
    total = sum(weights)
    return np.asarray(
        sum((weight / total)[..., np.newaxis] * part.noise for weight, part in zip(weights, parts, strict=True))
    )


def _least_effect(score: Floats, parts: list[_Pairs], outside: Floats) -> Floats:
    """Estimate from which on a score is reached, shape ``(..., metrics, 1)``."""
    margin = np.log1p(MARGINS["duet"])
    weights = [1 / np.maximum(part.variance, 1e-300) for part in parts]
    total = sum(weights)
    variance = 1 / total + outside
    spread = sum((weight / total) ** 4 * part.spread for weight, part in zip(weights, parts, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(spread > 0, np.minimum(_MAX_DF, variance**2 / spread), _MAX_DF)
    return np.asarray(margin + _t_of(score, df) * np.sqrt(variance))[..., np.newaxis]


def detectable_stored(
    run_variance: ArrayLike,
    stored_variance: ArrayLike,
    df: ArrayLike,
    design: StoredDesign,
    limit: float,
    *,
    suspected_from: float = -np.inf,
    least: ArrayLike = 0.0,
    endpoints: int = 0,
    power: float = POWER,
) -> Floats:
    """Smallest slowdowns that a comparison with stored runs catches with probability ``power``, as ratios.

    Parameters
    ----------
    run_variance : array_like, shape (..., metrics)
        Of one run of the candidate: ``Moved.candidate_variance`` times the candidate's runs.
    stored_variance, df : array_like, broadcastable
        Of the centre of the stored runs, and degrees of freedom, as in ``Moved``.
    design : StoredDesign
        How many runs decide, and whether one before them says what is suspected.
    limit : float
        Score from which a row blocks.
    suspected_from : float
        Score from which that one suspects a row.
    least : array_like, broadcastable
        Change that the estimate itself has to reach, a ratio: the user's tolerance or the absolute floor.
    endpoints : int
        Compared at once, where what they share is taken out: with eight or more the candidate's unrest is estimated
        from those of them that are not slower.
    power : float
        Probability of being caught.

    Returns
    -------
    ndarray, shape (..., metrics)
        NaN where a variance is not known.
    """
    one, margin = np.asarray(run_variance, dtype=np.float64), np.log1p(MARGINS["stored"])
    stored, freedom = (_like(value, one) for value in (stored_variance, df))
    draw = _normals()
    centre = np.sqrt(stored)[..., np.newaxis] * next(draw)
    luck = _spread_luck(freedom, next(draw)) * _unrest_luck(endpoints, next(draw))
    floor = np.log1p(_like(least, one))[..., np.newaxis]
    needed = np.full((*one.shape, _POINTS), -np.inf)
    for runs, score in ([(1, suspected_from)] if design.suspected_share is not None else []) + [(design.runs, limit)]:
        variance = one / runs
        noise = centre + np.sqrt(variance)[..., np.newaxis] * next(draw)
        reach = (_t_of(np.array(score), freedom) * np.sqrt(variance + stored))[..., np.newaxis] * luck
        needed = np.maximum(needed, np.maximum(margin[:, np.newaxis] + reach, floor) - noise)
    return np.asarray(np.expm1(np.quantile(needed, power, axis=-1)))


def _spread_luck(df: Floats, normal: Floats) -> Floats:
    """Estimated over true standard error: few stored runs know their own spread badly, and the estimate asks for it.

    With one stage the whole is then a noncentral t.
    """
    return np.asarray(np.sqrt(chdtri(df[..., np.newaxis], ndtr(-normal)) / df[..., np.newaxis]))


def _unrest_luck(endpoints: int, normal: Floats) -> Floats:
    """How much the candidate's own unrest widens the error by chance: half of the endpoints tell of it."""
    if endpoints < LEAST_FOR_UNREST:
        return np.ones(normal.shape)
    df = UNREST_DF + (endpoints - 1) / 2
    return np.asarray(np.sqrt(chdtri(df, ndtr(-normal)) / df))


def _t_of(score: Floats, df: Floats) -> Floats:
    """Student t as improbable as a normal score."""
    return np.asarray(-stdtrit(df, ndtr(-score)))


def _like(value: ArrayLike, shape: Floats) -> Floats:
    return np.broadcast_to(np.asarray(value, dtype=np.float64), shape.shape)


def _normals() -> Iterator[Floats]:
    """Independent normal draws, one array of points after another: fractional parts of multiples of square roots."""
    number = np.arange(1, _POINTS + 1, dtype=np.float64)
    for prime in _PRIMES:
        yield np.asarray(ndtri((number * np.sqrt(prime) + 0.5) % 1.0))
