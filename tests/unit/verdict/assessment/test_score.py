"""The score: every check once, cut and never rounded up, and what was not measured never passed."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from gate.config.score import Score, Weights
from gate.verdict.assessment.score import PARTS, part_of, score
from gate.verdict.assessment.tallies import tallied
from tests.unit.verdict.assessment.grounds import row

EQUAL = Score()


def checks(category: str, passed: int = 0, failed: int = 0, unmeasured: int = 0):
    outcomes = ["met"] * passed + ["missed"] * failed + ["inconclusive"] * unmeasured
    return [row(f"{category}{n}/limit:p95", outcome, category=category) for n, outcome in enumerate(outcomes)]


def part(found, name):
    return next(each for each in found.parts if each.part == name)


def test_points_are_cut_and_not_rounded():
    found = score(EQUAL, checks("response", passed=2, failed=1), set())
    assert part(found, "response").points == 66.6
    assert score(EQUAL, checks("response", passed=1999, failed=1), set()).points == 99.9


def test_one_failure_among_any_number_is_never_100():
    assert score(EQUAL, checks("response", passed=20_000, failed=1), set()).points < 100


def test_parts_count_by_their_weight():
    rows = checks("response", passed=1) + checks("queries", failed=1)
    weights = Weights(response=3, concurrency=0, queries=1, stability=0, reliability=0)
    found = score(Score(weights=weights), rows, set())
    assert found.points == 75.0
    assert found.coverage_ratio == 1.0
    assert score(EQUAL, rows, set()).points == 50.0


def test_what_was_not_measured_lowers_the_coverage_and_no_points():
    found = score(EQUAL, checks("response", passed=1, unmeasured=3), set())
    assert found.points == 100.0
    assert found.coverage_ratio == 0.05, "a quarter of one part of five"
    assert part(found, "queries").points is None


def test_checks_of_which_none_was_measured_have_no_points():
    found = score(EQUAL, checks("response", unmeasured=3), set())
    assert found.points is None
    assert found.coverage_ratio == 0.0


def test_without_checks_there_is_no_score():
    assert score(EQUAL, [row("search/p50", "unchanged")], set()) is None


def test_comparisons_with_main_are_counted_and_not_scored():
    rows = [row("search/p50", "regressed"), row("search/limit:p95")]
    assert score(EQUAL, rows, set()).points == 100.0
    assert [(each.category, each.passed, each.failed) for each in tallied(rows, set())] == [
        ("response", 1, 0),
        ("change", 0, 1),
    ]


def test_the_arithmetic_can_be_done_again_by_hand():
    rows = checks("response", passed=7, failed=2) + checks("queries", passed=2, failed=1)
    weights = Weights(response=1.5, queries=0.5)
    found = score(Score(weights=weights), rows, set())
    terms, divisor, points = re.search(r"\((.+)\) / \((.+)\) = ([0-9.]+),", found.arithmetic).groups()
    sums = [[Fraction(x) for x in term.split(" × ")] for term in terms.split(" + ")]
    value = sum(weight * each for weight, each in sums) / sum(map(Fraction, divisor.split(" + ")))
    assert Fraction(points) <= value < Fraction(points) + Fraction(1, 10)
    assert float(points) == found.points
    assert "stability not measured" in found.arithmetic


@pytest.mark.parametrize(
    ("name", "scenarios", "expected"),
    [
        ("search/limit:p95", (), "response"),
        ("search/limit:error_rate", (), "reliability"),
        ("burst/limit:success", ("burst",), "concurrency"),
        ("held/limit:lost_connections", ("held",), "stability"),
        ("list/queries", (), "queries"),
        ("list/time", (), "response"),
        ("bad-token/probe", (), "reliability"),
        ("steady/telemetry:memory:leak", ("steady",), "stability"),
        ("run/telemetry:postgres.cache_hit:mean", (), "queries"),
    ],
)
def test_the_kind_of_a_check_says_its_part(name, scenarios, expected):
    assert part_of(EQUAL, row(name), set(scenarios)) == expected


def test_the_suite_says_where_its_own_categories_belong():
    own = row("bad-token/probe", category="materials")
    assert part_of(EQUAL, own, set()) == "reliability"
    assert part_of(Score(parts={"materials": "response"}), own, set()) == "response"
    assert (
        part_of(Score(parts={"response": "stability"}), row("a/limit:p95", category="response"), set()) == "stability"
    )


def test_advisory_failures_count_as_failed_and_are_told_apart():
    (found,) = tallied([row("burst/limit:p95", "missed", gated=False), row("steady/limit:p95", "missed")], set())
    assert (found.failed, found.advisory) == (2, 1)


def test_every_part_is_there():
    assert {each.part for each in score(EQUAL, checks("response", passed=1), set()).parts} == set(PARTS)
