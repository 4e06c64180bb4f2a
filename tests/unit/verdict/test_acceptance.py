"""Regressions that people and suites accept: how much they cover, and everything that they do not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.baseline.select import select
from gate.record.value import Notice
from gate.verdict.acceptance import Acceptance, acceptance_of, accepted, is_acceptable
from gate.verdict.rules import judge
from gate.verdict.values import Row
from gate.verdict.waivers import waived
from tests.builders import NAMES, World, history_of, row_of, run_of, suite_of

SUITE = suite_of()
MAIN = history_of(SUITE, 10)
SLOW = World(slower={"search": 1.5})


def acceptance(row: str = "shop/search/p95", ceiling_ratio: float = 0.6, by: str = "maintainer", at: str = "13:00:00"):
    return Acceptance(row=row, ceiling_ratio=ceiling_ratio, by=by, reason="the index", at=f"2026-11-20T{at}Z")


def row(**changes: object) -> Row:
    values = {
        "id": "shop/search/p95",
        "endpoint": "search",
        "metric": "p95",
        "unit": "s",
        "change": 0.5,
        "change_lo": 0.4,
        "change_hi": 0.6,
        "outcome": "regressed",
        "gated": True,
        "blocks": True,
    }
    return Row.model_validate(values | changes)


def judged(world: World, *acceptances: Acceptance, suite=SUITE):
    candidate = run_of(suite, world=world)
    return judge(suite, (candidate,), select(candidate, MAIN, suite.baselines), "0.0.0", None, acceptances)


def codes(found: Row) -> list[str]:
    return [notice.code for notice in found.notices]


def both(ceiling_ratio: float = 0.9) -> list[Acceptance]:
    return [acceptance(f"shop/search/{metric}", ceiling_ratio) for metric in ("p50", "p95")]


def test_what_was_accepted_does_not_block_and_says_who_and_why():
    assert judged(SLOW).exit_code == 1
    verdict = judged(SLOW, *both())
    assert (verdict.verdict, verdict.exit_code, verdict.reasons) == ("APPROVED", 0, [])
    found = row_of(verdict, "search/p95")
    assert (found.outcome, found.blocks) == ("regressed", False)
    assert found.notices[-1] == Notice(code="accepted", message="accepted by maintainer: the index")


def test_what_is_accepted_is_what_the_report_shows():
    """And so the run that was accepted passes by what was accepted of it, and is never accepted for more."""
    shown = [row_of(judged(SLOW), f"search/{metric}") for metric in ("p50", "p95")]
    given_ = [acceptance_of(found, "maintainer", "r", "2026-11-20T13:00:00Z") for found in shown]
    assert [a.ceiling_ratio for a in given_] == [found.change_hi for found in shown]
    assert judged(SLOW, *given_).exit_code == 0
    worse = judged(World(slower={"search": 2.0}), *given_)
    assert worse.exit_code == 1
    assert "acceptance-exceeded" in codes(row_of(worse, "search/p95"))


def test_another_row_that_regressed_still_blocks():
    verdict = judged(World(slower={"search": 1.5, "cart": 1.5}), *both())
    assert (verdict.exit_code, verdict.reasons[0].code) == (1, "regressed")
    assert set(verdict.reasons[0].rows) == {"shop/cart/p50", "shop/cart/p95"}


@pytest.mark.parametrize("metric", ["errors", "body", "limit:p95", "limit:error_rate"])
@pytest.mark.parametrize("outcome", ["regressed", "missed"])
def test_errors_sizes_and_objectives_are_never_covered(metric, outcome):
    found = row(id=f"shop/search/{metric}", metric=metric, outcome=outcome, change=-0.7)
    suite = suite_of("policy: {waivers: [{row: shop/search/p95, ceiling: 900%, until: 2027-01-01, reason: r}]}\n")
    waiver = suite.policy.waivers[0].model_copy(update={"row": found.id})
    suite = suite.model_copy(update={"policy": suite.policy.model_copy(update={"waivers": [waiver]})})
    assert waived(suite, found, "2026-11-20") == found
    assert accepted(found, [acceptance(found.id, 9.0)]) == found
    with pytest.raises(ValueError, match="cannot be accepted"):
        acceptance_of(found, "maintainer", "r", "2026-11-20T13:00:00Z")


@pytest.mark.parametrize(
    "world", [World(failing={"search": 50}), World(failing={"search": 25}, slower={"search": 1.5})]
)
def test_a_preview_that_fails_stays_blocked_whatever_is_accepted(world):
    rows = [acceptance(f"shop/{name}/{metric}", 9.0) for name in (*NAMES, "*") for metric in ("p50", "p95")]
    verdict = judged(world, *rows)
    assert (verdict.verdict, verdict.exit_code) == ("BLOCKED", judged(world).exit_code)
    assert row_of(verdict, "search/errors").blocks


def test_a_run_that_was_not_measured_stays_so():
    broken = run_of(SUITE, world=SLOW, not_measured=[Notice(code="throttled", message="429 x 7")])
    verdict = judge(SUITE, (broken,), select(broken, MAIN, SUITE.baselines), "0.0.0", None, both())
    assert (verdict.measured, verdict.exit_code) == (False, 3)


def test_what_is_only_suspected_stays_to_be_confirmed():
    suite = suite_of("policy: {on_suspect: confirm}\n")
    assert judged(SLOW, *both(), suite=suite).exit_code == 3
    everything = judged(World(slower={"*": 1.6}), *(acceptance(f"shop/*/{m}", 9.0) for m in ("p50", "p95")))
    assert (everything.exit_code, everything.reasons[0].code) == (3, "everything-slower")


def test_the_newest_acceptance_of_a_row_counts():
    entries = [acceptance(ceiling_ratio=0.1, by="b", at="14:00:00"), acceptance(ceiling_ratio=0.9, by="a")]
    for given_ in (entries, entries[::-1]):
        found = accepted(row(), given_)
        assert (found.blocks, found.notices[-1].message) == (True, "b accepted up to +10 %: the index")


def test_what_a_person_accepted_comes_before_what_the_suite_waives():
    suite = suite_of("policy: {waivers: [{row: shop/search/p95, ceiling: 90%, until: 2027-01-01, reason: known}]}\n")
    verdict = judged(SLOW, *both(), suite=suite)
    assert codes(row_of(verdict, "search/p95")) == ["accepted"]
    beyond = judged(SLOW, acceptance(ceiling_ratio=0.01), acceptance("shop/search/p50", 0.9), suite=suite)
    assert codes(row_of(beyond, "search/p95")) == ["acceptance-exceeded", "waived"]
    assert beyond.exit_code == 0


@given(
    st.sampled_from(
        ["improved", "unchanged", "regressed", "inconclusive", "no_baseline", "not_measured", "met", "missed"]
    ),
    st.sampled_from(["p50", "p95", "errors", "body", "limit:p95"]),
    st.booleans(),
    st.one_of(st.none(), st.floats(0, 5)),
    st.floats(0, 5),
)
def test_only_a_slower_latency_up_to_the_ceiling_ever_stops_to_block(outcome, metric, blocks, change, ceiling_ratio):
    before = row(metric=metric, outcome=outcome, blocks=blocks, change=change)
    after = accepted(before, [acceptance(ceiling_ratio=ceiling_ratio)])
    assert after.outcome == before.outcome
    assert before.blocks or after == before
    if before.blocks and not after.blocks:
        assert outcome == "regressed"
        assert metric in ("p50", "p95")
        assert change is not None
        assert change <= ceiling_ratio
        assert is_acceptable(before)


def test_a_change_that_is_no_number_blocks():
    found = row().model_copy(update={"change": math.nan})
    assert accepted(found, [acceptance(ceiling_ratio=9.0)]).blocks
