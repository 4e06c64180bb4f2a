"""Whether this world is the one whose figures are known: rows of an earlier study of the same model, measured again.

The published values come from a study of 3,000 pull requests, so both sides have a Monte-Carlo error.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from bench.decision.peers.github_action_benchmark import ratio_to_last
from bench.decision.world import Floats, Mask, Noise, draw_runs
from bench.figures import Figure

ENDPOINTS, REQUESTS, PRS = 20, 1_000, 3_000
P95 = slice(1, 2)
SIGMAS = 3.0
"""Standard errors of the difference that count as the same."""


@dataclass(frozen=True)
class Row:
    """One rule with what it blocked there, by standard deviation of the runners."""

    name: str
    stored: int
    rule: Callable[[Floats, Floats], Mask]
    """From log values of stored runs and the new one to the rows that fail."""
    published: dict[float, float]
    """Percent of pull requests that change nothing."""


def _over_last(threshold: float) -> Callable[[Floats, Floats], Mask]:
    return lambda stored, new: ratio_to_last(stored[..., P95], new[..., P95], threshold)


def _over_t(stored: Floats, new: Floats) -> Mask:
    """Mean + t(0.98) standard deviations, squares divided by n - 1: what that study took for Bencher's, both metrics.

    That both are meant follows from its powers: +10 % is caught in 53 % with quiet runners, of which p95 alone sees 30.
    """
    values = np.exp(stored)
    limit = values.mean(axis=1) + stdtrit(stored.shape[1] - 1, 0.98) * values.std(axis=1, ddof=1)
    return np.asarray(np.exp(new) > limit)


ROWS = (
    Row("p95 over the last run by 10 %", 1, _over_last(1.10), {0.03: 71.9, 0.08: 62.6, 0.15: 56.7}),
    Row("p95 over the last run by 20 %", 1, _over_last(1.20), {0.03: 26.6, 0.08: 36.6, 0.15: 41.5}),
    Row("Bencher, t 0.98, 30 runs", 30, _over_t, {0.03: 33.2, 0.08: 16.5, 0.15: 10.0}),
    Row("Bencher, t 0.98, 5 runs", 5, _over_t, {0.03: 39.7, 0.08: 20.5, 0.15: 12.8}),
)


def run(seed: int, prs: int = PRS) -> list[Figure]:
    """Measure every row; its goal is to agree with the published value."""
    figures = []
    for row in ROWS:
        for sigma, published in row.published.items():
            rng = np.random.default_rng([seed, row.stored, round(100 * sigma)])
            runs = draw_runs(rng, Noise(runner=sigma), ENDPOINTS, REQUESTS, (prs, row.stored + 1))
            failed = row.rule(runs[:, :-1], runs[:, -1])
            share = float(failed.any(axis=(1, 2)).mean())
            figures.append(_figure(row.name, sigma, share, published / 100, prs, seed))
    return figures


def _figure(name: str, sigma: float, share: float, published: float, prs: int, seed: int) -> Figure:
    error = math.sqrt(share * (1 - share) / prs + published * (1 - published) / PRS)
    return Figure(
        figure=f"{name}, runners {sigma:.0%}: harmless pull requests blocked, less the published {published:.1%}",
        value=round(abs(share - published) / error, 2),
        unit="standard errors",
        goal=f"<= {SIGMAS}",
        n=prs,
        interval=(round(share - 1.96 * error, 4), round(share + 1.96 * error, 4)),
        command=f"python -m bench.decision --seed {seed}",
        peers={"here": round(share, 4), "published": published},
    )
