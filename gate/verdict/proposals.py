"""Rate, tolerance and budget that would suit a suite, from what was measured of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gate.config.objectives import DEFAULT_TOLERANCE
from gate.measure.busy import BUSY_SHARE
from gate.record.run import Run
from gate.stats.beliefs import INFLATION
from gate.stats.designs import METRICS
from gate.verdict.afford import budget_for
from gate.verdict.sight import SetUp, design_of, duet_way

_HALF_MINUTE_S = 30.0
_THOUSAND = 1000
_SPARE = 1.5
"""Requests for suspects beyond the average."""


@dataclass(frozen=True)
class Proposal:
    """What to write into a suite, and why."""

    max_rate_rps: float
    rate_why: str
    tolerance: dict[str, float]
    tolerance_why: str
    time_s: float
    requests: int
    budget_why: str


def propose(set_up: SetUp, runs: Sequence[Run], pairs: tuple[int, int]) -> Proposal:
    """From a set-up and the runs of a calibration.

    Parameters
    ----------
    runs : sequence of Run
        Those just made; one with a search for capacity says most of the rate.
    pairs : tuple of int
        Pairs of deployments at first and afresh that a check will have.
    """
    max_rate_rps, rate_why = _rate(set_up, runs)
    way = duet_way(set_up, "quick", pairs)
    least = budget_for(set_up, design_of("quick", pairs))
    time_s = max(way.time_s, least.time_s)
    tolerance, tolerance_why = _tolerance(set_up)
    return Proposal(
        max_rate_rps=max_rate_rps,
        rate_why=rate_why,
        tolerance=tolerance,
        tolerance_why=tolerance_why,
        time_s=_HALF_MINUTE_S * math.ceil(time_s / _HALF_MINUTE_S),
        requests=_THOUSAND * math.ceil(max(_SPARE * way.requests, least.requests) / _THOUSAND),
        budget_why=f"enough for the design {way.design!r}, with one suspect measured to the end",
    )


def _rate(set_up: SetUp, runs: Sequence[Run]) -> tuple[float, str]:
    now_rps = set_up.suite.policy.max_rate_rps
    searches = [scenario.search for run in runs for scenario in run.scenarios.values() if scenario.search is not None]
    found = [search.capacity_rps for search in searches if search.finished and search.capacity_rps is not None]
    if found:
        most_rps = BUSY_SHARE * min(found)
        return min(
            now_rps, math.floor(10 * most_rps) / 10
        ), f"at most {BUSY_SHARE:.0%} of the capacity found, {min(found):.4g}/s"
    if any(notice.code == "busy-preview" for run in runs for notice in run.notices):
        return now_rps / 2, "half of what it is: requests waited for each other; no scenario searched for the capacity"
    return now_rps, "as it is: requests did not wait for each other; no scenario searched for the capacity"


def _tolerance(set_up: SetUp) -> tuple[dict[str, float], str]:
    """Not less than what two deployments of the same code commonly differ by."""
    sigma = np.median(set_up.beliefs.sigma_dep, axis=0) / (INFLATION if set_up.beliefs.duets else 1.0)
    differ = [math.ceil(100 * math.sqrt(2) * float(one)) / 100 for one in sigma]
    tolerance = {metric: max(DEFAULT_TOLERANCE[metric], least) for metric, least in zip(METRICS, differ, strict=True)}
    how = "learnt" if set_up.beliefs.duets else "assumed"
    return tolerance, f"not less than two deployments of the same code commonly differ by, as {how}"
