"""Whether the comparison blocks ran so near the preview's limits that small changes look large. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gate.record.value import Notice
from gate.stats.sample import trimmed_mean

BUSY_RATIO = 1.5
"""A single server with fixed service times takes half as long again on average when it is half busy."""
LEAST_WAIT_S = 0.001
"""Shorter waiting is the runner's own, and below what blocks by default."""
BUSY_SHARE = 0.3
"""Of the capacity that a search found: with more, waiting makes up a growing part of every latency."""
CAUTION = 2.0
"""Standard errors that the ratio must be beyond its limit."""
LEAST_SINGLES = 5
LEAST_BLOCKS = 3


@dataclass(frozen=True)
class Observed:
    """One endpoint on one deployment, alone and under load."""

    name: str
    rate_rps: float
    singles_s: Sequence[float]
    """Latencies of requests made one at a time with nothing else under way, seconds."""
    block_logs: Sequence[float]
    """Trimmed mean log latency of each block."""
    mean_s: float
    """Mean latency under load."""


def waiting_ratio(observed: Observed) -> float:
    """How many times as long a request takes under load as alone, at least; 1 where that cannot be said.

    The geometric mean under load over the one alone, less two standard errors. Alone means that nobody else asked,
    so what is added is waiting, for the endpoint itself or for what it shares with those beside it. In a single server
    with fixed service times and Poisson arrivals the mean grows by ``u / (2 (1 - u))`` at utilisation ``u``: by a fifth
    at 30 %, by half at 50 %, to threefold at 80 %, and there a change of the service time is seen four times as large.

    Limits: preview and load must be the only ones there; a preview with many servers waits later and is told of later,
    when it matters as well; caches that the lone requests had warmed would look like waiting.

    References
    ----------
    Pollaczek-Khinchine formula: Kleinrock, L. (1975). Queueing Systems, volume 1, section 5.6, ISBN 0-471-49110-1.
    """
    if len(observed.singles_s) < LEAST_SINGLES or len(observed.block_logs) < LEAST_BLOCKS:
        return 1.0
    alone = [math.log(max(latency, 1e-6)) for latency in observed.singles_s]
    # Trimmed as the blocks are, or a single cold answer would hide the waiting.
    difference = _mean(observed.block_logs) - trimmed_mean(alone)
    error = math.hypot(_standard_error(alone), _standard_error(observed.block_logs))
    waiting_s = math.exp(_mean(observed.block_logs)) - math.exp(trimmed_mean(alone))
    return max(1.0, math.exp(difference - CAUTION * error)) if waiting_s >= LEAST_WAIT_S else 1.0


def busy_notices(deployment: str, observed: Sequence[Observed]) -> list[Notice]:
    """A loud word if endpoints waited much of their time; empty if there was plenty of room."""
    busy = [(ratio, one) for one in observed if (ratio := waiting_ratio(one)) > BUSY_RATIO]
    if not busy:
        return []
    ratio, worst = max(busy, key=lambda item: item[0])
    # Little's law: mean number under way = rate x mean time (Little 1961, doi:10.1287/opre.9.3.383).
    in_flight = sum(one.rate_rps * one.mean_s for _, one in busy)
    names = ", ".join(one.name for _, one in busy)
    return [
        Notice(
            code="busy-preview",
            message=f"the {deployment} was near its limits in the comparison blocks: {names} took at least"
            f" {ratio:.1f} times as long under load as alone ({worst.name} at {worst.rate_rps:g}/s,"
            f" {in_flight:.1f} requests under way on average); small changes look large there",
            cure="lower the rates of these endpoints or policy.max_rate, or give the deployment more room",
        )
    ]


def capacity_notices(
    capacities: Mapping[str, tuple[float, Collection[str]]], rates: Mapping[str, float]
) -> list[Notice]:
    """A loud word on comparison rates above a share of the capacity that a search found for the same endpoints.

    Parameters
    ----------
    capacities : mapping
        By scenario: answers per second that were found, and the endpoints they were found with.
    rates : mapping
        By endpoint: requests per second of its comparison blocks and of all that ran beside them.
    """
    notices = []
    for scenario, (capacity_rps, members) in capacities.items():
        busiest = max((name for name in members if name in rates), key=lambda name: rates[name], default=None)
        if busiest is None or rates[busiest] <= BUSY_SHARE * capacity_rps:
            continue
        notices.append(
            Notice(
                code="busy-preview",
                message=f"{busiest} was compared at {rates[busiest]:g}/s together with what ran beside it,"
                f" {rates[busiest] / capacity_rps:.0%} of the capacity of {capacity_rps:.4g}/s that {scenario} found;"
                " near its limits a preview makes small changes look large",
                cure=f"lower the rates or policy.max_rate to {BUSY_SHARE * capacity_rps:.3g}/s or less",
            )
        )
    return notices


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _standard_error(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))
