"""Thousands of simulated comparisons with stored runs, judged by the statistics of the gate itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.decision.duets import Scores
from bench.decision.world import Floats, Noise, draw_runs
from gate.stats.designs import MARGINS, StoredDesign
from gate.stats.stored import compare_stored

STORED_REQUESTS = 1_000
"""Of each endpoint in a stored run."""
REQUEST_VARIANCE = np.array([0.228, 0.645])
"""Of a run's centre and p95, for one request; the gate estimates it from the blocks."""
_MARGIN = np.array(MARGINS["stored"])


def simulate(design: StoredDesign, noise: Noise, effects: Floats, stored: int, rng: np.random.Generator) -> Scores:
    """Judge pull requests with the given true changes (log), shape ``(prs, endpoints, metrics)``.

    ``redeployed`` tells that more than one run was needed.
    """
    prs, endpoints, _ = effects.shape
    old = _runs(draw_runs(rng, noise, endpoints, STORED_REQUESTS, (prs, stored)))
    old_noise = np.broadcast_to(_request_noise(STORED_REQUESTS), old.shape)
    live = np.ones(effects.shape, dtype=bool)
    requests = np.zeros(prs)
    new, noises = np.empty((*effects.shape, 0)), np.empty((*effects.shape, 0))
    scores = np.full(effects.shape, -np.inf)
    again = np.zeros(prs, dtype=bool)
    for number, stage in enumerate(design.stages):
        on = np.flatnonzero(live.any(axis=(1, 2)))
        if number == 1:
            again[on] = True
        if not len(on):
            break
        suspected = live.any(axis=2)
        more, more_noise = [], []
        for _ in range(stage.runs):
            values, value_noise = _mixed(rng, noise, suspected[on], stage.suspects_requests, stage.others_requests)
            more.append(_spread(values + effects[on], on, effects.shape))
            more_noise.append(_spread(value_noise, on, effects.shape))
        new = np.concatenate([new, np.stack(more, axis=-1)], axis=-1)
        noises = np.concatenate([noises, np.stack(more_noise, axis=-1)], axis=-1)
        asked = np.where(suspected, stage.suspects_requests, stage.others_requests).sum(axis=1)
        requests += np.where(live.any(axis=(1, 2)), stage.runs * asked, 0)
        found = compare_stored(old[on], new[on], old_noise[on], noises[on])
        scores[on] = found.rows.z(_MARGIN)
        live[on] &= scores[on] >= np.array(stage.keep)
        if number == len(design.stages) - 1:
            live[on] &= found.rows.effect > found.highest
    rows = np.where(live, scores, -np.inf)
    return Scores(rows, np.full(prs, -np.inf), requests, again, again)


def _runs(drawn: Floats) -> Floats:
    """From ``(prs, runs, endpoints, metrics)`` to runs last."""
    return np.asarray(np.moveaxis(drawn, 1, -1))


def _request_noise(requests: int) -> Floats:
    return np.asarray((REQUEST_VARIANCE / requests)[np.newaxis, np.newaxis, :, np.newaxis])


def _mixed(rng: np.random.Generator, noise: Noise, suspected: Floats, many: int, few: int) -> tuple[Floats, Floats]:
    """One run with many requests of the suspects and few of the others, and its squared errors by requests."""
    prs, endpoints = suspected.shape
    drawn = draw_runs(rng, noise, endpoints, many, (prs,))
    if not suspected.all() and few != many:
        other = draw_runs(rng, noise, endpoints, few, (prs,))
        # On one runner: the shared factor of the run belongs to both. Its drift should too, but is drawn for each:
        # what is not suspected tells less of the runner than it would, so staged confirmation comes out too weak.
        shared = rng.normal(0, noise.runner, (prs, 1, 1))
        quiet = Noise(runner=0.0, run=noise.run, tails=noise.tails)
        drawn = draw_runs(rng, quiet, endpoints, many, (prs,)) + shared
        other = draw_runs(rng, quiet, endpoints, few, (prs,)) + shared
        drawn = np.where(suspected[..., np.newaxis], drawn, other)
    n = np.where(suspected, many, few)[..., np.newaxis]
    return drawn, REQUEST_VARIANCE / n


def _spread(values: Floats, on: NDArray[np.intp], shape: tuple[int, ...]) -> Floats:
    """Values of some pull requests, NaN for the others."""
    whole = np.full(shape, np.nan)
    whole[on] = values
    return whole
