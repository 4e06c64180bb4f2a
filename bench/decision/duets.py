"""Thousands of simulated duets, judged by the statistics of the gate itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.decision.world import Floats, Noise, draw_blocks, student
from gate.stats.designs import MARGINS, DuetDesign, Stage
from gate.stats.duet import Deployed, PairFit, Pooled, fit_pair, pool_levels, pool_rows

BLOCK_REQUESTS = 50
_MARGIN = np.array(MARGINS["duet"])
_HOSTS_SEED = 99
"""The hosts differ in the same way in every pull request."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """What a batch of pull requests came to; a row or suite that left on the way scores minus infinity."""

    rows: Floats
    """Shape ``(prs, endpoints, metrics)``."""
    suite: Floats
    """Shape ``(prs,)``, like those below."""
    requests: Floats
    remeasured: Mask
    """More than the first stage was measured."""
    redeployed: Mask

    @property
    def highest(self) -> Floats:
        """The pull request is blocked if this reaches the limit."""
        return np.maximum(self.rows.max(axis=(1, 2)), self.suite)


@dataclass(frozen=True)
class Beliefs:
    """What the gate takes for granted."""

    sigma_dep: tuple[float, float]
    sigma_common: float = 0.0
    offset: Floats | float = 0.0
    """Of the candidate's host, by endpoint and metric."""
    offset_variance: Floats | float = 0.0

    def rows(self, fits: list[PairFit], deployed: list[Deployed]) -> Floats:
        """Scores of all rows."""
        found = pool_rows(fits, deployed, self.sigma_dep, self.offset, self.offset_variance)
        return found.z(_MARGIN)

    def suite(self, fits: list[PairFit], deployed: list[Deployed]) -> Floats:
        """Scores of the suite as a whole."""
        offset, known = np.mean(self.offset), np.mean(self.offset_variance)
        found: Pooled = pool_levels(fits, deployed, self.sigma_dep[0], self.sigma_common, offset, known)
        return found.z(_MARGIN[0])


def simulate(design: DuetDesign, noise: Noise, effects: Floats, beliefs: Beliefs, rng: np.random.Generator) -> Scores:
    """Judge pull requests with the given true changes (log), shape ``(prs, endpoints, metrics)``.

    Pull requests without a suspect are left alone as soon as they have none: nothing more is drawn for them.
    """
    truth = effects + noise.host + _host_spread(noise, effects.shape[1])
    live = np.ones(effects.shape, dtype=bool)
    requests = np.zeros(len(effects))
    pairs = [Pair(noise, truth, rng) for _ in range(design.first_pairs)]
    deployed = [Deployed(number, number) for number in range(design.first_pairs + design.fresh_pairs)]
    first, others = deployed[: design.first_pairs], deployed[design.first_pairs :]
    scores = np.full(effects.shape, -np.inf)
    suite = np.full(len(effects), -np.inf)
    remeasured = np.zeros(len(effects), dtype=bool)
    for number, stage in enumerate(design.first):
        on = np.flatnonzero(live.any(axis=(1, 2)))
        requests += _measure(pairs, stage, live, on)
        fits = [pair.fit(on) for pair in pairs]
        scores[on] = beliefs.rows(fits, first)
        live[on] &= scores[on] >= np.array(stage.keep)
        if number == 0:
            suite = beliefs.suite(fits, first)
            remeasured = live.any(axis=(1, 2))
    if not design.fresh:
        return Scores(np.where(live, scores, -np.inf), suite, requests, remeasured, np.zeros(len(live), dtype=bool))
    suspected = suite >= design.suite_suspect
    redeployed = live.any(axis=(1, 2)) | suspected
    on = np.flatnonzero(redeployed)
    if len(on):
        fresh = [Pair(noise, truth, rng) for _ in range(design.fresh_pairs)]
        whole = [Pair(noise, truth, rng, own=pair.own) for pair in fresh]
        before = [pair.fit(on) for pair in pairs]
        for stage in design.fresh:
            requests += _measure(fresh, stage, live, on)
            again = [pair.fit(on, fit.prior) for pair, fit in zip(fresh, before * len(fresh), strict=False)]
            live[on] &= beliefs.rows(again, others) >= np.array(stage.keep)
        scores[on] = beliefs.rows([*before, *again], deployed)
        everything = np.broadcast_to(suspected[:, np.newaxis, np.newaxis], effects.shape)
        requests += _measure(whole, design.first[0], everything, on)
        suites = [pair.fit(on) for pair in whole]
        confirmed = suspected[on] & (beliefs.suite(suites, others) >= design.suite_again)
        suite = np.full(len(effects), -np.inf)
        suite[on] = np.where(confirmed, beliefs.suite([*before, *suites], deployed), -np.inf)
    else:
        suite = np.full(len(effects), -np.inf)
    return Scores(np.where(live, scores, -np.inf), suite, requests, remeasured, redeployed)


def _host_spread(noise: Noise, endpoints: int) -> Floats:
    drawn = np.random.default_rng(_HOSTS_SEED).normal(0, noise.host_spread, (endpoints, 1))
    return np.asarray(drawn * np.ones((endpoints, 2)))


class Pair:
    """One pair of deployments of all pull requests, and the blocks measured on it so far."""

    def __init__(self, noise: Noise, truth: Floats, rng: np.random.Generator, own: Floats | None = None) -> None:
        self._noise, self._rng = noise, rng
        self.own = truth + _deployment(noise, truth.shape, rng) if own is None else own
        self._blocks: list[Floats] = []

    def add(self, rounds: int, live: Mask, on: NDArray[np.intp]) -> None:
        """Measure endpoints that have a live row in so many rounds more; only pull requests ``on`` are drawn."""
        endpoints = self.own.shape[1]
        shape = (len(on), rounds)
        candidate, base = (draw_blocks(self._rng, endpoints, BLOCK_REQUESTS, shape) for _ in range(2))
        d = candidate - base + self._rng.normal(0, self._noise.block, (*shape, endpoints, 1))
        d += self._rng.normal(0, self._noise.shared, (*shape, 1, 1))
        measured = live[on].any(axis=2)[:, np.newaxis, :, np.newaxis]
        blocks = np.full((len(self.own), *self.own.shape[1:], rounds), np.nan)
        blocks[on] = np.moveaxis(np.where(measured, d + self.own[on][:, np.newaxis], np.nan), 1, -1)
        self._blocks.append(blocks)

    def fit(self, on: NDArray[np.intp], prior: Floats | None = None) -> PairFit:
        """What the blocks say of the pull requests ``on``."""
        return fit_pair(self.differences[on], prior)

    @property
    def differences(self) -> Floats:
        """All blocks so far, shape ``(prs, endpoints, metrics, rounds)``."""
        return np.concatenate(self._blocks, axis=-1)


def _deployment(noise: Noise, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Difference of two deployments of the same code."""
    prs, endpoints, _ = shape
    pair = np.stack(
        [np.subtract(*student(rng, sd, noise.tails, (2, prs, endpoints))) for sd in noise.deployment], axis=-1
    )
    return np.asarray(pair + rng.normal(0, noise.common_deployment * np.sqrt(2), (prs, 1, 1)))


def _measure(pairs: list[Pair], stage: Stage, live: Mask, on: NDArray[np.intp]) -> Floats:
    """Measure a stage, its rounds dealt out over the pairs; gives the requests of each pull request."""
    for number, pair in enumerate(pairs):
        pair.add(len(range(number, stage.rounds, len(pairs))), live, on)
    return np.asarray(2 * BLOCK_REQUESTS * stage.rounds * live.any(axis=2).sum(axis=1), dtype=np.float64)
