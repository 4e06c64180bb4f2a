"""The plan: what runs beside what, how often, in which order; all from the suite."""

from __future__ import annotations

import itertools

import pytest

from gate.config.suite import Suite
from gate.errors import UsageError
from gate.measure.counts import BLOCK_REQUESTS, MAX_ROUNDS
from gate.measure.hashes import block_seed, endpoint_hash
from gate.measure.layout import AtHand, Layout, lay_out_duet, lay_out_stored, number_deployments
from gate.measure.plan import asked_once, compared, group_endpoints
from gate.stats.beliefs import assumed
from tests.unit.measure.plans import steps_of


def suite(endpoints=None, **rest) -> Suite:
    return Suite.model_validate({"endpoints": endpoints or {"a": "GET /a", "b": "GET /b", "c": "GET /c"}} | rest)


def duet(made: Suite, *previews: str, hook: bool = False) -> Layout:
    pairs = number_deployments([(url, f"base of {url}") for url in previews or ("one",)])
    return lay_out_duet(made, AtHand(pairs, hook), assumed(len(compared(made)), one_host=True))


def test_endpoints_run_side_by_side_up_to_the_maximum_rate():
    made = suite(policy={"max_rate": "50/s"})
    assert group_endpoints(made) == [("a", "b"), ("c",)]


def test_groups_do_not_depend_on_the_seed():
    made = suite()
    for seed in range(5):
        assert {step.endpoints for step in steps_of(lay_out_stored(made), made, seed)} == {("a", "b"), ("c",)}


def test_suspects_alone_fill_the_groups_anew():
    assert group_endpoints(suite(), {"c", "a"}) == [("a", "c")]


def test_every_endpoint_gets_one_block_per_round_and_arm():
    layout = duet(suite())
    steps = steps_of(layout, suite())
    for number, arm, name in itertools.product(range(layout.design.first[0].rounds), ("candidate", "base"), "abc"):
        assert sum(s.round == number and s.arm == arm and name in s.endpoints for s in steps) == 1


def test_the_arms_of_a_duet_follow_each_other_at_once_in_random_order():
    steps = steps_of(duet(suite()), suite())
    pairs = list(zip(steps[::2], steps[1::2], strict=True))
    assert all(first.endpoints == second.endpoints and first.arm != second.arm for first, second in pairs)
    assert {first.arm for first, _ in pairs} == {"candidate", "base"}


def test_the_order_of_groups_changes_between_rounds_and_is_repeatable():
    layout = lay_out_stored(suite())
    steps = steps_of(layout, suite())
    firsts = [next(s.endpoints for s in steps if s.round == n) for n in range(layout.design.first[0].rounds)]
    assert len(set(firsts)) == 2
    assert steps_of(layout, suite()) == steps


@pytest.mark.parametrize(
    ("budget", "rounds"),
    [({"time": "17s"}, 3), ({"time": "32s"}, 6), ({"time": "10m"}, MAX_ROUNDS), ({"requests": 510, "time": "10m"}, 3)],
)
def test_rounds_without_looks_follow_from_the_budget_and_leave_room_for_the_warm_up(budget, rounds):
    assert lay_out_stored(suite(policy={"budget": budget})).design.first[0].rounds == rounds


@pytest.mark.parametrize("lay_out", [lay_out_stored, duet])
def test_a_budget_too_small_for_a_verdict_is_refused_with_the_one_needed(lay_out):
    arms = 2 if lay_out is duet else 1
    with pytest.raises(UsageError, match=r"allows 2 rounds") as caught:
        lay_out(suite(policy={"budget": {"time": f"{14 * arms}s"}}))
    assert f"time: {(15 + 2) * arms}s, requests: {(450 + 60) * arms}" in caught.value.cure


def test_a_changing_endpoint_is_loaded_at_most_its_count():
    endpoints = {"buy": {"request": "POST /buy", "mutates": True, "max_count": 170}, "see": "GET /see"}
    made = suite(endpoints, policy={"budget": {"time": "10m"}})
    blocks = sum("buy" in step.endpoints for step in steps_of(lay_out_stored(made), made))
    assert blocks * BLOCK_REQUESTS <= 170
    assert blocks == 3


def test_a_changing_endpoint_without_leave_is_asked_once_and_never_loaded():
    made = suite({"drop": "DELETE /all", "see": "GET /see"})
    assert asked_once(made) == ("drop",)
    assert all("drop" not in step.endpoints for step in steps_of(lay_out_stored(made), made))
    assert compared(made) == ("see",)


def test_block_seeds_differ_by_endpoint_and_round_but_not_by_run():
    seeds = {block_seed("s", name, number) for name in "abc" for number in range(20)}
    assert len(seeds) == 60
    assert block_seed("s", "a", 0) == block_seed("s", "a", 0)


@pytest.mark.parametrize(
    "change",
    [
        {"endpoints": {"a": "GET /other"}},
        {"endpoints": {"a": {"request": "GET /a", "rate": "10/s"}}},
        {"endpoints": {"a": {"request": "GET /a", "headers": {"X": "1"}}}},
        {"endpoints": {"a": {"request": "GET /a", "expect": {"status": 204}}}},
        {"endpoints": {"a": "GET /a"}, "policy": {"max_rate": "40/s"}},
        {"endpoints": {"a": "GET /a"}, "preview": {"headers": {"X-Bypass": "${B}"}}},
    ],
)
def test_whatever_changes_the_load_changes_the_hash(change):
    before = endpoint_hash(suite({"a": "GET /a"}), "a")
    assert endpoint_hash(Suite.model_validate(change), "a") != before


@pytest.mark.parametrize(
    "change",
    [
        {"endpoints": {"a": {"request": "GET /a", "objectives": {"p95": "1s"}}}},
        {"endpoints": {"a": {"request": "GET /a", "tolerance": {"p50": "9%"}, "owner": "us"}}},
        {"endpoints": {"a": "GET /a", "z": "GET /z"}},
        {"endpoints": {"a": "GET /a"}, "policy": {"budget": {"time": "5m"}}, "suite": "renamed"},
    ],
)
def test_rules_and_neighbours_do_not_change_the_hash(change):
    before = endpoint_hash(suite({"a": "GET /a"}), "a")
    assert endpoint_hash(Suite.model_validate(change), "a") == before
