"""Answers are judged before speed: errors, bursts of them, throttling, and sizes."""

from __future__ import annotations

import pytest

from gate.load import transport
from gate.verdict.answers import THROTTLED, compare_errors
from tests.builders import NAMES, World, history_of, outcomes_of, row_of, run_of, suite_of, verdict_of

SUITE = suite_of()
MAIN = history_of(SUITE, 10)
ROUNDS = 8


def judged(world: World, suite=SUITE, baselines=MAIN):
    return verdict_of(suite, run_of(suite, world=world, rounds=ROUNDS), baselines)


def test_the_kind_that_means_throttled_is_the_one_the_load_counts():
    assert THROTTLED == transport.THROTTLED


@pytest.mark.parametrize("failed", [50, 30, 10])
def test_errors_where_main_had_none_block(failed):
    verdict = judged(World(failing={"cart": failed}))
    assert outcomes_of(verdict)["cart/errors"] == "regressed"
    assert verdict.reasons[0].code == "unexpected-answers"
    assert verdict.exit_code == 1


def test_an_endpoint_that_fails_fast_is_not_praised_for_its_speed():
    verdict = judged(World(failing={"cart": 20}, slower={"cart": 0.2}))
    rows = outcomes_of(verdict)
    assert rows["cart/errors"] == "regressed"
    assert "improved" not in (rows["cart/p50"], rows["cart/p95"])


def test_a_faster_endpoint_is_praised_if_it_fails_no_more_often_than_main():
    """Main itself fails at three of a hundred; what is left tells as much on both sides."""
    flaky = World(failing={"cart": {0: 6, 4: 6}})
    main = history_of(SUITE, 10, flaky)
    verdict = judged(World(failing={"cart": {1: 6, 5: 6}}, slower={"cart": 0.4}), baselines=main)
    assert outcomes_of(verdict)["cart/p50"] == "improved"
    assert verdict.exit_code == 0


def test_a_burst_that_chance_explains_is_told_and_not_called_unchanged():
    """One bad block of eight: bursts count as fewer errors than they are, but nobody may say nothing happened."""
    verdict = judged(World(failing={"cart": {3: 12}}))
    row = row_of(verdict, "cart/errors")
    assert row.candidate == pytest.approx(12 / 400)
    assert (row.outcome, row.blocks) == ("inconclusive", False)


def test_errors_that_main_has_as_well_are_unchanged():
    flaky = World(failing={"cart": 1})
    verdict = judged(flaky, baselines=history_of(SUITE, 10, flaky))
    assert outcomes_of(verdict)["cart/errors"] == "unchanged"


def test_throttling_is_the_previews_limit_and_not_the_pull_requests_fault():
    verdict = judged(World(failing={"cart": 8}, kind=THROTTLED))
    assert outcomes_of(verdict)["cart/errors"] == "not_measured"
    assert (verdict.exit_code, verdict.measured) == (3, False)
    assert "throttled" in verdict.reasons[0].message


def test_an_endpoint_asked_once_is_judged_by_its_answer():
    suite = suite_of("endpoints: {buy: POST /orders}")
    main = history_of(suite, 3)
    assert outcomes_of(verdict_of(suite, run_of(suite), main)) == {"buy/errors": "unchanged", "buy/body": "unchanged"}
    failing = verdict_of(suite, run_of(suite, world=World(failing={"buy": 1})), main)
    assert failing.exit_code == 1
    assert verdict_of(suite, run_of(suite, world=World(failing={"buy": 1}))).exit_code == 3


@pytest.mark.parametrize(
    ("expect", "size", "code"),
    [
        ("", 900, 1),
        ("", 1000, 0),
        ("", 0, 1),
        ("expect: {body: {min: 10B}}", 900, 0),
        ("expect: {body: {max: 5MB}}", 900, 1),  # says nothing of the least
    ],
)
def test_a_body_of_less_than_half_its_size_is_unexpected_unless_the_suite_states_the_least(expect, size, code):
    suite = suite_of("endpoints:\n  home:\n    request: GET /\n    " + expect)
    verdict = verdict_of(suite, run_of(suite, world=World(bodies={"home": size})), history_of(suite, 5))
    assert verdict.exit_code == code
    assert code == 0 or outcomes_of(verdict)["home/body"] == "regressed"


def test_endpoints_that_are_not_gated_block_by_nothing():
    names = "".join(f"  {name}: {{request: GET /, gate: {str(name != 'cart').lower()}}}\n" for name in NAMES)
    suite = suite_of("endpoints:\n" + names)
    world = World(failing={"cart": 50}, bodies={"cart": 1})
    verdict = verdict_of(suite, run_of(suite, world=world), history_of(suite, 10))
    assert outcomes_of(verdict)["cart/errors"] == "regressed"
    assert verdict.exit_code == 0


def test_what_would_have_been_seen_of_errors_is_at_least_the_least_rise():
    arm = run_of(SUITE, rounds=ROUNDS).endpoints["home"].arms["candidate"]
    found = compare_errors("home", [arm], [arm] * 10, 0.01)
    assert 0.005 <= found.detectable <= 0.05
    assert compare_errors("home", [], [arm], 0.01).detectable is None
