"""Thousands of simulated comparisons with stored runs, judged by the statistics of the gate itself."""

from __future__ import annotations

import numpy as np

from bench.decision.duets import Mask, Scores
from bench.decision.world import Floats, Noise, draw_blocks, draw_runs, run_effects
from gate.stats.designs import MARGINS, StoredDesign
from gate.stats.stored import StoredComparison, compare_stored

STORED_REQUESTS = 1_000
"""Of each endpoint in a stored run."""
REQUEST_VARIANCE = np.array([0.228, 0.645])
"""Of a run's centre and p95, for one request; the gate estimates it from the blocks."""
_MARGIN = np.array(MARGINS["stored"])


def simulate(
    design: StoredDesign,
    noise: Noise,
    effects: Floats,
    stored: int,
    rng: np.random.Generator,
    suspected_from: float = -np.inf,
    *,
    lately: bool = True,
) -> Scores:
    """Judge pull requests with the given true changes (log), shape ``(prs, endpoints, metrics)``.

    Parameters
    ----------
    suspected_from : float
        Score from which the first run of a design that confirms suspects a row. Scores are those of the runs that
        decide; ``redeployed`` tells that more runs than the first were needed.
    lately : bool
        Whether a change has to exceed each of the newest stored runs as well, not only two of all.
    """
    prs, endpoints, _ = effects.shape
    old = np.moveaxis(draw_runs(rng, noise, endpoints, STORED_REQUESTS, (prs, stored)), 1, -1)
    everywhere = np.ones((prs, endpoints), dtype=bool)
    suspected, again = np.ones(effects.shape, dtype=bool), np.zeros(prs, dtype=bool)
    requests = np.zeros(prs)
    on = np.arange(prs)
    if design.suspected_share is not None:
        suspected = compare(old, [draw_run(rng, noise, everywhere, design, effects)]).rows.z(_MARGIN) >= suspected_from
        again = suspected.any(axis=(1, 2))
        on = np.flatnonzero(again)
        requests += design.requests * endpoints
    measured = suspected.any(axis=2)
    scores = np.full(effects.shape, -np.inf)
    if len(on):
        runs = [draw_run(rng, noise, measured[on], design, effects[on]) for _ in range(design.runs)]
        found = compare(old[on], runs)
        beyond = found.is_beyond if lately else found.rows.effect > found.highest
        scores[on] = np.where(beyond, found.rows.z(_MARGIN), -np.inf)
    each = np.where(measured, design.requests, design.others_requests or design.requests).sum(axis=1)
    requests[on] += design.runs * each[on]
    rows = np.where(suspected, scores, -np.inf)
    return Scores(rows, np.full(prs, -np.inf), requests, again, again)


def compare(old: Floats, runs: list[tuple[Floats, Floats]]) -> StoredComparison:
    """Judge runs of a candidate, each with its squared errors, beside stored ones, shape ``(..., runs)``."""
    new, errors = (np.stack(part, axis=-1) for part in zip(*runs, strict=True))
    return compare_stored(old, new, np.broadcast_to(_request_noise(STORED_REQUESTS), old.shape), errors)


def _request_noise(requests: int) -> Floats:
    return np.asarray((REQUEST_VARIANCE / requests)[np.newaxis, np.newaxis, :, np.newaxis])


def draw_run(
    rng: np.random.Generator, noise: Noise, measured: Mask, design: StoredDesign, effects: Floats
) -> tuple[Floats, Floats]:
    """One run with fewer requests of what is not suspected, and its squared errors by requests."""
    endpoints = measured.shape[1]
    drawn = draw_blocks(rng, endpoints, design.requests, (len(measured),))
    few = design.others_requests
    if few is not None and not measured.all():
        drawn = np.where(measured[..., np.newaxis], drawn, draw_blocks(rng, endpoints, few, (len(measured),)))
    counts = np.where(measured, design.requests, few or design.requests)[..., np.newaxis]
    values = drawn + run_effects(rng, noise, measured.shape) + effects
    return values, np.asarray(REQUEST_VARIANCE / counts)
