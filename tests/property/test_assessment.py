"""What must hold of conclusions whatever the rows and curves are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config.score import Score, Weights
from gate.stats.occupancy import Level, occupancy
from gate.verdict.assessment.checklist import checklist
from gate.verdict.assessment.risks import risks
from gate.verdict.assessment.score import PARTS, score
from gate.verdict.assessment.tallies import tallied
from tests.unit.verdict.assessment.grounds import grounds, row

OUTCOMES = ("met", "missed", "inconclusive", "not_measured")
METRICS = ("limit:p95", "limit:error_rate", "probe", "queries", "telemetry:memory:leak")
CHECKS = st.lists(st.tuples(st.sampled_from(METRICS), st.sampled_from(OUTCOMES)), min_size=1, max_size=30)
WEIGHTS = st.fixed_dictionaries(dict.fromkeys(PARTS, st.integers(0, 5).map(float))).filter(
    lambda w: sum(w.values()) > 0
)


def rows_of(checks):
    return [row(f"e{n}/{metric}", outcome) for n, (metric, outcome) in enumerate(checks)]


def scored(checks, weights):
    return score(Score(weights=Weights(**weights)), rows_of(checks), set())


@given(CHECKS, WEIGHTS)
def test_a_score_is_between_nothing_and_all_and_100_only_without_a_failure(checks, weights):
    found = scored(checks, weights)
    assert 0 <= found.coverage_ratio <= 1
    if found.points is not None:
        assert 0 <= found.points <= 100
        counted = [part for part in found.parts if part.weight > 0]
        assert (found.points < 100) == any(part.judged > part.passed for part in counted)


@given(CHECKS, WEIGHTS, st.data())
def test_passing_a_failed_check_never_lowers_the_score(checks, weights, data):
    failed = [n for n, (_, outcome) in enumerate(checks) if outcome == "missed"]
    if failed:
        at = data.draw(st.sampled_from(failed))
        better = [*checks[:at], (checks[at][0], "met"), *checks[at + 1 :]]
        before, after = scored(checks, weights), scored(better, weights)
        assert (after.points or 0) >= (before.points or 0)
        assert after.coverage_ratio == before.coverage_ratio


@given(CHECKS, WEIGHTS, st.sampled_from(METRICS))
def test_a_check_that_was_not_measured_changes_no_points_and_raises_no_coverage(checks, weights, metric):
    before, after = scored(checks, weights), scored([*checks, (metric, "not_measured")], weights)
    assert after.points == before.points
    assert after.coverage_ratio <= before.coverage_ratio


@given(CHECKS)
def test_every_row_is_counted_once_and_is_one_risk_at_most(checks):
    rows = rows_of(checks)
    assert sum(t.passed + t.failed + t.unmeasured for t in tallied(rows, set())) == len(rows)
    named = [row_id for risk in risks(grounds(*rows)) for row_id in risk.rows]
    assert len(named) == len(set(named))
    assert {each.id for each in rows if each.outcome != "met"} <= set(named)


@given(CHECKS)
def test_yes_is_never_said_with_a_row_that_did_not_pass(checks):
    rows = rows_of(checks)
    outcomes = {each.id: each.outcome for each in rows}
    for item in checklist(grounds(*rows)):
        assert item.state != "yes" or (item.rows and {outcomes[row_id] for row_id in item.rows} == {"met"})


POSITIVE = st.floats(1e-3, 10)
LEVELS = st.lists(
    st.builds(Level, rate_rps=st.floats(0.1, 1e4), time_s=POSITIVE, think_s=st.just(0.0) | POSITIVE),
    min_size=1,
    max_size=12,
)


@given(LEVELS, st.integers(-6, 6))
def test_the_number_served_at_once_has_no_unit(levels, power):
    """The same system by another clock: throughput and times change against each other.

    A level whose time is exactly at the threshold of waiting may fall to its other side, which is worth a tenth.
    """
    found = occupancy(levels)
    faster = 2.0**power
    other = occupancy([Level(e.rate_rps * faster, e.time_s / faster, think_s=e.think_s / faster) for e in levels])
    if found is not None and other is not None:
        assert other.at_once == pytest.approx(found.at_once, rel=0.11)
        assert found.lo is None or found.lo <= found.at_once <= found.hi


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=12), POSITIVE, st.floats(0.0, 10))
def test_whoever_is_never_kept_waiting_never_saturates_anything(users, time_s, think_s):
    assert occupancy([Level(n / (think_s + time_s), time_s, think_s=think_s) for n in users]) is None


@given(LEVELS, st.floats(100.0, 1e6))
def test_users_who_think_for_very_long_never_saturate_anything(levels, longer):
    """Their rate is that of their thinking, whatever the answers take."""
    think_s = longer * max(level.time_s for level in levels)
    thinking = [Level(level.rate_rps, level.time_s, think_s=think_s) for level in levels]
    assert occupancy(thinking) is None
