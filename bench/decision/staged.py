"""Measuring in stages by somebody who knows every variance: estimates, what they weigh, and which rows go on.

A group of stages shares something that requests cannot average out: a pair of deployments in a duet, a run otherwise.
Hiccups and what all endpoints share (block noise, runners, drift) are taken out exactly; what is left is normal but for
the effects of deployments and runs, whose tails stay heavy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bench.decision.table import Judged
from bench.decision.world import METRICS, Floats, Mask, Noise, pool, run_effects, student

BASELINE_REQUESTS = 1_000
"""Of one endpoint in a stored run."""
_POOL_REQUESTS = 100


@dataclass(frozen=True)
class Stage:
    """What is measured of every suspect."""

    blocks: int
    """Per arm; 1 where a run is one block."""
    n: int
    """Requests of a block."""
    group: int
    others: int = 0
    """Requests of an endpoint that is no suspect, which a real procedure needs to know what a runner did to all."""


@dataclass(frozen=True)
class Setting:
    """Where the oracle works."""

    metrics: tuple[int, ...]
    """Indices of those it tests."""
    pairs: tuple[int, ...] = ()
    """Pairs of deployments of each group, in a duet."""
    stored: int = 0
    """Runs of main, without a base deployment."""

    @property
    def arms(self) -> int:
        """2 in a duet."""
        return 1 if self.stored else 2


@dataclass(frozen=True)
class Design:
    """A plan with its thresholds, each per metric."""

    stages: tuple[Stage, ...]
    keep: tuple[tuple[float, ...], ...]
    """Least z to go on after each stage but the last."""
    margin: tuple[float, ...]
    """Log ratio that counts as none."""
    final: tuple[float, ...] = ()
    """Least z to block after the last stage; empty before calibration."""
    lean: float = 0.0
    """Blocks in a duet go to endpoints by this power of their requests' standard deviation; 0 shares them equally."""


@dataclass(frozen=True)
class Outcome:
    """What came of a batch."""

    z: Floats
    """After the last stage, shape ``(prs, endpoints, metrics)``; minus infinity for rows that did not get there."""
    requests: Floats
    second_stage: Mask
    second_group: Mask
    """Whether any endpoint got that far, shape ``(prs,)``."""


def run(rng: np.random.Generator, setting: Setting, noise: Noise, design: Design, effects: Floats) -> Outcome:
    """Measure a batch of pull requests stage by stage.

    Estimates of a group are pooled by inverse variance; groups by that of their estimate and what they share.

    Parameters
    ----------
    effects : ndarray, shape (prs, endpoints, 2)
        True log ratios.
    """
    prs, endpoints, _ = effects.shape
    chosen = list(setting.metrics)
    per_request = pool(endpoints, _POOL_REQUESTS, hiccup_share=0.0).var(axis=1)[:, chosen] * _POOL_REQUESTS
    portion = per_request.mean(axis=1) ** (design.lean / 2)
    portion /= portion.mean()
    shared_variance, shared = _groups(rng, setting, noise, (prs, endpoints), len({s.group for s in design.stages}))
    common_variance, common = _baseline(rng, setting, noise, (prs, endpoints), per_request)
    truth = effects[..., chosen] - common
    weights = np.zeros((len(shared), endpoints, len(chosen)))
    sums = np.zeros((len(shared), prs, endpoints, len(chosen)))
    alive = np.ones((prs, endpoints, len(chosen)), dtype=bool)
    requests, reached = np.zeros(prs), []
    z = np.full(alive.shape, -np.inf)
    for at, stage in enumerate(design.stages):
        suspects = np.any(alive, axis=2)
        reached.append(np.any(suspects, axis=1))
        requests += setting.arms * stage.blocks * stage.n * (suspects @ portion)
        requests += stage.others * (~suspects).sum(axis=1) * reached[-1]
        variance = (setting.arms * per_request / stage.n + (noise.block**2 if setting.pairs else 0)) / stage.blocks
        variance /= portion[:, None]
        estimate = truth + shared[stage.group] + np.sqrt(variance) * _correlated(rng, setting, (prs, endpoints))
        weights[stage.group] += 1 / variance
        sums[stage.group] += estimate / variance
        seen = range(stage.group + 1)
        z = _z(weights[seen], sums[seen], shared_variance[seen], common_variance, np.array(design.margin))
        if at < len(design.keep):
            alive &= z >= np.array(design.keep[at])
    second = next(i for i, stage in enumerate(design.stages) if stage.group == 1)
    return Outcome(np.where(alive, z, -np.inf), requests, reached[1], reached[second])


def judge(rng: np.random.Generator, setting: Setting, noise: Noise, design: Design, effects: Floats) -> Judged:
    """Block what reaches the final threshold."""
    outcome = run(rng, setting, noise, design, effects)
    blocked = np.zeros((*effects.shape[:2], len(METRICS)), dtype=bool)
    blocked[..., list(setting.metrics)] = outcome.z >= np.array(design.final)
    no = np.zeros(len(effects), dtype=bool)
    redeployed = outcome.second_group if setting.pairs else no
    return Judged(blocked, no, outcome.requests, outcome.second_stage, redeployed, no)


def _groups(
    rng: np.random.Generator, setting: Setting, noise: Noise, shape: tuple[int, int], groups: int
) -> tuple[Floats, Floats]:
    """Variance of what stages share, shape ``(groups, 1, metrics)``, and draws, ``(groups, *shape, metrics)``."""
    chosen = list(setting.metrics)
    if setting.stored:
        effects = run_effects(rng, replace(noise, runner=0.0, drift=0.0), (groups, *shape))
        return np.tile(_run_variance(noise)[chosen], (groups, 1, 1)), effects[..., chosen]
    draws, variances = [], []
    for pairs in setting.pairs:
        sds = np.array(noise.deployment)[chosen]
        each = [student(rng, sd, noise.tails, (2 * pairs, *shape)) for sd in sds]
        draws.append(np.stack([(e[:pairs] - e[pairs:]).mean(axis=0) for e in each], axis=-1))
        variances.append(2 * sds[None] ** 2 / pairs)
    return np.stack(variances), np.stack(draws)


def _run_variance(noise: Noise) -> Floats:
    """Of an endpoint in a run, by metric, without what all endpoints share."""
    centre, own = noise.run
    return np.array([centre**2, centre**2 + own**2])


def _baseline(
    rng: np.random.Generator, setting: Setting, noise: Noise, shape: tuple[int, int], per_request: Floats
) -> tuple[Floats, Floats]:
    """Variance and draws of the error of the mean of the stored runs, near enough normal; zero in a duet."""
    if not setting.stored:
        return np.zeros_like(per_request), np.zeros((*shape, len(setting.metrics)))
    chosen, k = list(setting.metrics), setting.stored
    variance = _run_variance(noise)[chosen] / k + per_request / BASELINE_REQUESTS / k
    return variance, np.sqrt(variance) * _correlated(rng, setting, shape)


def _correlated(rng: np.random.Generator, setting: Setting, shape: tuple[int, int]) -> Floats:
    """Standard normals, correlated over metrics as summaries of the same requests are."""
    summaries = pool(shape[1], _POOL_REQUESTS, hiccup_share=0.0)
    correlation = np.mean([np.corrcoef(endpoint.T)[0, 1] for endpoint in summaries])
    normals = rng.standard_normal((*shape, len(setting.metrics)))
    if len(setting.metrics) > 1:
        normals[..., 1] = correlation * normals[..., 0] + np.sqrt(1 - correlation**2) * normals[..., 1]
    return np.asarray(normals)


def _z(weights: Floats, sums: Floats, shared: Floats, common: Floats, margin: Floats) -> Floats:
    of_group = 1 / (1 / weights + shared)
    total = of_group.sum(axis=0)
    mean = ((of_group / weights)[:, None] * sums).sum(axis=0) / total
    return np.asarray((mean - margin) / np.sqrt(1 / total + common))
