"""What it would take to see so much: every answer is true of the ways it speaks of, whatever binds."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from gate.baseline.noise import noise_of
from gate.commands.plan import ways
from gate.measure.plan import Cost
from gate.report import plan as report
from gate.stats.beliefs import assumed
from gate.units import format_ratio
from gate.verdict.afford import duet_within, stored_within
from gate.verdict.needs import need_of
from gate.verdict.sight import PAIRS, SetUp
from tests.builders import TODAY, World, run_of, suite_of

NAMES = ("home", "list", "detail", "search", "cart")


def set_up_of(policy: str = "", *, one_host: bool = True, names=NAMES, sigma: float | None = None) -> SetUp:
    suite = suite_of(f"policy: {{max_rate: 100/s{policy}}}\n", names=names)
    runs = [run_of(suite, f"d{n}", base=World(), created=TODAY + dt.timedelta(days=n), rounds=10) for n in range(8)]
    beliefs = assumed(len(names), one_host=one_host)
    if sigma is not None:
        beliefs = replace(beliefs, sigma_dep=np.full_like(beliefs.sigma_dep, sigma))
    return SetUp(suite, noise_of(suite, runs), beliefs)


SET_UPS = {
    "one host": set_up_of(),
    "remote": set_up_of(one_host=False),
    "one endpoint": set_up_of(names=("home",)),
    "lax": set_up_of(", tolerance: {p50: 20%, p95: 30%}"),
    "alike": set_up_of(sigma=0.0),
}
BOUND = {
    "nothing": Cost(3600.0, 10**6),
    "time": Cost(25.0, 10**6),
    "requests": Cost(3600.0, 2500),
    "both": Cost(6.0, 500),
}
SEE = (0.02, 0.1, 0.2, 0.6)


CASES = [
    (of, bound, SEE[(i + j + shift) % 4], (i + j // 2 + shift) % 2)
    for i, of in enumerate(SET_UPS)
    for j, bound in enumerate(BOUND)
    for shift in (0, 3)
]
"""Not all 160: every two values of any two of them meet, which a test keeps."""


def test_every_pair_of_cases_is_met():
    for one, other in itertools.combinations(range(4), 2):
        met = {(case[one], case[other]) for case in CASES}
        assert len(met) == len({case[one] for case in CASES}) * len({case[other] for case in CASES})
    assert [len({case[part] for case in CASES}) for part in range(4)] == [len(SET_UPS), len(BOUND), len(SEE), 2]


@pytest.mark.parametrize(("of", "bound", "see", "metric"), CASES)
def test_no_answer_contradicts_itself_or_the_table(of, bound, see, metric):
    set_up, budget = SET_UPS[of], BOUND[bound]
    need = need_of(set_up, see, metric, budget)
    lines = report.need(set_up, need)
    assert {option.way.kind for option in need.options} | {one.kind for one in need.obstacles} == {"duet", "stored"}
    assert not {option.way.kind for option in need.options} & {one.kind for one in need.obstacles}
    for option in need.options:
        assert option.way.typical(metric) <= see
        given, way = option.budget, option.way
        again = duet_within(set_up, way.pairs, given) if way.kind == "duet" else stored_within(set_up, way.runs, given)
        assert again.typical(metric) == way.typical(metric), "what it asks for is what the table would then show"
        assert given.time_s >= budget.time_s
        assert given.requests >= budget.requests
        assert option.is_enough == (given == budget)
    for one in need.obstacles:
        assert one.best > see
    shown = [way for way in ways(set_up, budget, None) if way.typical(metric) <= see]
    for kind in ("duet", "stored"):
        is_shown = any(way.kind == kind for way in shown)
        is_enough = any(option.is_enough and option.way.kind == kind for option in need.options)
        assert is_enough or not is_shown, f"the table shows {kind} to see it, so it cannot be missing here: {lines}"
    text = "\n".join(lines)
    assert "nan" not in text
    assert "inf" not in text
    assert ("cannot be had" in text) == (not need.options)


def test_what_there_is_and_is_enough_comes_first():
    set_up = SET_UPS["one host"]
    need = need_of(set_up, 0.2, 0, BOUND["nothing"])
    assert [option.is_enough for option in need.options] == sorted((o.is_enough for o in need.options), reverse=True)
    (line, *_) = report.need(set_up, need)
    assert "within the 60 min and 1,000,000 requests there are" in line


@pytest.mark.parametrize("bound", ["time", "requests"])
def test_a_budget_that_binds_is_raised_in_what_binds(bound):
    set_up, budget = SET_UPS["alike"], BOUND[bound]
    need = need_of(set_up, 0.06, 0, budget)
    (option, *_) = (one for one in need.options if one.way.kind == "duet")
    assert not option.is_enough
    kept, raised = ("requests", "time_s") if bound == "time" else ("time_s", "requests")
    assert getattr(option.budget, kept) == getattr(budget, kept)
    assert getattr(option.budget, raised) > getattr(budget, raised)
    assert f"policy.budget: {{time: {option.budget.time_s:g}s, requests: {option.budget.requests}}}" in "".join(
        report.need(set_up, need)
    )


def test_more_deployments_are_asked_for_only_where_they_save_time_or_nothing_else_helps():
    set_up = SET_UPS["one host"]
    for see in SEE:
        duets = [option for option in need_of(set_up, see, 0, BOUND["time"]).options if option.way.kind == "duet"]
        by_count = sorted(duets, key=lambda option: PAIRS.index(option.way.pairs))
        takes = [(not option.is_enough, option.budget.time_s, option.budget.requests) for option in by_count]
        assert all(b < a for a, b in itertools.pairwise(takes))


def test_the_fewest_stored_runs_that_do_are_named_with_those_there_are():
    set_up = SET_UPS["one host"]
    size = stored_within(set_up, 8, BOUND["nothing"]).typical(0)
    (option,) = (one for one in need_of(set_up, size, 0, BOUND["nothing"]).options if one.way.kind == "stored")
    runs = option.way.runs
    assert all(stored_within(set_up, fewer, BOUND["nothing"]).typical(0) > size for fewer in range(1, runs))
    assert any(
        f"{runs} stored runs of main (which are there)" in line
        for line in report.need(set_up, need_of(set_up, size, 0, BOUND["nothing"]))
    )


@pytest.mark.parametrize(
    ("of", "see", "metric", "kind", "why", "says"),
    [
        ("lax", 0.15, 0, "duet", "policy", "policy.tolerance or policy.absolute_floor let it pass"),
        ("remote", 0.06, 1, "duet", "varies", "deployments of the same code are taken to differ so much"),
        ("alike", 0.031, 0, "duet", "policy", "policy.tolerance"),
        ("one host", 0.05, 0, "stored", "varies", "one run of the preview varies so much by itself"),
    ],
)
def test_why_it_cannot_be_had(of, see, metric, kind, why, says):
    set_up = SET_UPS[of]
    need = need_of(set_up, see, metric, BOUND["nothing"])
    (one,) = (one for one in need.obstacles if one.kind == kind)
    assert one.why == why
    assert any(says in line for line in report.need(set_up, need))


def test_where_designs_end_requests_would_still_help():
    noisy = SET_UPS["alike"]
    noisy = replace(noisy, noise=replace(noisy.noise, pair_variance=9 * noisy.noise.pair_variance))
    (one,) = (one for one in need_of(noisy, 0.06, 0, BOUND["nothing"]).obstacles if one.kind == "duet")
    assert one.why == "designs"


def test_what_takes_longer_than_a_job_may_is_said_so():
    slow = suite_of("policy: {max_rate: 100/s}\n", names=NAMES).model_copy()
    endpoints = {name: one.model_copy(update={"rate_rps": 0.01}) for name, one in slow.endpoints.items()}
    set_up = replace(SET_UPS["alike"], suite=slow.model_copy(update={"endpoints": endpoints}))
    need = need_of(set_up, 0.2, 0, Cost(180.0, 60_000))
    assert {one.why for one in need.obstacles} == {"time"}
    assert all("within six hours" in line for line in report.need(set_up, need)[1:])


def test_without_any_noise_known_nothing_is_promised():
    set_up = SET_UPS["one host"]
    noise, blank = set_up.noise, np.full_like(set_up.noise.pair_variance, math.nan)
    rows = replace(noise.rows, candidate_variance=blank)
    need = need_of(replace(set_up, noise=replace(noise, pair_variance=blank, rows=rows)), 0.5, 0, BOUND["nothing"])
    assert need.options == ()
    assert {one.why for one in need.obstacles} == {"unknown"}
    assert "nothing is known of the noise" in "".join(report.need(set_up, need))


def test_a_size_just_out_of_reach_is_not_told_as_the_one_asked_for():
    set_up = SET_UPS["one host"]
    best = max(one.best for one in need_of(set_up, 0.01, 0, BOUND["nothing"]).obstacles)
    need = need_of(set_up, best * 0.99999, 0, BOUND["nothing"])
    told = "".join(report.need(set_up, need))
    assert " at best" in told
    assert f"{format_ratio(need.see, signed=True)} at best" not in told
