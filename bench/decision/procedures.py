"""The gate's own procedures in the standard table, with the limits that the package holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.decision import baselines, duets
from bench.decision.duets import Beliefs, Scores
from bench.decision.table import Judged
from bench.decision.world import Floats, Noise
from gate.stats.constants import DUETS, STORED
from gate.stats.limits import duet_scores, stored_scores, suspected_from
from gate.verdict.shared import limit_of

RATE = 0.01
"""The promise."""


@dataclass(frozen=True)
class Duet:
    """Base and preview side by side, in stages."""

    design: str
    believed: tuple[float, float]
    """Spread of deployments, centre and p95."""

    @property
    def name(self) -> str:
        """With what is believed."""
        return f"duet {self.design}, believed {self.believed[0]:.2%}"

    def judge(self, rng: np.random.Generator, noise: Noise, effects: Floats) -> Judged:
        """As the gate does."""
        design = next(design for design in DUETS if design.name == self.design)
        scores = duets.simulate(design, noise, effects, Beliefs(self.believed), rng)
        widest = max(self.believed[0], self.believed[1] / 2)
        return _judged(scores, limit_of(RATE, duet_scores(self.design, effects.shape[1], widest)))


@dataclass(frozen=True)
class Stored:
    """A candidate against stored runs, in one look or several."""

    design: str
    runs: int

    @property
    def name(self) -> str:
        """With the number of stored runs."""
        return f"stored {self.design}, {self.runs} runs"

    def judge(self, rng: np.random.Generator, noise: Noise, effects: Floats) -> Judged:
        """As the gate does."""
        design = next(design for design in STORED if design.name == self.design)
        endpoints = effects.shape[1]
        scores = baselines.simulate(
            design, noise, effects, self.runs, rng, suspected_from(design, endpoints, self.runs)
        )
        return _judged(scores, limit_of(RATE, stored_scores(self.design, endpoints, self.runs)))


def _judged(scores: Scores, limit: float) -> Judged:
    """A row blocks from the limit on; one that stayed suspected below it is left open."""
    blocked = scores.rows >= limit
    suite = scores.suite >= limit
    is_open = (np.isfinite(scores.rows) & ~blocked).any(axis=(1, 2))
    return Judged(blocked, suite, scores.requests, scores.remeasured, scores.redeployed, is_open)
