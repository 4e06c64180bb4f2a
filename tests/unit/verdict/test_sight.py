"""Ways of measuring compared before anything is measured: what they see, what they cost."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from gate.baseline.noise import noise_of
from gate.measure.layout import lay_out_same_code
from gate.measure.plan import round_cost, warmup_cost
from gate.record.run import Notice
from gate.stats.beliefs import assumed
from gate.verdict.needs import duet_need, stored_need
from gate.verdict.proposals import propose
from gate.verdict.sight import SetUp, duet_way, duet_ways, first_s, fixed_way, stored_way, unlimited_duet
from tests.builders import TODAY, World, run_of, suite_of

SUITE = suite_of("policy: {max_rate: 100/s}\n")
RUNS = [run_of(SUITE, f"d{n}", base=World(), created=TODAY + dt.timedelta(days=n), rounds=10) for n in range(8)]
SET_UP = SetUp(SUITE, noise_of(SUITE, RUNS), assumed(len(SUITE.endpoints), one_host=True))


def test_a_round_takes_as_long_as_the_plan_says():
    budget = suite_of("policy: {max_rate: 100/s, budget: {time: 10m}}\n")
    layout = lay_out_same_code(budget)
    warm = warmup_cost(budget, arms=2)
    way = fixed_way(replace(SET_UP, suite=budget), layout.most_rounds(0))
    assert way.time_s == pytest.approx(layout.longest_s(budget) + warm.time_s)
    requests = layout.most_rounds(0) * round_cost(budget, None, arms=2).requests + warm.requests
    assert way.requests == pytest.approx(requests)


def test_more_of_anything_sees_more():
    def sees(*chain) -> None:
        sizes = [way.sees for way in chain]
        assert all((a >= b).all() for a, b in itertools.pairwise(sizes))

    sees(*(duet_way(SET_UP, effort, (1, 1)) for effort in ("short", "quick", "thorough")))
    sees(*(duet_way(SET_UP, "quick", pairs) for pairs in ((1, 0), (1, 1), (1, 2), (2, 2))))
    sees(stored_way(SET_UP, 10, 10), stored_way(SET_UP, 10, 60))
    sees(duet_way(SET_UP, "thorough", (1, 1)), unlimited_duet(SET_UP, (1, 1)))


def test_nothing_below_tolerance_or_floor_is_ever_promised():
    coarse = replace(SET_UP, suite=suite_of("policy: {max_rate: 100/s, tolerance: {p50: 20%, p95: 30%}}\n"))
    assert (unlimited_duet(coarse, (2, 2)).sees >= [0.2, 0.3]).all()
    floored = replace(SET_UP, suite=suite_of("policy: {max_rate: 100/s, absolute_floor: 10ms}\n"))
    assert (unlimited_duet(floored, (2, 2)).sees >= 0.01 / floored.noise.latency_s - 1e-9).all()


def test_harmless_pull_requests_cost_the_first_stage_and_a_few_suspects():
    way = duet_way(SET_UP, "quick", (1, 1))
    first = 2 * 50 * 7 * len(SUITE.endpoints)
    assert first < way.requests < 2.5 * first
    assert 0 < way.afresh < 0.2
    assert duet_way(SET_UP, "quick", (1, 0)).afresh == 0


def test_the_most_thorough_way_that_the_time_allows():
    minutes = [first_s(SET_UP, f"{effort} 1+0") / 0.6 for effort in ("short", "quick", "thorough")]
    chosen = [next(iter(duet_ways(SET_UP, time_s + 1))).design.split()[0] for time_s in minutes]
    assert chosen == ["short", "quick", "thorough"]
    assert [way.design for way in duet_ways(SET_UP, minutes[0] - 1)] == ["fixed 1"]
    assert list(duet_ways(SET_UP, 1.0)) == []


def test_what_is_needed_is_the_cheapest_that_sees_it():
    need = duet_need(SET_UP, 0.30, 0)
    assert need.way.typical(0) <= 0.30
    assert need.way.pairs == (1, 0), "the fewest deployments first"
    assert duet_need(SET_UP, 0.30, 0).way.time_s <= duet_need(SET_UP, 0.15, 0).way.time_s
    impossible = duet_need(SET_UP, 0.031, 1)
    assert impossible.way is None
    assert 0.031 < impossible.floor <= impossible.best


def test_the_fewest_stored_runs_are_asked_for():
    size = stored_way(SET_UP, 8, SUITE.policy.budget.time_s).typical(0)
    need = stored_need(SET_UP, size, 0)
    assert need.way.typical(0) <= size
    fewer = [stored_way(SET_UP, runs, SUITE.policy.budget.time_s) for runs in range(3, need.way.runs)]
    assert all(way.typical(0) > size for way in fewer)
    assert stored_need(SET_UP, 0.01, 0).way is None


def test_few_endpoints_are_judged_without_taking_out_what_they_share():
    suite = suite_of("policy: {max_rate: 100/s}\n", names=("home",))
    stored = [run_of(suite, f"s{n}", created=TODAY + dt.timedelta(days=n)) for n in range(10)]
    set_up = SetUp(suite, noise_of(suite, stored), assumed(1, one_host=True))
    assert not set_up.noise.removed.any()
    assert np.isfinite(stored_way(set_up, 10, 60).sees).all()


def test_an_endpoint_without_a_past_is_not_known_and_spoils_nothing():
    noise = SET_UP.noise
    holed = noise.pair_variance.copy()
    holed[2] = math.nan
    way = duet_way(replace(SET_UP, noise=replace(noise, pair_variance=holed)), "quick", (1, 1))
    assert np.isnan(way.sees[2]).all()
    assert math.isfinite(way.typical(0))
    assert math.isfinite(way.requests)
    assert math.isfinite(way.time_s)


def test_proposals_halve_a_rate_at_which_requests_waited():
    assert propose(SET_UP, RUNS, (1, 1)).max_rate_rps == 100
    busy = [RUNS[0].model_copy(update={"notices": [Notice(code="busy-preview", message="near its limits")]})]
    assert propose(SET_UP, busy, (1, 1)).max_rate_rps == 50


def test_proposed_tolerance_is_not_less_than_deployments_differ_by():
    remote = replace(SET_UP, beliefs=assumed(len(SUITE.endpoints), one_host=False))
    assert propose(SET_UP, RUNS, (1, 1)).tolerance == {"p50": 0.03, "p95": 0.05}
    assert propose(remote, RUNS, (1, 1)).tolerance == {"p50": 0.08, "p95": 0.12}


def test_the_proposed_budget_reaches_for_the_design():
    found = propose(SET_UP, RUNS, (1, 1))
    assert any(way.design == "quick 1+1" or "thorough" in way.design for way in duet_ways(SET_UP, found.time_s))
