"""The first line: what it says is true, and what was not seen is not passed over."""

from __future__ import annotations

import re

import pytest

from gate.report.view import view_of
from tests.builders import (
    NAMES,
    PREVIEWS,
    World,
    history_of,
    run_of,
    scenario_of,
    suite_of,
    verdict_of,
)

SUITE = suite_of()
MAIN = history_of(SUITE, 10)
SLOW = World(slower={"search": 1.5})


def headline(suite=SUITE, runs=None, baselines=MAIN) -> str:
    return view_of(verdict_of(suite, runs or run_of(suite), baselines)).headline


def test_an_approval_says_how_small_a_slowdown_would_have_been_seen():
    assert re.fullmatch(
        r"APPROVED: nothing is found slower than tolerated in 16 comparisons(, \d+ of them inconclusive)?;"
        r" a p50 slowdown of \d+ %( to \d+ %, by endpoint,)? would have been caught",
        headline(),
    )


def test_what_is_inconclusive_is_counted():
    verdict = verdict_of(SUITE, run_of(SUITE), MAIN)
    open_ = sum(row.outcome == "inconclusive" and row.endpoint != "*" for row in verdict.rows)
    assert open_ > 0, "the seed is chosen so"
    assert f"16 comparisons, {open_} of them inconclusive" in view_of(verdict).headline


def test_a_slowdown_that_is_accepted_is_still_said():
    waivers = ", ".join(
        f"{{row: shop/search/{metric}, ceiling: 90%, until: 2027-01-01, reason: known}}" for metric in ("p50", "p95")
    )
    for suite in (
        suite_of(f"policy: {{waivers: [{waivers}]}}\n"),
        suite_of(
            "endpoints:\n"
            + "".join(f"  {n}: {{request: GET /{n}, gate: {str(n != 'search').lower()}}}\n" for n in NAMES)
        ),
    ):
        said = headline(suite, run_of(suite, world=SLOW))
        assert re.match(
            r"APPROVED: search p\d\d is \d+ % slower than main \([\d.]+ ms, was [\d.]+ ms\), which is accepted"
            r" \(and 1 more\); nothing else ",
            said,
        )


def test_a_blocked_row_is_named_with_its_size_and_so_are_the_others():
    assert re.fullmatch(
        r"BLOCKED: search p\d\d is \d+ % slower than main \([\d.]+ ms, was [\d.]+ ms\); also blocked: search p\d\d",
        headline(runs=run_of(SUITE, world=SLOW)),
    )


def test_a_great_slowdown_is_told_as_a_factor():
    assert re.match(
        r"BLOCKED: search p\d\d is [345](\.\d+)? times as slow as main \(",
        headline(runs=run_of(SUITE, world=World(slower={"search": 4.0}))),
    )


def test_everything_slower_is_said_also_where_the_policy_accepts_it():
    suite = suite_of("policy: {on_global_suspect: approve}\n")
    assert re.search(
        r"everything may be \d+ % slower, which the policy accepts",
        headline(suite, run_of(suite, world=World(slower={"*": 1.6}))),
    )


def test_a_shared_slowdown_that_could_hardly_be_seen_is_said():
    assert re.search(r"a slowdown of everything only from 1\d\d %", headline(baselines=MAIN[:2]))
    assert "a slowdown of everything" not in headline()


def test_hosts_that_differ_as_a_whole_leave_nothing_decided():
    run = run_of(
        SUITE,
        world=World(slower={"*": 1.1}, block_sd=0.005),
        base=World(block_sd=0.005),
        one_host=False,
        environment=PREVIEWS,
    )
    assert headline(runs=run, baselines=[]).startswith("APPROVED: none of 16 comparisons could be decided")


def test_an_endpoint_without_baseline_is_named():
    changed = suite_of("endpoints:\n" + "".join(f"  {n}: GET /{n}{'?v=2' if n == 'cart' else ''}\n" for n in NAMES))
    assert headline(changed).endswith("; no comparable baseline yet for cart")
    many = suite_of("endpoints:\n" + "".join(f"  {n}: GET /{n}{'?v=2' if n != 'home' else ''}\n" for n in NAMES))
    assert headline(many).endswith("; no comparable baseline yet for list, detail, search and 4 more")


LIMIT = "endpoints: {home: {request: GET /, objectives: {p90: 500ms, error_rate: 1%}}}\n"


def test_without_baseline_the_objectives_are_counted_the_undecided_too():
    suite = suite_of(LIMIT)
    assert headline(suite, baselines=[]) == "APPROVED: no baseline yet; 2 of 2 objectives met, none missed"
    few = run_of(suite, rounds=3)
    assert headline(suite, few, []) == "APPROVED: no baseline yet; 1 of 2 objectives met, none missed, 1 undecided"


def test_baselines_that_do_not_fit_are_not_called_absent():
    suite = suite_of(LIMIT)
    elsewhere = history_of(suite, 3, environment=PREVIEWS)
    assert headline(suite, baselines=elsewhere).startswith(
        "APPROVED: no comparable baseline yet, stored runs were left out;"
    )


def test_a_missed_objective_is_said_also_where_it_does_not_block():
    text = "scenarios: {burst: {load: {count: 500}, mix: {home: 1}, objectives: {p50: 1ms}, advisory: true}}\n"
    suite = suite_of(text)
    run = run_of(suite, scenarios={"burst": scenario_of(suite, "burst")})
    assert headline(suite, run).endswith("; 0 of 1 objectives met, 1 missed, which is accepted")
    own = suite_of(LIMIT + text)
    both = run_of(own, scenarios={"burst": scenario_of(own, "burst")})
    assert headline(own, both, []) == "APPROVED: no baseline yet; 2 of 3 objectives met, 1 missed, which is accepted"


def test_a_suite_of_requests_asked_once_claims_nothing_of_speed():
    suite = suite_of("endpoints: {buy: POST /orders}")
    assert headline(suite, baselines=history_of(suite, 3)) == "APPROVED: answers are as before"


@pytest.mark.parametrize(
    ("baselines", "words"),
    [
        (MAIN, "compared with 10 stored runs of main"),
        (MAIN[:1], "compared with 1 stored run of main"),
        ([], "only objectives"),
    ],
)
def test_the_last_line_says_what_was_compared(baselines, words):
    suite = SUITE if baselines else suite_of(LIMIT)
    assert words in view_of(verdict_of(suite, run_of(suite), baselines)).footer


def test_the_last_line_of_what_was_not_judged_claims_no_comparison():
    verdict = verdict_of(SUITE, run_of(SUITE).model_copy(update={"complete": False}), MAIN)
    assert view_of(verdict).footer.endswith("nothing was judged; gate 0.0.0")


def test_errors_that_may_be_chance_are_said():
    burst = run_of(SUITE, world=World(failing={"cart": {3: 12}}))
    assert "; cart answers 3.0 % of requests with errors, maybe by chance" in headline(runs=burst)
