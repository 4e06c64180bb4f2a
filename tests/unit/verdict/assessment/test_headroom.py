"""Headroom, both ways of a limit; risks, checklist and gaps that follow from rows."""

from __future__ import annotations

import pytest

from gate.verdict.assessed import Assessment
from gate.verdict.assessment.checklist import checklist
from gate.verdict.assessment.gaps import gaps
from gate.verdict.assessment.grounds import Grounds
from gate.verdict.assessment.headroom import headroom
from gate.verdict.assessment.risks import risks
from gate.verdict.beheld import Watch
from tests.unit.verdict.assessment.grounds import curve, grounds, pool, probe, row, scenario, statement, watch


def test_what_was_not_measured_has_no_headroom():
    assert [*headroom("shop", [row("a/limit:p95", "not_measured", value=0.5, limit=0.2)], [])] == []


@pytest.mark.parametrize(
    ("given", "times"),
    [
        (row("a/limit:p95", value=0.05, limit=0.2), 4),
        (row("a/limit:mean", "missed", value=1.4, limit=0.1), 1 / 14),
        (row("a/limit:rate", value=80.0, limit=2.0, unit="rps"), 40),
        (row("a/limit:capacity", "missed", value=50.0, limit=100.0, unit="rps"), 0.5),
        (row("a/limit:success", value=0.999, limit=0.99, unit="ratio"), 10),
        (row("a/telemetry:postgres.cache_hit:mean", value=0.999, limit=0.5, unit="ratio"), 1.998),
        (row("a/telemetry:memory:max", value=50.0, limit=100.0, unit="bytes"), 2),
        (row("a/telemetry:memory:max", "missed", value=200.0, limit=100.0, unit="bytes"), 0.5),
    ],
)
def test_a_factor_above_one_is_room(given, times):
    """A limit that is met by a higher value is one from below; what came of it tells."""
    (found,) = headroom("shop", [given], [])
    assert found.times == pytest.approx(times)


@pytest.mark.parametrize(
    "given",
    [
        row("a/limit:lost_connections", value=0.0, limit=0.0, unit="count"),
        row("a/limit:error_rate", value=0.0, limit=0.01, unit="ratio"),
        row("a/limit:success", value=1.0, limit=0.99, unit="ratio"),
        row("a/limit:p95", "not_measured", value=None),
        row("a/p50", "unchanged"),
        row("a/telemetry:memory:leak", "missed", value=1e6, limit=1e3, unit="bytes"),
    ],
)
def test_where_no_factor_is_a_number_none_is_told(given):
    assert list(headroom("shop", [given], [])) == []


def test_a_target_is_no_row_and_has_headroom():
    (found,) = headroom("shop", [], [scenario("deploys", rate_rps=80.0, target_rps=2.0)])
    assert (found.row, found.times) == ("shop/deploys/target:rate", 40)


def test_a_rate_that_the_gate_itself_sets_is_no_room():
    """Of 110/s sent where 100/s must be answered nothing follows for 200/s; that too few were answered is told."""
    met, missed = (row("a/limit:rate", *came, limit=100.0, unit="rps") for came in ((), ("missed",)))
    paced = scenario("a", executor="rate", users=None, asked_rps=110.0)
    assert list(headroom("shop", [met.model_copy(update={"candidate": 110.0})], [paced])) == []
    (found,) = headroom("shop", [missed.model_copy(update={"candidate": 50.0})], [paced])
    assert found.times == 0.5
    (found,) = headroom("shop", [met.model_copy(update={"candidate": 110.0})], [scenario("a")])
    assert found.times == pytest.approx(1.1)


def graded(*rows):
    return [(risk.grade, risk.rows) for risk in risks(grounds(*rows))]


@pytest.mark.parametrize(
    ("given", "grade"),
    [
        (row("a/errors", "regressed"), "critical"),
        (row("a/probe", "missed"), "critical"),
        (row("indexes/probe", "missed", category="queries"), "high"),
        (row("a/limit:p95", "missed", value=1.0, limit=0.2), "critical"),
        (row("a/telemetry:memory:leak", "missed", unit="bytes"), "critical"),
        (row("a/limit:p95", "missed", value=0.3, limit=0.2), "high"),
        (row("a/p50", "regressed"), "high"),
        (row("a/limit:p95", "missed", value=5.0, limit=0.2, gated=False), "medium"),
        (row("a/limit:p95", value=0.19, limit=0.2), "medium"),
        (row("a/limit:p95", "inconclusive"), "medium"),
        (row("a/p50", "no_baseline"), "low"),
    ],
)
def test_a_risk_has_its_grade_from_its_row(given, grade):
    assert graded(given) == [(grade, [given.id])]


@pytest.mark.parametrize(
    "given",
    [row("a/limit:p95"), row("a/p50", "unchanged"), row("a/telemetry:queries.a:max", value=1, limit=1, unit="count")],
)
def test_what_is_well_is_no_risk(given):
    assert graded(given) == []


@pytest.mark.parametrize(
    ("scans", "mean_s", "unhelped", "grade"),
    [
        (("scans (800,000 rows): (bag_id = $0)",), 0.075, False, "critical"),
        (("scans (800,000 rows): (bag_id = $0)",), 0.002, False, "high"),
        (("scans (800,000 rows): (bag_id = $0)",), 0.075, True, "high"),
        (("scans (800,000 rows): (zone = $1)",), 0.075, False, "high"),
        (("bags (800,000 rows): (bag_id = $1)",), 0.075, False, "high"),
        ((), 0.075, False, "high"),
    ],
)
def test_a_missing_index_is_critical_where_a_slow_statement_would_use_it(scans, mean_s, unhelped, grade):
    missed = probe("expected indexes", "failed", category="queries", seen="no index scans_bag_id_scanned_at_idx")
    failed = row("expected-indexes/probe", "missed", category="queries")
    watched = watch(statements=(statement(mean_s, scans, unhelped=unhelped),))
    (risk,) = risks(grounds(failed, probes=[missed], watch=watched))
    assert (risk.grade, risk.rows) == (grade, [failed.id])


def test_a_row_is_one_risk_only_and_grades_come_in_their_order():
    found = graded(row("a/p50", "no_baseline"), row("b/limit:p95", "missed", value=1.0), row("c/errors", "regressed"))
    assert [grade for grade, _ in found] == ["critical", "critical", "low"]
    assert sorted(row_id for _, rows in found for row_id in rows) == ["shop/a/p50", "shop/b/limit:p95", "shop/c/errors"]


LONG = "a long load is borne: no slower at its end, tokens renewed, what it took given back"
CHECKS = {
    "response times are within their limits": "search/limit:p95",
    "scenarios are within their limits": "burst/limit:p95",
    "rates and capacity are what is needed": "burst/limit:rate",
    "requests are answered as expected": "search/errors",
    "the error contract is kept": "token/probe",
    "access is refused to who may not": "admin/probe",
    "what may be done to it is limited and answered safely": "flags/probe",
    "the number of queries does not grow with the items (no N+1)": "list/queries",
    "nothing leaks under constant load": "burst/telemetry:memory:leak",
    LONG: "burst/telemetry:memory:back",
    "there are baselines, and nothing is worse than on main": "search/p50",
}
CATEGORIES = {"token/probe": "errors", "admin/probe": "authentication", "flags/probe": "security"}


def state(message: str, *rows) -> str:
    found = checklist(grounds(*rows, scenarios=[scenario()]))
    return next(item.state for item in found if item.message == message)


@pytest.mark.parametrize("message", CHECKS)
def test_an_item_is_yes_only_if_all_its_rows_passed(message):
    name = CHECKS[message]
    is_change = name in ("search/p50", "search/errors")
    good, bad = ("unchanged", "regressed") if is_change else ("met", "missed")
    passed, failed, unknown = (
        row(name, outcome, category=CATEGORIES.get(name)) for outcome in (good, bad, "not_measured")
    )
    assert state(message) == "not measured"
    assert state(message, passed) == "yes"
    assert state(message, passed, unknown) == "not measured"
    assert state(message, passed, unknown, failed) == "no"


def test_errors_without_a_baseline_leave_nothing_open_where_they_are_limited():
    message = "requests are answered as expected"
    limited, unknown = row("search/limit:error_rate"), row("search/errors", "no_baseline")
    assert state(message, unknown) == "not measured"
    assert state(message, limited, unknown) == "yes"
    assert state(message, limited, unknown, row("list/errors", "no_baseline")) == "not measured"
    assert state(message, limited, row("search/errors", "not_measured")) == "not measured"
    assert state(message, limited, row("search/errors", "regressed")) == "no"


@pytest.mark.parametrize("metric", ["limit:degradation", "limit:expiries", "telemetry:memory:back"])
def test_what_a_long_load_leaves_behind_is_an_item_of_its_own(metric):
    missed = row(f"burst/{metric}", "missed")
    assert state(LONG, missed) == "no"
    assert state("scenarios are within their limits", missed) == "not measured"


def test_every_item_is_always_there():
    assert len(list(checklist(Grounds()))) == len(CHECKS) + 1


@pytest.mark.parametrize(("full", "expected"), [((), "not measured"), ((0.0,), "yes"), ((0.0, 0.5), "no")])
def test_pools_that_were_full(full, expected):
    found = checklist(grounds(resources=[pool(ratio) for ratio in full]))
    assert [item.state for item in found if "pool" in item.message] == [expected]


def test_a_few_samples_do_not_show_that_a_pool_was_never_full():
    few = pool(0.0).model_copy(update={"n": 2})
    assert [item.state for item in checklist(grounds(resources=[few])) if "pool" in item.message] == ["not measured"]


def messages(given: Grounds) -> str:
    return "\n".join(gap.message for gap in gaps(given))


def test_what_was_not_measured_is_said_with_its_reason():
    told = messages(
        grounds(
            row("search/limit:p95", "not_measured"),
            row("list/p50", "no_baseline"),
            row("cart/limit:p95", "inconclusive"),
            probes=[probe("migrations", "not_measured", seen="preview.serve is not set")],
            watch=Watch(unread={"postgres": "connection refused"}),
            bottlenecks=[curve(saturated=False), curve(scenario="high")],
        )
    )
    for part in (
        "search p95",
        "list p50",
        "cart p95",
        "preview.serve is not set",
        "connection refused",
        "most did not saturate",
        "high had no level",
    ):
        assert part in told


def test_what_nobody_asked_for_is_said_too():
    told = messages(Grounds(assessment=Assessment()))
    for part in ("no probes", "no scenarios", "no telemetry", "no answer told", "no search"):
        assert part in told


@pytest.mark.parametrize(("metric", "unit"), [("limit:degradation", "ratio"), ("limit:expiries", "count")])
def test_what_a_long_load_shows_has_no_room(metric, unit):
    """A median that grew by a third in a quarter of an hour is not 225 times beyond one percent an hour."""
    assert not list(headroom("shop", [row(f"enduring/{metric}", value=2.25, limit=0.01, unit=unit)], []))
