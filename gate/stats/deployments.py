"""What one run cannot tell: how much deployments of the same code differ, and the hosts they stand on.

Learnt from duets of the same code. The effect of such a duet is the constant difference of the two hosts, what each of
the two deployments does to an endpoint by its own luck, and the noise of its blocks; the last is known. Everything is
on natural logs, candidate minus base.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from gate.stats.location import Floats, mad_sd, median
from gate.stats.moderation import fit_prior

_FAR = 4.0
"""Standard deviations by the median absolute deviation beyond which a difference is the code's own: main had changed
there. Of t5 noise they are one in a hundred."""
MIN_BLOCKS = 3
"""Fewer pairs of blocks say nothing about their own spread."""
_LEAST_ENDPOINTS = 3
"""With fewer nobody can tell what is typical of them: each stands for itself."""
_TINY = 1e-12


@dataclass(frozen=True)
class SameCode:
    """Duets of one code."""

    differences: Floats
    """Shape ``(duets, endpoints, metrics, rounds)``: candidate minus base by pairs of blocks; NaN where there is
    none."""
    worth: int
    """Independent differences of deployments among them, see :func:`worth_of`."""


@dataclass(frozen=True)
class Learnt:
    """Estimates as they are: neither made larger for safety nor kept from zero."""

    sigma: Floats
    """Shape ``(endpoints, metrics)``: standard deviation of what one deployment does to an endpoint, that which it does
    to all included."""
    sigma_common: float
    """Standard deviation of what one deployment does to all endpoints."""
    offset: Floats
    """Shape ``(endpoints, metrics)``: how much slower the candidate's host is, each drawn towards the mean."""
    offset_variance: Floats
    mean_offset: Floats
    """Shape ``(metrics,)``."""
    mean_offset_variance: Floats
    sigma2_error: Floats
    """Shape ``(metrics,)``: standard error of the typical endpoint's squared sigma; infinite with fewer than two
    duets."""
    worth: int
    left_out: int
    """Differences so far from the others of their endpoint that the code itself must have changed."""


def worth_of(duets: Iterable[tuple[Hashable, Hashable]]) -> int:
    """Independent differences among duets, given as pairs of deployments.

    Deployments measured against each other again and again show the same luck again: ``n`` of them joined by duets in
    any way give ``n - 1`` differences, the rank of the graph. A deployment beside itself gives none.
    """
    group: dict[Hashable, Hashable] = {}

    def root(one: Hashable) -> Hashable:
        while group.setdefault(one, one) != one:
            one = group[one]
        return one

    rank = 0
    for one, other in duets:
        if root(one) != root(other):
            group[root(one)] = root(other)
            rank += 1
    return rank


def learn(duets: SameCode) -> Learnt:
    """Estimate from duets of the same code by the method of moments, endpoints drawn towards the typical one.

    ``sigma^2 = max(0, s^2 - v) / 2``, with ``s^2`` the sample variance of an endpoint's mean differences and ``v`` the
    mean of what their blocks explain: the one-way analysis of variance with random effects, two deployments in each.
    Means and sample variances of blocks, not locations, because only these are without bias, and ``v`` is often larger
    than what is left. A duet beyond four robust standard deviations is left out first. Variances are moderated over
    endpoints, relative to what is typical; an endpoint's offset is drawn towards the mean of all by how much offsets
    vary beyond their errors.

    Raises
    ------
    ValueError
        If there is no duet.

    References
    ----------
    Searle, S. R., Casella, G. and McCulloch, C. E. (1992). Variance Components, section 3.5.
    https://doi.org/10.1002/9780470316856
    Smyth, G. K. (2004), as in ``moderation``; Efron, B. and Morris, C. (1975), for the offsets.
    https://doi.org/10.1080/01621459.1975.10479864
    """
    if not len(duets.differences):
        raise ValueError("nothing can be learnt from no duet")
    effects, variances = _by_duet(duets.differences)
    kept = _near_the_others(effects, variances)
    effects, variances = np.where(kept, effects, np.nan), np.where(kept, variances, np.nan)
    share = duets.worth / len(effects)
    mean, s2, n = _moments(effects)
    blocks = np.nan_to_num(_moments(variances)[0])
    total = _moderated(s2, blocks, np.maximum(n * share - 1, 0.0))
    sigma2 = np.maximum(total - blocks, 0.0) / 2
    differences = np.where(kept[..., np.newaxis], duets.differences, np.nan)[:, :, 0] - mean[:, [0]]
    common2 = _common(differences, float(sigma2[:, 0].mean()), duets.worth)
    offset, variance, middle, middle_variance = _offsets(mean, total, n * share, common2, duets.worth)
    return Learnt(
        sigma=np.sqrt(sigma2),
        sigma_common=math.sqrt(common2),
        offset=offset,
        offset_variance=variance,
        mean_offset=middle,
        mean_offset_variance=middle_variance,
        sigma2_error=_sigma2_error(effects - mean, variances, duets.worth),
        worth=duets.worth,
        left_out=int((np.isfinite(duets.differences).sum(axis=-1) >= MIN_BLOCKS).sum() - kept.sum()),
    )


def _by_duet(differences: Floats) -> tuple[Floats, Floats]:
    """Mean over rounds and its squared standard error, shape ``(duets, endpoints, metrics)``; NaN with few rounds."""
    mean, s2, n = _moments(np.moveaxis(differences, -1, 0))
    enough = n >= MIN_BLOCKS
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(enough, mean, np.nan), np.where(enough, s2 / n, np.nan)


def _near_the_others(effects: Floats, variances: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which duets are of the same code, by endpoint: one that seems quiet by luck is judged by the typical one."""
    across = np.moveaxis(effects, 0, -1)  # (endpoints, metrics, duets)
    own = mad_sd(across)
    typical = np.nan_to_num(median(np.swapaxes(own, 0, 1)))  # (metrics,)
    blocks = np.sqrt(np.nan_to_num(_moments(variances)[0]))
    limit = _FAR * np.maximum(np.maximum(np.nan_to_num(own), typical), blocks)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(effects - median(across)) <= limit)


def _sigma2_error(residuals: Floats, variances: Floats, worth: int) -> Floats:
    """Standard error of the typical squared sigma, from how the duets themselves disagree about it."""
    if worth < 2:
        return np.full(residuals.shape[-1], math.inf)
    excess = (residuals**2 - variances) / 2
    by_duet = _moments(np.swapaxes(excess, 0, 1))[0]  # (duets, metrics)
    _, s2, n = _moments(by_duet)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(s2 / np.minimum(n, worth))
    return np.asarray(np.where(np.isfinite(error), error, math.inf))


def _moments(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, sample variance and number over the first axis of what is not NaN."""
    present = np.isfinite(values)
    n = present.sum(axis=0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(present, values, 0.0).sum(axis=0) / n
        squares = np.where(present, values - mean, 0.0) ** 2
        return mean, np.where(n > 1, squares.sum(axis=0) / (n - 1), np.nan), n


def _moderated(s2: Floats, blocks: Floats, df: Floats) -> Floats:
    """Variance of an effect by endpoint, moderated relative to the typical one; without any data the typical one."""
    total = np.empty(s2.shape)
    for metric in range(s2.shape[1]):
        known = np.isfinite(s2[:, metric]) & (df[:, metric] > 0)
        weight = np.where(known, df[:, metric], 0.0)
        own = np.where(known, s2[:, metric], 0.0)
        block = blocks[:, metric]
        excess = max(0.0, float(weight @ (own - block)) / weight.sum()) if known.any() else 0.0
        typical = np.maximum(excess + block, _TINY)
        ratio = own / typical
        if known.sum() < _LEAST_ENDPOINTS:
            total[:, metric] = np.where(known, own, typical)
            continue
        prior = fit_prior(np.maximum(ratio[known], 1e-3), weight[known])
        drawn = (prior.df * prior.variance + weight * ratio) / (prior.df + weight)
        total[:, metric] = drawn * typical
    return total


def _common(differences: Floats, sigma2: float, worth: int) -> float:
    """Squared sigma of what a deployment does to all its endpoints, from the mean over endpoints of each round.

    Parameters
    ----------
    differences : ndarray, shape (duets, endpoints, rounds)
        Of the centre, each endpoint's mean over all duets taken off.
    """
    endpoints = differences.shape[1]
    if endpoints == 1:
        return sigma2
    levels, blocks = _by_duet(_moments(np.moveaxis(differences, 1, 0))[0][:, np.newaxis, np.newaxis, :])
    _, s2, n = _moments(levels)
    if not n.item() * worth / len(differences) > 1:
        return 0.0
    # Level means vary by 2 common + blocks + 2 (sigma2 - common) / endpoints.
    varies = float(s2.item() - _moments(blocks)[0].item()) - 2 * sigma2 / endpoints
    return float(min(max(0.0, varies / (2 - 2 / endpoints)), sigma2))


def _offsets(
    mean: Floats, total: Floats, n: Floats, common2: float, worth: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Offsets by endpoint with their variances, and their mean over endpoints with its variance.

    What the deployments did to all endpoints is in error everywhere alike, so it is in the mean's variance only.
    """
    known = np.isfinite(mean) & (n > 0)
    shared = 2 * common2 / max(worth, 1)
    error = np.where(known, np.maximum(total - 2 * common2, 0.0) / np.where(known, n, 1.0), 0.0)
    count = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, mean, 0.0).sum(axis=0) / count
    errors = error.sum(axis=0) / count
    deviation = np.where(known, mean - middle, 0.0)
    between = np.maximum((deviation**2).sum(axis=0) / np.maximum(count - 1, 1) - errors, 0.0)
    weight = np.where(known, between / np.maximum(between + error, _TINY), 0.0)
    weight = np.where(known & (count < _LEAST_ENDPOINTS), 1.0, weight)
    of_mean = (between + errors) / count
    variance = weight**2 * error + (1 - weight) ** 2 * (between + of_mean) + shared
    return middle + weight * deviation, variance, middle, of_mean + shared
