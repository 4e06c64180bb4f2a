"""Whether a slowdown of the size that a row says it would catch four times in five is caught so often.

``python -m bench.power --seed 1`` asks the gate for that size, makes pull requests with one endpoint slower by just so
much, judges them by the statistics of the gate, and writes ``bench/results/power.json``; some minutes.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from bench.decision import baselines, duets
from bench.decision.baselines import REQUEST_VARIANCE, STORED_REQUESTS
from bench.decision.world import Floats, Noise, draw_runs
from bench.figures import Figure, publish
from gate.stats.constants import DUETS, STORED
from gate.stats.limits import duet_scores, limit_at, stored_scores
from gate.stats.power import detectable_duet, detectable_stored
from gate.stats.stored import compare_stored

ENDPOINTS, PRS, RATE = 20, 2_000, 0.01
_METRICS = ("p50", "p95")
_WORLDS = ((0.01, 0.02), (0.03, 0.06))
_SEEN_PRS = 400
"""Harmless pull requests from which the typical noise is read."""


def duet_figures(seed: int, prs: int, command: str) -> list[Figure]:
    """Quick and thorough duets with and without fresh deployments."""
    figures = []
    one = _pair_variance(seed)
    for name in ("quick 1+0", "quick 1+1", "thorough 1+1", "quick 2+2"):
        design = next(d for d in DUETS if d.name == name)
        for sigma in _WORLDS:
            limit = limit_at(RATE, duet_scores(name, ENDPOINTS, sigma[0]))
            sizes = detectable_duet(one, design, sigma, limit)
            for metric in range(2):
                rng, effects, who = _slowed(seed, prs, sizes, metric)
                scores = duets.simulate(design, Noise(deployment=sigma), effects, duets.Beliefs(sigma), rng)
                what = f"duet {name}, sigma_dep {100 * sigma[0]:g}/{100 * sigma[1]:g} %"
                figures += _figures(what, sizes, metric, scores.rows[np.arange(prs), who, metric] >= limit, command)
    return figures


def stored_figures(seed: int, prs: int, command: str) -> list[Figure]:
    """One candidate run against stored ones, and three more of the suspects."""
    figures, noise = [], Noise()
    for name, runs in (("one", 5), ("one", 20), ("confirm", 5), ("confirm", 20)):
        design = next(d for d in STORED if d.name == name)
        limit = limit_at(RATE, stored_scores(name, ENDPOINTS, runs))
        seen = _stored_variances(noise, runs, seed)
        sizes = detectable_stored(*seen, design, limit, request_variance=REQUEST_VARIANCE)
        for metric in range(2):
            rng, effects, who = _slowed(seed, prs, sizes, metric)
            scores = baselines.simulate(design, noise, effects, runs, rng)
            caught = scores.rows[np.arange(prs), who, metric] >= limit
            figures += _figures(f"stored {name}, {runs} runs", sizes, metric, caught, command)
    return figures


def _pair_variance(seed: int) -> Floats:
    pair = duets.Pair(
        Noise(deployment=(0.0, 0.0)), np.zeros((_SEEN_PRS, ENDPOINTS, 2)), np.random.default_rng([seed, 1])
    )
    pair.add(7, np.ones((_SEEN_PRS, ENDPOINTS, 2), dtype=bool), np.arange(_SEEN_PRS))
    return np.asarray(7 * pair.fit(np.arange(_SEEN_PRS)).variance.mean(axis=0))


def _stored_variances(noise: Noise, runs: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Of one run of the candidate and of the stored centre, and their degrees of freedom."""
    drawn = draw_runs(np.random.default_rng([seed, 2]), noise, ENDPOINTS, STORED_REQUESTS, (_SEEN_PRS, runs + 1))
    values = np.moveaxis(drawn, 1, -1)
    errors = np.broadcast_to((REQUEST_VARIANCE / STORED_REQUESTS)[:, np.newaxis], values.shape)
    rows = compare_stored(values[..., :-1], values[..., -1:], errors[..., :-1], errors[..., -1:]).rows
    return rows.candidate_variance.mean(axis=0), rows.stored_variance.mean(axis=0), rows.df.mean(axis=0)


def _slowed(
    seed: int, prs: int, sizes: Floats, metric: int
) -> tuple[np.random.Generator, Floats, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """Each endpoint in turn is slower by its own size."""
    effects, who = np.zeros((prs, ENDPOINTS, 2)), np.arange(prs) % ENDPOINTS
    effects[np.arange(prs), who] = np.log1p(sizes[who, metric])[:, np.newaxis]
    return np.random.default_rng([seed, 3, metric]), effects, who


def _figures(what: str, sizes: Floats, metric: int, caught: Floats, command: str) -> list[Figure]:
    n, share = len(caught), float(np.mean(caught))
    half = 1.96 * (share * (1 - share) / n) ** 0.5
    interval = (round(100 * (share - half), 2), round(100 * (share + half), 2))
    size = 100 * float(np.median(sizes[:, metric]))
    told = f"{what}, {_METRICS[metric]} +{size:.1f} %"
    return [
        Figure(f"caught at the size told: {told}", round(100 * share, 2), "%", goal, n, interval, command)
        for goal in (">= 75", "<= 92")
    ]


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog="python -m bench.power", description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--prs", type=int, default=PRS)
    chosen = options.parse_args()
    command = f"python -m bench.power --seed {chosen.seed}"
    figures = duet_figures(chosen.seed, chosen.prs, command) + stored_figures(chosen.seed, chosen.prs, command)
    return 0 if publish("power", figures) else 1


if __name__ == "__main__":
    sys.exit(main())
