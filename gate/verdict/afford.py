"""What a check would lay out for a budget, before anything is measured: the designs it pays for, and how far. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from gate.config.suite import Suite
from gate.measure.counts import MIN_ROUNDS
from gate.measure.layout import FIRST_SHARE, efforts, rounds_within
from gate.measure.plan import Cost, round_cost, warmup_cost
from gate.stats.designs import DuetDesign, Stage
from gate.stats.duet import MIN_BLOCKS
from gate.verdict.sight import PAIRS, SetUp, Way, design_of, fixed, staged_way, stored_way


def budget_of(suite: Suite) -> Cost:
    """What a check may spend."""
    return Cost(suite.policy.budget.time_s, suite.policy.budget.requests)


def least_budget(suite: Suite, arms: int) -> Cost:
    """The smallest budget that a verdict can be had for, with a base (two arms) or without (one)."""
    warm, rounds = warmup_cost(suite, arms), round_cost(suite, None, arms) * MIN_ROUNDS
    return Cost(warm.time_s + rounds.time_s, warm.requests + rounds.requests)


def budget_for(set_up: SetUp, design: DuetDesign) -> Cost:
    """The smallest budget that a design is chosen in and pays for one suspect, the slowest, to the end."""
    first = round_cost(set_up.suite, None, arms=2) * design.first[0].rounds
    begun, later = _begun(set_up, design), _alone(set_up) * sum(_later(design))
    return Cost(
        max(first.time_s / FIRST_SHARE, begun.time_s + later.time_s),
        max(math.ceil(first.requests / FIRST_SHARE), begun.requests + later.requests),
    )


def duet_ways(set_up: SetUp, budget: Cost) -> Iterator[Way]:
    """The duet that the budget pays for, for each number of pairs of deployments."""
    for pairs in PAIRS:
        way = duet_within(set_up, pairs, budget)
        if way is not None:
            yield way


def duet_within(set_up: SetUp, pairs: tuple[int, int], budget: Cost) -> Way | None:
    """The most thorough duet that the budget pays for; None if there is none with so many deployments."""
    design = duet_design(set_up, pairs, budget)
    return None if design is None else _at_most(staged_way(set_up, design, pairs), budget)


def duet_design(set_up: SetUp, pairs: tuple[int, int], budget: Cost) -> DuetDesign | None:
    """The stages of that duet.

    Chosen as ``lay_out_duet`` does; later stages are as long as a single suspect, the slowest, could be measured in
    what the first one leaves.
    """
    for effort in efforts(set_up.beliefs):
        design = design_of(effort, pairs)
        first = round_cost(set_up.suite, None, arms=2) * design.first[0].rounds
        is_paid = first.time_s <= FIRST_SHARE * budget.time_s and first.requests <= FIRST_SHARE * budget.requests
        if is_paid and design.first[0].rounds >= MIN_BLOCKS * pairs[0]:
            return _cut(set_up, design, budget)
    rounds = rounds_within(set_up.suite, 2, budget)
    return fixed(rounds) if pairs == (1, 0) and rounds >= MIN_ROUNDS else None


def stored_within(set_up: SetUp, runs: int, budget: Cost) -> Way | None:
    """The run of the candidate that the budget pays for, compared with so many of main; None if it pays for none."""
    rounds = rounds_within(set_up.suite, 1, budget)
    return stored_way(set_up, runs, rounds) if rounds >= MIN_ROUNDS else None


def _cut(set_up: SetUp, design: DuetDesign, budget: Cost) -> DuetDesign | None:
    """The design as far as the budget follows it for one suspect; None if fresh deployments would say nothing."""
    begun, alone = _begun(set_up, design), _alone(set_up)
    left = min((budget.time_s - begun.time_s) / alone.time_s, (budget.requests - begun.requests) / alone.requests)
    share = min(1.0, max(0.0, left) / sum(_later(design)))
    least = MIN_BLOCKS * design.fresh_pairs if design.fresh else 0
    if least > left:
        return None
    first = tuple(_shorter(stage, share, 1) for stage in design.first[1:])
    fresh = tuple(_shorter(stage, share, 1 if number else least) for number, stage in enumerate(design.fresh))
    return replace(design, first=(design.first[0], *first), fresh=fresh)


def _begun(set_up: SetUp, design: DuetDesign) -> Cost:
    """What is spent when the first stage ends: the least warm-up, and its rounds."""
    warm = warmup_cost(set_up.suite, arms=2) * design.first_pairs
    first = round_cost(set_up.suite, None, arms=2) * design.first[0].rounds
    return Cost(warm.time_s + first.time_s, warm.requests + first.requests)


def _alone(set_up: SetUp) -> Cost:
    """A round of the slowest endpoint by itself."""
    slowest = min(set_up.noise.names, key=lambda name: set_up.suite.endpoints[name].rate_rps)
    return round_cost(set_up.suite, [slowest], arms=2)


def _later(design: DuetDesign) -> list[int]:
    return [stage.rounds for stage in (*design.first[1:], *design.fresh)]


def _shorter(stage: Stage, share: float, least: int) -> Stage:
    return replace(stage, rounds=max(least, math.floor(share * stage.rounds)))


def _at_most(way: Way, budget: Cost) -> Way:
    """The planner shortens what several suspects together would take beyond the budget."""
    return replace(way, time_s=min(way.time_s, budget.time_s), requests=min(way.requests, budget.requests))
