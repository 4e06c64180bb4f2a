"""What runs beside what and in which order: a pure function of the suite, of what is measured, and of a seed.

Blocks of several endpoints run side by side up to ``policy.max_rate``; while all are measured the grouping follows from
the suite alone and is the same in every run. The order of groups, and of the arms within a duet, is shuffled anew in
every round.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

from gate.config.journeys import only_in_journeys
from gate.config.suite import Suite
from gate.measure.counts import BLOCK_REQUESTS, WARMUP_REQUESTS, is_asked_once, is_compared
from gate.record.value import Arm

LEAST_WARMUP_STEPS = 2
"""One to begin with, one to see whether it was steady."""


@dataclass(frozen=True)
class Step:
    """One segment: some endpoints of one arm side by side."""

    round: int
    """Of its pair of deployments, from zero; in a warm-up below zero."""
    arm: Arm
    endpoints: tuple[str, ...]
    pair: int = 0
    """Number of the pair of deployments."""


@dataclass(frozen=True)
class Cost:
    """What something takes of the budget."""

    time_s: float
    requests: int

    def __mul__(self, times: int) -> Cost:
        return Cost(self.time_s * times, self.requests * times)


def compared(suite: Suite) -> tuple[str, ...]:
    """Endpoints that have comparison blocks, in the suite's order: the rows of every array over endpoints."""
    in_journeys = only_in_journeys(suite)
    return tuple(name for name in suite.endpoints if is_compared(suite, name) and name not in in_journeys)


def group_endpoints(suite: Suite, names: Collection[str] | None = None) -> list[tuple[str, ...]]:
    """Endpoints that run side by side: in the suite's order, as many as ``max_rate`` carries.

    Parameters
    ----------
    names : collection of str, optional
        Those that are measured; all of them unless said.
    """
    groups: list[list[str]] = []
    left = 0.0
    for name in compared(suite):
        if names is not None and name not in names:
            continue
        rate_rps = suite.endpoints[name].rate_rps
        if not groups or rate_rps > left:
            groups.append([])
            left = suite.policy.max_rate_rps
        groups[-1].append(name)
        left -= rate_rps
    return [tuple(group) for group in groups]


@dataclass(frozen=True)
class Round:
    """Where a round stands; with the seed of its run the number decides the order of its steps."""

    pair: int
    number: int
    """Among all rounds of the pair, from zero."""
    seed: int


def round_steps(
    suite: Suite, names: Collection[str], arms: Sequence[Arm], which: Round, able: Collection[str]
) -> list[Step]:
    """One round of one pair of deployments: a block of each endpoint on each arm, one arm right after the other.

    Parameters
    ----------
    able : collection of str
        Those among ``names`` whose ``max_count`` allows another block; the groups stay what they are without the rest.
    """
    groups, order = group_endpoints(suite, names), Random(f"{which.seed}/{which.number}")
    return [
        Step(which.number, arm, left, which.pair)
        for group in order.sample(groups, len(groups))
        for left in [tuple(name for name in group if name in able)]
        for arm in order.sample(list(arms), len(arms))
        if left
    ]


def round_cost(suite: Suite, names: Collection[str] | None, arms: int) -> Cost:
    """Time and requests of one round at the endpoints' own rates."""
    groups = group_endpoints(suite, names)
    return Cost(
        time_s=arms * sum(_block_s(suite, group) for group in groups),
        requests=arms * BLOCK_REQUESTS * sum(len(group) for group in groups),
    )


def warmup_cost(suite: Suite, arms: int) -> Cost:
    """The least that one pair of deployments takes to warm up."""
    whole = round_cost(suite, None, arms)
    share = LEAST_WARMUP_STEPS * WARMUP_REQUESTS / BLOCK_REQUESTS
    return Cost(whole.time_s * share, round(whole.requests * share))


def asked_once(suite: Suite) -> tuple[str, ...]:
    """Endpoints that may not be loaded, or not often enough: only their answer is judged."""
    return tuple(name for name in suite.endpoints if is_asked_once(suite, name))


def compared_rps(suite: Suite) -> dict[str, float]:
    """Requests per second of the comparison blocks that each endpoint has a part in."""
    groups = group_endpoints(suite)
    return {name: sum(suite.endpoints[member].rate_rps for member in group) for group in groups for name in group}


def _block_s(suite: Suite, group: tuple[str, ...]) -> float:
    return BLOCK_REQUESTS / min(suite.endpoints[name].rate_rps for name in group)
