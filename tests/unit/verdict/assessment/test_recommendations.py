"""Every rule both ways: there with its cause, with the numbers; gone without it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gate.config import score as config
from gate.verdict.assessed import Assessment
from gate.verdict.assessment.grounds import Grounds
from gate.verdict.assessment.recommendations import RULES, recommendations
from gate.verdict.assessment.score import score
from gate.verdict.details import Details
from tests.unit.verdict.assessment.grounds import (
    about,
    answers,
    endpoint,
    grounds,
    growth,
    pool,
    probe,
    processors,
    row,
    said,
    scenario,
    series,
    statement,
    watch,
)


@dataclass(frozen=True)
class Case:
    """One cause, present and mended, and what must be told of it."""

    sick: Grounds
    healthy: Grounds
    tells: tuple[str, ...]
    rows: tuple[str, ...] = ()


def scored(*rows) -> Grounds:
    return grounds(*rows, score=score(config.Score(), rows, set()))


MEMORY = "steady/telemetry:memory:leak"
BACK = "run/telemetry:processes.descriptors:back"
EVERY_PART = (
    row("search/limit:p95", category="response"),
    row("burst/limit:p95", category="concurrency"),
    row("list/queries", category="queries"),
    row("steady/telemetry:memory:max", category="stability"),
    row("bad-token/probe", category="reliability"),
)

CASES = {
    "error-contract": Case(
        grounds(probes=[probe(outcome="failed")]),
        grounds(probes=[probe()]),
        ("bad token", "status 200", "status 401"),
        ("shop/bad-token/probe",),
    ),
    "n-plus-one": Case(
        grounds(probes=[growth(0.9)]),
        grounds(probes=[growth(0.4)]),
        ("queries of list", "1 queries more for each item"),
        ("shop/queries-of-list/probe",),
    ),
    "probe-failed": Case(
        grounds(
            probes=[probe("static files", "failed", category="response", expected="status 200", seen="status 404")]
        ),
        grounds(probes=[probe("static files", category="response")]),
        ("static files", "404"),
        ("shop/static-files/probe",),
    ),
    "throttled": Case(
        grounds(row("burst/limit:p95", "missed", value=0.5), scenarios=[scenario(throttled=7, failed=7)]),
        grounds(row("burst/limit:p95", "missed", value=0.5), scenarios=[scenario()]),
        ("burst 7 times", "429", "not slowness"),
        ("shop/burst/limit:p95",),
    ),
    "missed-latency": Case(
        grounds(row("stats/limit:mean", "missed", value=1.45, limit=0.1), row("bag/limit:p95", "missed", value=0.5)),
        grounds(row("stats/limit:mean", value=0.09, limit=0.1), row("bag/limit:p95")),
        ("stats mean is 1.45 s, 14 times the 100 ms allowed", "bag p95"),
        ("shop/stats/limit:mean", "shop/bag/limit:p95"),
    ),
    "missed-load": Case(
        grounds(row("most/limit:capacity", "missed", value=80.0, limit=100.0, unit="rps")),
        grounds(row("most/limit:capacity", value=101.0, limit=100.0, unit="rps")),
        ("80/s of 100/s",),
        ("shop/most/limit:capacity",),
    ),
    "errors-under-load": Case(
        grounds(
            row("burst/limit:success", "missed", value=0.9, limit=0.99, unit="ratio"),
            scenarios=[scenario(failed=100, errors={"status_503": 100})],
        ),
        grounds(row("burst/limit:success", value=1.0, limit=0.99, unit="ratio"), scenarios=[scenario()]),
        ("burst 100 of 1,000", "100 x status 503"),
        ("shop/burst/limit:success",),
    ),
    "slower-than-main": Case(
        grounds(row("search/p50", "regressed")),
        grounds(row("search/p50", "unchanged")),
        ("search p50",),
        ("shop/search/p50",),
    ),
    "leak": Case(
        grounds(row(MEMORY, "missed", unit="bytes", says="1.02 kB a request (0.98 to 1.06 kB)")),
        grounds(row(MEMORY, unit="bytes")),
        ("memory", "1.02 kB a request"),
        (f"shop/{MEMORY}",),
    ),
    "degrading": Case(
        grounds(row("enduring/limit:degradation", "missed", unit="ratio", says="p50 grows by 3.1 % an hour")),
        grounds(row("enduring/limit:degradation", unit="ratio")),
        ("enduring", "p50 grows by 3.1 % an hour"),
        ("shop/enduring/limit:degradation",),
    ),
    "login-lost": Case(
        grounds(row("enduring/limit:expiries", "missed", unit="count", says="made again 3 times, 17 answers 401")),
        grounds(row("enduring/limit:expiries", unit="count", value=7, limit=5)),
        ("enduring", "17 answers 401"),
        ("shop/enduring/limit:expiries",),
    ),
    "not-back": Case(
        grounds(row(BACK, "missed", unit="count", says="descriptors: 43 before the load, 412 after it: NOT back")),
        grounds(row(BACK, unit="count", says="descriptors: 43 before the load, 43 after it: back")),
        ("43 before the load, 412 after it",),
        (f"shop/{BACK}",),
    ),
    "missing-index": Case(
        grounds(watch=watch(statements=(statement(0.3, ("bags (status = $1)",)),))),
        grounds(watch=watch(statements=(statement(0.3), statement(0.3, ("bags (status <> $1)",), unhelped=True)))),
        ("bags (status = $1)", "300 ms", "100 calls"),
    ),
    "missed-otherwise": Case(
        grounds(row("run/telemetry:queries.list:max", "missed", value=12.0, limit=9.0, unit="count")),
        grounds(row("run/telemetry:queries.list:max", value=4.0, limit=9.0, unit="count")),
        ("run queries.list max is 12, limit 9",),
        ("shop/run/telemetry:queries.list:max",),
    ),
    "debug-on": Case(
        grounds(about=[about("debug", "true")]),
        grounds(about=[about("debug", "false"), about("debugger", None)]),
        ("debug",),
    ),
    "processors-full": Case(
        grounds(resources=[processors(0.97)]),
        grounds(resources=[processors(0.4), pool(0.97)]),
        ("all 2 processors", "in 97 % of the samples of burst"),
    ),
    "pool-exhausted": Case(
        grounds(
            row("burst/limit:p95", "missed", value=0.8, limit=0.2),
            scenarios=[scenario(think_s=0.05)],
            resources=[pool(0.9)],
            watch=watch(facts={"postgres.max_connections": 100.0}),
        ),
        grounds(
            row("burst/limit:p95", "missed", value=0.8, limit=0.2),
            scenarios=[scenario()],
            resources=[pool(0.0)],
        ),
        ("pool of 10 was full in 90 % of the samples of burst", "about 40", "allows 100 connections, which is enough"),
        ("shop/burst/limit:p95",),
    ),
    "connection-held": Case(
        grounds(details=Details(served=[said(held_s=1.2, db_s=0.03)])),
        grounds(details=Details(served=[said(held_s=0.05, db_s=0.03)])),
        ("scans holds a connection for 1.2 s, 30 ms of it in queries",),
    ),
    "slow-statement": Case(
        grounds(watch=watch(statements=(statement(0.15),))),
        grounds(watch=watch(statements=(statement(0.05), statement(8.6).model_copy(update={"calls": 1})))),
        ("SELECT * FROM bags", "150 ms on average"),
    ),
    "saturation-near": Case(
        grounds(row("most/limit:capacity", value=120.0, limit=100.0, unit="rps")),
        grounds(row("most/limit:capacity", value=160.0, limit=100.0, unit="rps")),
        ("most has room for 1.2 times",),
        ("shop/most/limit:capacity",),
    ),
    "queue-growing": Case(
        grounds(watch=watch(series=(series("queue.jobs", 50.0, unit="count", rising=True, first=3.0, last=900.0),))),
        grounds(watch=watch(series=(series("queue.jobs", 50.0),))),
        ("queue.jobs grew from 3 to 900",),
    ),
    "cache-ineffective": Case(
        grounds(
            row("run/telemetry:redis.hit_ratio:mean", "missed"), watch=watch(series=(series("redis.hit_ratio", 0.4),))
        ),
        grounds(row("run/telemetry:redis.hit_ratio:mean"), watch=watch(series=(series("redis.hit_ratio", 0.95),))),
        ("redis.hit_ratio is 40 %",),
        ("shop/run/telemetry:redis.hit_ratio:mean",),
    ),
    "cookie-flags": Case(
        grounds(
            probes=[probe("session", "failed", category="security", expected="cookie with secure", seen="no secure")]
        ),
        grounds(probes=[probe("session", category="security", expected="cookie with secure")]),
        ("session", "no secure"),
        ("shop/session/probe",),
    ),
    "rate-limiting-absent": Case(
        grounds(probes=[probe("throttles", "failed", expected="status 429 at least once", category="security")]),
        grounds(probes=[probe("throttles", expected="status 429 at least once", category="security")]),
        ("throttles",),
        ("shop/throttles/probe",),
    ),
    "leak-untold": Case(
        grounds(row(MEMORY, "inconclusive", unit="bytes", says="it would take 3 times as long")),
        grounds(row(MEMORY, unit="bytes")),
        ("it would take 3 times as long",),
        (f"shop/{MEMORY}",),
    ),
    "undecided": Case(
        grounds(row("search/limit:p99", "inconclusive", cure="raise policy.budget")),
        grounds(row("search/limit:p99")),
        ("search p99", "raise policy.budget"),
        ("shop/search/limit:p99",),
    ),
    "uneven-latency": Case(
        grounds(endpoints=[endpoint(p99_s=0.9)]),
        grounds(endpoints=[endpoint()]),
        ("search (p50 20 ms, p99 900 ms)",),
    ),
    "cold-start": Case(
        grounds(endpoints=[endpoint()], details=Details(answers=[answers(4.0)])),
        grounds(endpoints=[endpoint()], details=Details(answers=[answers(0.5)])),
        ("search took 4 s",),
    ),
    "no-compression": Case(
        grounds(endpoints=[endpoint(body_mean_bytes=40_000.0, compressed=0)]),
        grounds(endpoints=[endpoint(body_mean_bytes=40_000.0, compressed=400)]),
        ("search (40 kB)",),
    ),
    "unmeasured-parts": Case(
        scored(*EVERY_PART[1:]),
        scored(*EVERY_PART),
        ("nothing is known of response",),
    ),
    "no-baseline": Case(
        grounds(row("search/p50", "no_baseline")),
        grounds(row("search/p50", "unchanged")),
        ("no baseline yet for search",),
        ("shop/search/p50",),
    ),
}


def test_every_rule_has_a_case_both_ways():
    assert [rule.name for rule in RULES] == list(dict.fromkeys(rule.name for rule in RULES))
    assert set(CASES) == {rule.name for rule in RULES}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_there_with_its_cause_and_gone_without(name):
    case = CASES[name]
    found = next(each for each in recommendations(case.sick) if each.rule == name)
    for part in case.tells:
        assert part in found.message
    assert found.rows == list(case.rows)
    assert name not in {each.rule for each in recommendations(case.healthy)}


@pytest.mark.parametrize(
    ("missed", "rule"),
    [
        (row("list/limit:bytes", "missed", value=6e6, limit=5e6, unit="bytes"), "missed-otherwise"),
        (row("burst/limit:lost_connections", "missed", value=3.0, limit=0.0, unit="count"), "missed-otherwise"),
        (row("run/telemetry:memory:max", "missed", value=6e8, limit=5e8, unit="bytes"), "missed-otherwise"),
        (row("list/limit:error_rate", "missed", value=0.2, limit=0.01, unit="ratio"), "missed-otherwise"),
        (row("list/limit:p95", "missed", value=0.8, limit=0.2), "missed-latency"),
    ],
)
def test_every_limit_that_is_missed_is_in_one_recommendation(missed, rule):
    told = [each.rule for each in recommendations(grounds(missed, scenarios=[scenario()])) if missed.id in each.rows]
    assert told == [rule]


def test_a_known_pool_that_is_too_large_for_the_database_is_said_so():
    sick = CASES["pool-exhausted"].sick
    few = sick.assessment.model_copy(update={"watch": watch(facts={"postgres.max_connections": 30.0})})
    told = next(r.message for r in recommendations(Grounds(sick.rows, sick.details, few)) if r.rule == "pool-exhausted")
    assert "not enough" in told


def test_without_a_missed_limit_the_pool_that_would_do_serves_all_that_are_under_way():
    """100/s times 400 ms is 40 under way, by Little's law."""
    full = grounds(scenarios=[scenario()], resources=[pool(0.9)])
    assert "about 40" in next(r.message for r in recommendations(full) if r.rule == "pool-exhausted")


def pool_advice(*rows, **figures) -> str:
    return next(r.message for r in recommendations(grounds(*rows, **figures)) if r.rule == "pool-exhausted")


def test_what_is_undecided_is_told_with_what_would_decide_it_and_a_leak_once():
    leak = row("steady/telemetry:memory:leak", "inconclusive", unit="bytes", says="too short")
    found = recommendations(
        grounds(
            row("search/limit:p99", "inconclusive", cure="raise policy.budget"),
            row("burst/limit:p99", "inconclusive", cure="let the scenario go on for longer"),
            leak,
        )
    )
    told = {each.rule: each.message for each in found}
    assert told["undecided"] == (
        "search p99 could not be decided: raise policy.budget;"
        " burst p99 could not be decided: let the scenario go on for longer"
    )
    assert "too short" in told["leak-untold"]


MISSED = row("burst/limit:p50", "missed", value=5.5, limit=0.6)


def test_users_who_think_need_a_pool_for_what_they_make_and_not_for_how_much_too_slow_answers_are():
    """1000 users who think for 1 s make 625/s at 600 ms an answer, 12.5 times the 50/s that a pool of 20 lets through.

    Answers are 9.2 times too slow, but with a pool of 184 they would still take 1.2 s.
    """
    busy = scenario(users=1000, think_s=1.0, rate_rps=50.0, mean_s=4.8)
    assert "a pool of about 250 would do" in pool_advice(MISSED, scenarios=[busy], resources=[pool(0.97, 20.0)])
    idle = scenario(users=100, think_s=5.0, rate_rps=10.0, mean_s=5.0)
    assert "a pool of about 36 would do" in pool_advice(MISSED, scenarios=[idle], resources=[pool(0.97, 20.0)])


def test_a_rate_needs_a_pool_for_what_it_asks_for():
    asked = scenario(users=None, executor="rate", asked_rps=120.0, rate_rps=60.0, mean_s=2.0)
    assert "a pool of about 20 would do" in pool_advice(MISSED, scenarios=[asked], resources=[pool(0.9)])


def test_a_search_has_many_loads_and_no_size_that_would_do():
    found = scenario(executor="find", users=80)
    assert "would do" not in pool_advice(scenarios=[found], resources=[pool(0.9)])


@pytest.mark.parametrize(
    ("alone_s", "held_s", "tells"),
    [
        (0.6, 0.7, "scans holds a connection for 700 ms, where an answer may take 600 ms"),
        (0.2, 0.4, "400 ms, 2 times as long as without load"),
        (0.2, 0.29, "would do"),
    ],
)
def test_no_larger_pool_is_advised_where_the_hold_is_too_long_or_grows_with_the_load(alone_s, held_s, tells):
    given = {"scenarios": [scenario()], "resources": [pool(0.9)]}
    served = Details(served=[said(alone_s), said(held_s, scenario="burst")])
    told = pool_advice(MISSED, details=served, **given)
    assert tells in told
    assert ("would do" in told) == (tells == "would do")


def test_a_queue_that_is_too_old_needs_workers_and_is_not_slow():
    old = row("run/telemetry:queue_age:max", "missed", value=7.15, limit=5.0)
    found = {each.rule: each for each in recommendations(grounds(old))}
    assert found["queue-growing"].message.startswith("run queue age max is 7.15 s of 5 s: more comes in")
    assert found["queue-growing"].rows == [old.id]
    assert "missed-latency" not in found


@pytest.mark.parametrize(
    ("busy", "window", "is_told"), [(0.9, "burst", False), (0.9, "other", True), (0.3, "burst", True)]
)
def test_a_connection_that_is_held_while_everything_waits_for_the_processors_is_no_advice(busy, window, is_told):
    served = Details(served=[said(0.08, 0.02, scenario="burst")])
    found = recommendations(grounds(details=served, resources=[processors(busy, window)]))
    assert ("connection-held" in {each.rule for each in found}) == is_told


def test_of_several_scenarios_the_one_that_holds_longest_beyond_its_limit_tells():
    rows = [row(f"{name}/limit:p50", "missed", value=0.8, limit=0.1) for name in ("looking", "planning")]
    served = [said(0.03, scenario="looking"), said(0.173, scenario="planning"), said(0.02)]
    given = {"scenarios": [scenario("looking"), scenario("planning")]}
    given["resources"] = [pool(0.93, window="looking"), pool(0.93, window="planning")]
    assert "173 ms, where an answer may take 100 ms" in pool_advice(*rows, details=Details(served=served), **given)


@pytest.mark.parametrize(
    ("window", "share", "full", "is_of_use"),
    [
        ("burst", 0.97, 0.9, False),
        ("burst", 0.47, 0.34, False),  # a search: both at its highest levels
        ("burst", 0.4, 0.9, True),
        ("idle", 0.97, 0.9, True),
    ],
)
def test_a_larger_pool_is_no_cure_while_everything_waits_for_the_processors(window, share, full, is_of_use):
    given = grounds(scenarios=[scenario()], resources=[pool(full), processors(share, window)])
    told = next(r.message for r in recommendations(given) if r.rule == "pool-exhausted")
    assert ("about 40" in told) == is_of_use
    assert ("so were the processors" in told) != is_of_use


def test_nothing_measured_recommends_to_measure_and_nothing_else():
    assert {each.rule for each in recommendations(Grounds(assessment=Assessment()))} == {
        "unmeasured-parts",
        "no-baseline",
    }


def test_a_few_answers_that_were_slow_to_give_their_connection_back_are_no_advice():
    few = said(held_s=1.2, db_s=0.03).model_copy(update={"told": 19})
    found = recommendations(grounds(details=Details(served=[few])))
    assert "connection-held" not in {each.rule for each in found}
