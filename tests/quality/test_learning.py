"""Hosts and deployments that differ, judged by what was learnt of them: a small version of ``bench.learning``."""

from __future__ import annotations

import numpy as np
import pytest

from bench import learning
from bench.decision import duets
from bench.decision.world import Noise
from gate.stats.beliefs import assumed

pytestmark = pytest.mark.quality

HISTORIES, PRS = 8, 25


def share(cell: learning.Cell) -> float:
    """Blocked, or caught, of 200 pull requests."""
    return float(learning.blocked_shares(cell, 1, HISTORIES, PRS).mean())


def test_a_host_that_was_learnt_blocks_nobody_and_hides_nobody():
    harmless, slower = (learning.Cell(20, 20, 0.03, slowdown) for slowdown in (0.0, 0.2))
    assert share(harmless) <= 0.03
    assert share(slower) >= 0.95


def test_a_host_that_was_not_learnt_would_block_everybody():
    """Why offsets are learnt at all: the same pull requests, the offset left out."""
    rng, effects = np.random.default_rng(2), np.zeros((40, learning.ENDPOINTS, 2))
    beliefs = duets.Beliefs((0.013, 0.026))
    scores = duets.simulate(learning.DESIGN, Noise(host=np.log(1.1)), effects, beliefs, rng)
    assert np.mean(scores.highest >= 3.0) > 0.9
    assert not assumed(learning.ENDPOINTS, one_host=False).hosts_known, "so it is not taken for alike"


def test_deployments_that_have_come_to_differ_by_a_third_more_are_within_the_inflation():
    assert share(learning.Cell(20, 20, 0.0, 0.0, host=0.0, larger=1.3)) <= 0.03
