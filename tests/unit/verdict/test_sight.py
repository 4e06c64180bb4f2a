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
from gate.measure.plan import Cost, round_cost, warmup_cost
from gate.record.value import Notice
from gate.stats.beliefs import assumed
from gate.verdict.afford import budget_for, duet_ways
from gate.verdict.proposals import propose
from gate.verdict.sight import SetUp, design_of, duet_way, fixed, staged_way, stored_way, unlimited_duet
from tests.builders import TODAY, World, run_of, suite_of, verdict_of

SUITE = suite_of("policy: {max_rate: 100/s}\n")
RUNS = [run_of(SUITE, f"d{n}", base=World(), created=TODAY + dt.timedelta(days=n), rounds=10) for n in range(8)]
SET_UP = SetUp(SUITE, noise_of(SUITE, RUNS), assumed(len(SUITE.endpoints), one_host=True))


def test_a_round_takes_as_long_as_the_plan_says():
    budget = suite_of("policy: {max_rate: 100/s, budget: {time: 10m}}\n")
    layout = lay_out_same_code(budget)
    warm = warmup_cost(budget, arms=2)
    way = staged_way(replace(SET_UP, suite=budget), fixed(layout.most_rounds(0)), (1, 0))
    assert way.time_s == pytest.approx(layout.longest_s(budget) + warm.time_s)
    requests = layout.most_rounds(0) * round_cost(budget, None, arms=2).requests + warm.requests
    assert way.requests == pytest.approx(requests)


def test_more_of_anything_sees_more():
    def sees(*chain) -> None:
        sizes = [way.sees for way in chain]
        assert all((a >= b).all() for a, b in itertools.pairwise(sizes))

    sees(*(duet_way(SET_UP, effort, (1, 1)) for effort in ("short", "quick", "thorough")))
    sees(*(duet_way(SET_UP, "quick", pairs) for pairs in ((1, 0), (1, 1), (1, 2), (2, 2))))
    sees(stored_way(SET_UP, 10, 3), stored_way(SET_UP, 10, 20))
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


def test_few_endpoints_are_judged_without_taking_out_what_they_share():
    suite = suite_of("policy: {max_rate: 100/s}\n", names=("home",))
    stored = [run_of(suite, f"s{n}", created=TODAY + dt.timedelta(days=n)) for n in range(10)]
    set_up = SetUp(suite, noise_of(suite, stored), assumed(1, one_host=True))
    assert not set_up.noise.removed.any()
    assert np.isfinite(stored_way(set_up, 10, 12).sees).all()


def test_two_stored_runs_promise_about_what_the_verdict_says_of_them_and_no_more():
    suite = suite_of("policy: {max_rate: 100/s}\n", names=("home",))
    stored = [run_of(suite, f"s{n}", created=TODAY + dt.timedelta(days=n), rounds=3) for n in range(2)]
    set_up = SetUp(suite, noise_of(suite, stored), assumed(1, one_host=True))
    verdict = verdict_of(suite, [run_of(suite, "new", created=TODAY, rounds=3)], stored)
    told = np.array([row.detectable for row in verdict.rows if row.metric in ("p50", "p95")])
    promised = stored_way(set_up, 2, 3).sees[0]
    assert (promised >= told).all()
    assert (promised < 1.5 * told).all()


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


@pytest.mark.parametrize("names", [("home",), ("home", "list", "detail")])
def test_the_proposed_budget_measures_one_suspect_to_the_end(names):
    suite = suite_of("policy: {max_rate: 100/s}\n", names=names)
    runs = [run_of(suite, f"d{n}", base=World(), created=TODAY + dt.timedelta(days=n), rounds=10) for n in range(8)]
    set_up = SetUp(suite, noise_of(suite, runs), assumed(len(names), one_host=True))
    found, least = propose(set_up, runs, (1, 1)), budget_for(set_up, design_of("quick", (1, 1)))
    assert found.time_s >= least.time_s
    assert found.requests >= least.requests
    ways = duet_ways(set_up, Cost(found.time_s, found.requests))
    sizes = next(way.typical(0) for way in ways if way.pairs == (1, 1))
    assert sizes <= 1.02 * duet_way(set_up, "quick", (1, 1)).typical(0)
