"""What a tool is given to judge: stored runs and new ones, blocks of two arms in one job, or requests."""

from __future__ import annotations

from functools import cache

import numpy as np

from bench.decision.world import Floats, Noise, draw_blocks, draw_runs, sorted_requests, student

RUN_REQUESTS = 1_000
"""Of one endpoint in one run."""
_SEQUENCES = 200
"""Kept runs of requests per endpoint; a pair of them is drawn for each comparison."""
_TAIL = 0.10
"""Share of the requests of a run that is slower where only the p95 is."""


def stored_and_new(
    rng: np.random.Generator, noise: Noise, effects: Floats, stored: int, new: int
) -> tuple[Floats, Floats]:
    """Runs of main and of the pull request, each on a runner of its own, shapes ``(prs, runs, endpoints, 2)``."""
    prs, endpoints, _ = effects.shape
    runs = draw_runs(rng, noise, endpoints, RUN_REQUESTS, (prs, stored + new))
    return runs[:, :stored], runs[:, stored:] + effects[:, None]


def two_arms(rng: np.random.Generator, noise: Noise, effects: Floats, blocks: int, n: int) -> tuple[Floats, Floats]:
    """Blocks of ``n`` requests on one deployment of either side, in one job, shapes ``(prs, blocks, endpoints, 2)``.

    An arm has half the variance of a pair of blocks; what both arms share at the time is left out, which would only
    make tests blinder that do not pair.
    """
    prs, endpoints, _ = effects.shape
    arms = []
    for _ in range(2):
        arm = draw_blocks(rng, endpoints, n, (prs, blocks))
        arm += rng.normal(0, noise.block / np.sqrt(2), (prs, blocks, endpoints, 1))
        arm += rng.normal(0, noise.shared / np.sqrt(2), (prs, blocks, 1, 1))
        for metric, sd in enumerate(noise.deployment):
            arm[..., metric] += student(rng, sd, noise.tails, (prs, 1, endpoints))
        arms.append(arm)
    return arms[0], arms[1] + effects[:, None]


@cache
def sequences(endpoint: int) -> Floats:
    """Sorted log latencies of whole runs, shape ``(_SEQUENCES, RUN_REQUESTS)``."""
    return sorted_requests(np.random.default_rng([2, endpoint]), endpoint, RUN_REQUESTS, _SEQUENCES)


def slowed_requests(requests: Floats, effect: Floats) -> Floats:
    """A run of sorted log latencies whose tail is slower by the effect on p95, the rest by that on the centre."""
    rest = round(len(requests) * (1 - _TAIL))
    return np.concatenate([requests[:rest] + effect[0], requests[rest:] + effect[1]])
