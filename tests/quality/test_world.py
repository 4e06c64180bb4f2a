"""The simulated world is as noisy as the one it is made after."""

from __future__ import annotations

import numpy as np
import pytest

from bench.decision.world import Noise, draw_runs, pool

ENDPOINTS = 20
PUBLISHED = {50: (0.0673, 0.1072), 100: (0.0477, 0.0786), 1000: (0.0151, 0.0254)}
"""Standard deviation of the log trimmed mean and log p95 over so many requests, mean over endpoints."""


@pytest.mark.parametrize("n", PUBLISHED)
def test_summaries_of_requests_scatter_as_much_as_published(n):
    assert pool(ENDPOINTS, n).std(axis=1).mean(axis=0) == pytest.approx(PUBLISHED[n], rel=0.1)


def test_runs_scatter_by_requests_endpoint_and_runner():
    noise = Noise(run=(0.02, 0.04), runner=0.08, drift=0.03)
    runs = draw_runs(np.random.default_rng(3), noise, ENDPOINTS, 1000, (2_000,))
    requests = pool(ENDPOINTS, 1000).std(axis=1)
    own = np.array([0.02**2, 0.02**2 + 0.04**2])
    wanted = np.sqrt(requests**2 + own + noise.runner**2 + noise.drift**2)
    assert runs.std(axis=0) == pytest.approx(wanted, rel=0.1)
