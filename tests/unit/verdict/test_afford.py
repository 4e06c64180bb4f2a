"""What a budget pays for: the same layout as a check would choose, and no promise beyond what it can measure."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gate.baseline.noise import noise_of
from gate.errors import UsageError
from gate.measure.layout import AtHand, lay_out_duet, lay_out_stored
from gate.measure.plan import Cost, round_cost, warmup_cost
from gate.stats.beliefs import assumed
from gate.stats.duet import Deployed
from gate.verdict.afford import budget_for, budget_of, duet_ways, duet_within, least_budget, stored_within
from gate.verdict.sight import PAIRS, SetUp, design_of, duet_way
from tests.builders import NAMES, TODAY, World, run_of, suite_of

BUDGETS = [Cost(time_s, requests) for time_s in (8.0, 15.0, 40.0, 90.0, 300.0) for requests in (900, 3000, 60_000)]


@cache
def known(names=NAMES) -> SetUp:
    suite = suite_of("policy: {max_rate: 100/s}\n", names=names)
    runs = [run_of(suite, f"d{n}", base=World(), created=TODAY + dt.timedelta(days=n), rounds=10) for n in range(8)]
    return SetUp(suite, noise_of(suite, runs), assumed(len(names), one_host=True))


def set_up_of(names, budget: Cost) -> SetUp:
    limits = f", budget: {{time: {budget.time_s:g}s, requests: {budget.requests}}}"
    return replace(known(names), suite=suite_of(f"policy: {{max_rate: 100/s{limits}}}\n", names=names))


ALL, ONE = known(), known(("home",))


@pytest.mark.parametrize("budget", BUDGETS, ids=str)
@pytest.mark.parametrize("names", [("home",), NAMES], ids=len)
@pytest.mark.parametrize("previews", [1, 3, 4])
def test_the_design_is_the_one_that_a_check_chooses(budget, names, previews):
    set_up = set_up_of(names, budget)
    at_hand = AtHand(tuple(Deployed(n, n) for n in range(previews)))
    try:
        laid_out = lay_out_duet(set_up.suite, at_hand, set_up.beliefs)
    except UsageError:
        assert list(duet_ways(set_up, budget_of(set_up.suite))) == []
        return
    if laid_out.is_fixed and len(laid_out.pairs) > 1:
        return  # rounds without looks on several pairs: `gate plan` tells of those on one
    design = laid_out.design
    pairs = (design.first_pairs, design.fresh_pairs if design.fresh else 0)
    way = duet_within(set_up, pairs, budget)
    assert way is None or way.design == laid_out.name
    assert way is not None or not laid_out.is_fixed


@pytest.mark.parametrize("budget", BUDGETS, ids=str)
def test_a_run_without_a_base_has_the_rounds_that_a_check_lays_out(budget):
    set_up = set_up_of(NAMES, budget)
    way = stored_within(set_up, 10, budget)
    try:
        rounds = lay_out_stored(set_up.suite).most_rounds(0)
    except UsageError:
        assert way is None
        return
    each, warm = round_cost(set_up.suite, None, arms=1), warmup_cost(set_up.suite, arms=1)
    assert way.requests == pytest.approx(rounds * each.requests + warm.requests)
    assert way.time_s == pytest.approx(rounds * each.time_s + warm.time_s)


@pytest.mark.parametrize("budget", BUDGETS, ids=str)
@pytest.mark.parametrize("set_up", [ONE, ALL], ids=["one", "all"])
def test_nothing_takes_more_than_there_is(set_up, budget):
    ways = [*duet_ways(set_up, budget), stored_within(set_up, 10, budget)]
    assert all(way.time_s <= budget.time_s and way.requests <= budget.requests for way in ways if way is not None)


def test_a_budget_that_ends_early_sees_less():
    """With one endpoint the first stage is short, and what suspects need after it is most of a check."""
    design = design_of("quick", (1, 1))
    enough = budget_for(ONE, design)
    first = round_cost(ONE.suite, None, arms=2) * design.first[0].rounds
    just = Cost(first.time_s / 0.6 + 0.1, 60_000)
    assert just.time_s < enough.time_s / 2
    whole, short = duet_way(ONE, "quick", (1, 1)), duet_within(ONE, (1, 1), just)
    assert short.design == whole.design
    assert (short.sees > 1.02 * whole.sees).all()
    few = replace(just, time_s=1e4, requests=int(first.requests / 0.6) + 1)
    assert (duet_within(ONE, (1, 1), few).sees > 1.02 * whole.sees).all()


@pytest.mark.parametrize("effort", ["short", "quick", "thorough"])
@pytest.mark.parametrize("pairs", [(1, 0), (1, 1), (1, 2)])
@pytest.mark.parametrize("set_up", [ONE, ALL], ids=["one", "all"])
def test_the_budget_for_a_design_is_enough_for_it(set_up, effort, pairs):
    budget = budget_for(set_up, design_of(effort, pairs))
    whole, within = (
        duet_way(set_up, effort, pairs),
        duet_within(set_up, pairs, replace(budget, time_s=budget.time_s + 1e-6)),
    )
    assert within is not None
    if within.design == whole.design:  # else so much is left for suspects that a more thorough one begins
        assert np.allclose(within.sees, whole.sees)


def test_the_least_budget_is_the_least_that_is_laid_out():
    least = least_budget(ALL.suite, arms=2)
    more = Cost(least.time_s + 1e-6, least.requests)
    assert [way.design for way in duet_ways(ALL, more)] == ["fixed 1"]
    assert list(duet_ways(ALL, replace(more, time_s=least.time_s - 0.01))) == []
    assert list(duet_ways(ALL, replace(more, requests=least.requests - 1))) == []
    alone = least_budget(ALL.suite, arms=1)
    assert stored_within(ALL, 10, Cost(alone.time_s + 1e-6, alone.requests)) is not None
    assert stored_within(ALL, 10, Cost(alone.time_s - 0.01, alone.requests)) is None


def test_more_deployments_are_left_out_where_their_first_stage_cannot_be_paid_for():
    assert [way.pairs for way in duet_ways(ALL, Cost(180, 60_000))] == list(PAIRS)
    assert [way.pairs for way in duet_ways(ALL, Cost(34, 60_000))] != list(PAIRS)
