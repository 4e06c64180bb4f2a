"""A world of twenty endpoints in which the truth is known: what blocks and runs of requests look like there.

Latencies are drawn request by request (bodies, tails, autocorrelation, hiccups), once per endpoint and block size, and
their block summaries kept in pools; a study then draws summaries from the pools and adds what blocks, runs, runners and
deployments share. Everything is on natural logs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

METRICS = ("centre", "p95")
"""10 %-trimmed mean of log latency, and log p95."""
AUTOCORRELATION = 0.3
"""Between one request and the next (AR(1) of the normal scores)."""
HICCUP_SHARE, HICCUP, STRETCH = 0.015, 0.25, 25
"""So many stretches of so many requests are so much slower."""
POOL = 3_000
"""Block summaries per endpoint and size."""
TAIL_SHAPE = 2.0
TAIL_SHARES = (0.01, 0.02, 0.03, 0.04)
TAIL_SCALE = 1.0
"""Lomax tail: so many requests take longer by a heavy-tailed multiple of their median."""


@dataclass(frozen=True)
class Noise:
    """Standard deviations on the log scale, ``(centre, p95)`` where the metrics differ."""

    block: float = 0.0212
    """Of a pair of blocks, beyond its requests, each endpoint its own."""
    shared: float = 0.0226
    """Of a pair of blocks, common to all endpoints of a round."""
    run: tuple[float, float] = (0.02, 0.04)
    """Of an endpoint in a run; p95 has its own on top of the centre's, for where all requests are slower p95 is too."""
    runner: float = 0.08
    """Of a run, common to all its endpoints."""
    second_kind: float = 0.0
    """Log ratio by which every other runner is slower than the rest: two kinds of machines under one name."""
    drift: float = 0.025
    """The same, from what changes meanwhile: what a drift of 3 % and autocorrelated noise of 4 % leave in a run."""
    deployment: tuple[float, float] = (0.01, 0.02)
    """Of an endpoint on a deployment."""
    tails: float = 5.0
    """Degrees of freedom of the t that run and deployment effects follow."""
    host: float = 0.0
    """Log ratio of the candidate's host over that of the base, common to all endpoints."""
    host_spread: float = 0.0
    """Standard deviation of that ratio between endpoints; the same in every pull request."""
    common_deployment: float = 0.0
    """Of a deployment, common to all its endpoints."""


def student(rng: np.random.Generator, sd: float, df: float, size: tuple[int, ...]) -> Floats:
    """Student t scaled to a standard deviation."""
    return np.asarray(rng.standard_t(df, size) * (sd / np.sqrt(df / (df - 2))))


@cache
def pool(endpoints: int, n: int, seed: int = 1, hiccup_share: float = HICCUP_SHARE) -> Floats:
    """Block summaries of ``n`` requests, centred on their mean, shape ``(endpoints, POOL, 2)``."""
    rng = np.random.default_rng([seed, n])
    return np.stack([_summaries(rng, endpoint, n, hiccup_share) for endpoint in range(endpoints)])


def sorted_requests(
    rng: np.random.Generator, endpoint: int, n: int, blocks: int, hiccup_share: float = HICCUP_SHARE
) -> Floats:
    """Log latencies of ``n`` requests in each of so many blocks, sorted, shape ``(blocks, n)``."""
    scores = np.empty((blocks, n))
    scores[:, 0] = rng.standard_normal(blocks)
    step = np.sqrt(1 - AUTOCORRELATION**2)
    for at in range(1, n):
        scores[:, at] = AUTOCORRELATION * scores[:, at - 1] + step * rng.standard_normal(blocks)
    logs = _body(scores, endpoint)
    hit = rng.random((blocks, n)) < TAIL_SHARES[endpoint % len(TAIL_SHARES)]
    longer = rng.pareto(TAIL_SHAPE, int(hit.sum())) * TAIL_SCALE
    logs[hit] = np.log(np.exp(logs[hit]) + longer)
    for begin in range(0, n, STRETCH):
        logs[:, begin : begin + STRETCH] += np.where(rng.random((blocks, 1)) < hiccup_share, np.log1p(HICCUP), 0.0)
    logs.sort(axis=1)
    return logs


def _summaries(rng: np.random.Generator, endpoint: int, n: int, hiccup_share: float) -> Floats:
    logs = sorted_requests(rng, endpoint, n, POOL, hiccup_share)
    cut = n // 10
    centre = logs[:, cut : n - cut].mean(axis=1)
    p95 = np.quantile(logs, 0.95, axis=1)
    found = np.stack([centre, p95], axis=1)
    return np.asarray(found - found.mean(axis=0))


def _body(scores: Floats, endpoint: int) -> Floats:
    """Log-normal and gamma bodies by turns, of growing spread, with median one."""
    from scipy.special import gammaincinv, ndtr

    place = (endpoint // 2 % 10) / 9
    if endpoint % 2 == 0:
        return np.asarray((0.15 + 0.30 * place) * scores)
    shape = 12.0 - 9.0 * place
    # Through a table: the inverse of the incomplete gamma function is slow, its logarithm smooth in the score.
    grid = np.linspace(-6, 6, 2_001)
    logs = np.log(gammaincinv(shape, ndtr(grid)) / gammaincinv(shape, 0.5))
    return np.asarray(np.interp(scores, grid, logs))


def draw_blocks(rng: np.random.Generator, endpoints: int, n: int, shape: tuple[int, ...]) -> Floats:
    """Request noise of blocks, shape ``(*shape, endpoints, 2)``: summaries drawn from the pools."""
    kept = pool(endpoints, n)
    picks = rng.integers(0, POOL, (*shape, endpoints))
    return np.asarray(kept[np.arange(endpoints), picks])


def draw_runs(rng: np.random.Generator, noise: Noise, endpoints: int, n: int, shape: tuple[int, ...]) -> Floats:
    """Whole runs of ``n`` requests per endpoint on runners of their own, shape ``(*shape, endpoints, 2)``."""
    return draw_blocks(rng, endpoints, n, shape) + run_effects(rng, noise, (*shape, endpoints))


def run_effects(rng: np.random.Generator, noise: Noise, shape: tuple[int, ...]) -> Floats:
    """What a run does to its endpoints beyond their requests; ``shape`` ends in endpoints, the result in metrics."""
    centre, p95 = (student(rng, sd, noise.tails, shape) for sd in noise.run)
    common = rng.normal(0, np.hypot(noise.runner, noise.drift), (*shape[:-1], 1))
    if noise.second_kind:
        common = common + noise.second_kind * rng.integers(0, 2, common.shape)
    return np.stack([centre + common, centre + p95 + common], axis=-1)
