"""What it would take to see a slowdown of a given size, and why it sometimes cannot be had. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gate.stats.stored import FEW_RUNS
from gate.verdict.sight import EFFORTS, PAIRS, SetUp, Way, duet_way, stored_way, unlimited_duet

MOST_RUNS = 30
"""Stored runs that a comparison uses."""


@dataclass(frozen=True)
class Need:
    """For one metric."""

    kind: str
    """``duet`` or ``stored``."""
    metric: int
    way: Way | None
    """The cheapest that sees it on the typical endpoint; None if there is none."""
    best: float
    """The smallest that any way shows, a ratio."""
    floor: float
    """The smallest that would be left to see if requests were for nothing."""


def duet_need(set_up: SetUp, see: float, metric: int) -> Need:
    """The duet that takes the least time, the fewest deployments first."""
    floor = min(unlimited_duet(set_up, pairs).typical(metric) for pairs in PAIRS)
    every = {pairs: [duet_way(set_up, effort, pairs) for effort in EFFORTS] for pairs in PAIRS}
    best = min(way.typical(metric) for ways in every.values() for way in ways)
    for ways in every.values():
        able = [way for way in ways if way.typical(metric) <= see]
        if able:
            return Need("duet", metric, min(able, key=lambda way: way.time_s), best, floor)
    return Need("duet", metric, None, best, floor)


def stored_need(set_up: SetUp, see: float, metric: int) -> Need:
    """The fewest stored runs, compared with one long run of the candidate."""
    best = stored_way(set_up, MOST_RUNS, math.inf).typical(metric)
    for runs in range(FEW_RUNS, MOST_RUNS + 1):
        way = stored_way(set_up, runs, set_up.suite.policy.budget.time_s)
        if way.typical(metric) <= see:
            return Need("stored", metric, way, best, best)
    return Need("stored", metric, None, best, best)
