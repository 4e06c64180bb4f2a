"""What will be measured and in which order: a pure function of the suite.

Blocks of several endpoints run side by side up to ``policy.max_rate``; the grouping follows from the suite alone and
is the same in every run. The order of groups, and of the arms within a duet, is shuffled anew in every round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from gate.config.journeys import only_in_journeys
from gate.config.suite import Suite
from gate.errors import UsageError
from gate.measure.counts import (
    BLOCK_REQUESTS,
    MAX_ROUNDS,
    MIN_ROUNDS,
    WARMUP_REQUESTS,
    check_counts,
    is_asked_once,
    is_compared,
    most_blocks,
)
from gate.record.run import Arm

LEAST_WARMUP_STEPS = 2
"""One to begin with, one to see whether it was steady."""


@dataclass(frozen=True)
class Step:
    """One segment: some endpoints of one arm side by side."""

    round: int
    arm: Arm
    endpoints: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    warmup: tuple[Step, ...]
    """One step of each group; repeated until steady."""
    steps: tuple[Step, ...]
    asked_once: tuple[str, ...]
    """Endpoints that may not be loaded, or not often enough: asked a single time, only their answer is judged."""
    rounds: int
    expected_s: float
    """Wall time of warm-up and blocks at the planned rates."""


def make_plan(suite: Suite, arms: tuple[Arm, ...], seed: int) -> Plan:
    """Lay out the rounds of one run.

    Raises
    ------
    UsageError
        If the budget does not reach for the least number of rounds, or ``max_count`` leaves nothing for a scenario or
        for the objectives of an endpoint.
    """
    check_counts(suite)
    groups = group_endpoints(suite)
    round_s = len(arms) * sum(_block_s(suite, group) for group in groups)
    round_requests = len(arms) * BLOCK_REQUESTS * sum(len(group) for group in groups)
    rounds = _rounds(suite, round_s, round_requests) if groups else 1
    order = Random(seed)
    steps: list[Step] = []
    for number in range(rounds):
        for group in order.sample(groups, len(groups)):
            able = tuple(name for name in group if number < most_blocks(suite, name))
            steps.extend(Step(number, arm, able) for arm in order.sample(arms, len(arms)) if able)
    warmup = tuple(Step(0, arm, group) for group in groups for arm in arms)
    asked_once = tuple(name for name in suite.endpoints if is_asked_once(suite, name))
    warmup_s = round_s * LEAST_WARMUP_STEPS * WARMUP_REQUESTS / BLOCK_REQUESTS
    return Plan(warmup, tuple(steps), asked_once, rounds, warmup_s + rounds * round_s)


def group_endpoints(suite: Suite) -> list[tuple[str, ...]]:
    """Endpoints that run side by side: in the suite's order, as many as ``max_rate`` carries."""
    groups: list[list[str]] = []
    left = 0.0
    in_journeys = only_in_journeys(suite)
    for name, endpoint in suite.endpoints.items():
        if not is_compared(suite, name) or name in in_journeys:
            continue
        if not groups or endpoint.rate_rps > left:
            groups.append([])
            left = suite.policy.max_rate_rps
        groups[-1].append(name)
        left -= endpoint.rate_rps
    return [tuple(group) for group in groups]


def compared_rps(suite: Suite) -> dict[str, float]:
    """Requests per second of the comparison blocks that each endpoint has a part in."""
    groups = group_endpoints(suite)
    return {name: sum(suite.endpoints[member].rate_rps for member in group) for group in groups for name in group}


def _block_s(suite: Suite, group: tuple[str, ...]) -> float:
    return BLOCK_REQUESTS / min(suite.endpoints[name].rate_rps for name in group)


def _rounds(suite: Suite, round_s: float, round_requests: int) -> int:
    budget = suite.policy.budget
    by_time, by_requests = int(budget.time_s / round_s), budget.requests // round_requests
    rounds = min(by_time, by_requests, MAX_ROUNDS)
    if rounds < MIN_ROUNDS:
        raise UsageError(
            f"the budget allows {rounds} rounds of {round_s:.0f} s and {round_requests} requests; a verdict needs at"
            f" least {MIN_ROUNDS}",
            f"set policy.budget to {{time: {math.ceil(MIN_ROUNDS * round_s)}s,"
            f" requests: {MIN_ROUNDS * round_requests}}} or more, or raise policy.max_rate if the preview can take it",
        )
    return rounds
