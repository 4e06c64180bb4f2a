"""The plan: what runs beside what, how often, in which order; all from the suite."""

from __future__ import annotations

import itertools

import pytest

from gate.config.suite import Suite
from gate.errors import UsageError
from gate.measure.counts import BLOCK_REQUESTS, MAX_ROUNDS
from gate.measure.hashes import block_seed, endpoint_hash
from gate.measure.plan import group_endpoints, make_plan


def suite(endpoints=None, **rest) -> Suite:
    return Suite.model_validate({"endpoints": endpoints or {"a": "GET /a", "b": "GET /b", "c": "GET /c"}} | rest)


def test_endpoints_run_side_by_side_up_to_the_maximum_rate():
    made = suite(policy={"max_rate": "50/s"})
    assert group_endpoints(made) == [("a", "b"), ("c",)]


def test_groups_do_not_depend_on_the_seed():
    made = suite()
    for seed in range(5):
        groups = {step.endpoints for step in make_plan(made, ("candidate",), seed).steps}
        assert groups == {("a", "b"), ("c",)}


def test_every_endpoint_gets_one_block_per_round_and_arm():
    plan = make_plan(suite(), ("candidate", "base"), seed=3)
    for number, arm, name in itertools.product(range(plan.rounds), ("candidate", "base"), "abc"):
        assert sum(s.round == number and s.arm == arm and name in s.endpoints for s in plan.steps) == 1


def test_the_arms_of_a_duet_follow_each_other_at_once_in_random_order():
    plan = make_plan(suite(), ("candidate", "base"), seed=3)
    pairs = list(zip(plan.steps[::2], plan.steps[1::2], strict=True))
    assert all(first.endpoints == second.endpoints and first.arm != second.arm for first, second in pairs)
    assert {first.arm for first, _ in pairs} == {"candidate", "base"}


def test_the_order_of_groups_changes_between_rounds_and_is_repeatable():
    plan = make_plan(suite(), ("candidate",), seed=1)
    firsts = [next(s.endpoints for s in plan.steps if s.round == n) for n in range(plan.rounds)]
    assert len(set(firsts)) == 2
    assert make_plan(suite(), ("candidate",), seed=1) == plan


@pytest.mark.parametrize(
    ("budget", "rounds"),
    [({"time": "16s"}, 3), ({"time": "30s"}, 6), ({"time": "10m"}, MAX_ROUNDS), ({"requests": 450, "time": "10m"}, 3)],
)
def test_rounds_follow_from_the_budget(budget, rounds):
    assert make_plan(suite(policy={"budget": budget}), ("candidate",), 0).rounds == rounds


def test_a_budget_too_small_for_a_verdict_is_refused_with_the_one_needed():
    with pytest.raises(UsageError, match=r"allows 2 rounds") as caught:
        make_plan(suite(policy={"budget": {"time": "12s"}}), ("candidate",), 0)
    assert "time: 15s, requests: 450" in caught.value.cure


def test_a_changing_endpoint_is_loaded_at_most_its_count():
    endpoints = {"buy": {"request": "POST /buy", "mutates": True, "max_count": 170}, "see": "GET /see"}
    plan = make_plan(suite(endpoints, policy={"budget": {"time": "10m"}}), ("candidate",), 0)
    blocks = sum("buy" in step.endpoints for step in plan.steps)
    assert blocks * BLOCK_REQUESTS <= 170
    assert blocks == 3


def test_a_changing_endpoint_without_leave_is_asked_once_and_never_loaded():
    plan = make_plan(suite({"drop": "DELETE /all", "see": "GET /see"}), ("candidate",), 0)
    assert plan.asked_once == ("drop",)
    assert all("drop" not in step.endpoints for step in plan.steps + plan.warmup)


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
