"""The size that is said to be caught four times in five is caught so often, by the very code that judges."""

from __future__ import annotations

import numpy as np
import pytest

from bench.decision import duets
from bench.decision.world import Noise
from gate.stats.constants import DUETS
from gate.stats.limits import duet_scores, limit_at
from gate.stats.power import detectable_duet

pytestmark = pytest.mark.quality

ENDPOINTS, PRS = 8, 300


def pair_variance() -> np.ndarray:
    """Of one pair of blocks, as the gate sees it in the first rounds."""
    quiet = Noise(deployment=(0.0, 0.0))
    pair = duets.Pair(quiet, np.zeros((200, ENDPOINTS, 2)), np.random.default_rng(5))
    pair.add(7, np.ones((200, ENDPOINTS, 2), dtype=bool), np.arange(200))
    return 7 * pair.fit(np.arange(200)).variance.mean(axis=0)


@pytest.mark.parametrize("name", ["quick 1+0", "quick 1+1"])
@pytest.mark.parametrize("sigma", [(0.01, 0.02), (0.03, 0.06)], ids=["1/2 %", "3/6 %"])
def test_a_slowdown_of_that_size_is_caught_four_times_in_five(name, sigma):
    """Within the error of 600 pull requests: between 75 and 92 %."""
    design, noise = next(d for d in DUETS if d.name == name), Noise(deployment=sigma)
    limit = limit_at(0.01, duet_scores(name, ENDPOINTS, sigma[0]))
    sizes = detectable_duet(pair_variance(), design, sigma, limit)
    rng, caught = np.random.default_rng(1), []
    for metric in range(2):
        effects, who = np.zeros((PRS, ENDPOINTS, 2)), np.arange(PRS) % ENDPOINTS
        effects[np.arange(PRS), who] = np.log1p(sizes[who, metric])[:, np.newaxis]
        scores = duets.simulate(design, noise, effects, duets.Beliefs(sigma), rng)
        caught.append(scores.rows[np.arange(PRS), who, metric] >= limit)
    assert 0.75 <= np.mean(caught) <= 0.92
