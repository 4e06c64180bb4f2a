"""What the inputs of a start by hand may change of the suite."""

from __future__ import annotations

import pytest

from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.errors import UsageError
from gate.gh.events.dispatch import as_chosen
from gate.gh.events.inputs import Inputs
from gate.gh.events.plan import Use

SUITE = read_suite(
    b"""
endpoints: {home: GET /}
scenarios:
  steady: {load: {rate: 10/s, for: 10s}, mix: {home: 1}}
  burst: {load: {rate: 50/s, for: 10s}, mix: {home: 1}}
policy: {budget: {time: 3m}, max_rate: 100/s}
""",
    "gate.yml",
)
BY_HAND = "workflow_dispatch"


def chosen(use: Use, event: str = BY_HAND, **given: str) -> Suite:
    inputs = Inputs.from_environment({"INPUT_TOKEN": "t", **{f"INPUT_{k.upper()}": v for k, v in given.items()}})
    return as_chosen(SUITE, inputs, use, event)


def test_without_a_choice_the_suite_is_as_it_is():
    assert chosen(Use.CHECK, "pull_request") is SUITE
    assert chosen(Use.REFRESH, "push") is SUITE


@pytest.mark.parametrize("use", [Use.CHECK, Use.REFRESH])
def test_a_check_may_take_longer_and_never_less(use):
    longer = chosen(use, budget="10m")
    assert longer.policy.budget.time_s == 600
    assert longer.policy.budget.requests == SUITE.policy.budget.requests
    assert chosen(use, budget="3m") == SUITE
    with pytest.raises(UsageError, match="less than the 3 min"):
        chosen(use, budget="179s")


def test_a_measurement_may_be_short_and_of_some_scenarios():
    short = chosen(Use.MEASURE, budget="30s", scenarios="burst")
    assert short.policy.budget.time_s == 30
    assert list(short.scenarios) == ["burst"]
    assert short.endpoints == SUITE.endpoints


def test_a_check_is_of_all_scenarios():
    with pytest.raises(UsageError, match="mode measure only"):
        chosen(Use.CHECK, scenarios="burst")


def test_an_unknown_scenario_is_named_with_the_one_that_was_meant():
    with pytest.raises(UsageError, match="'brust'") as caught:
        chosen(Use.MEASURE, scenarios="brust")
    assert caught.value.cure == "did you mean burst?"


@pytest.mark.parametrize("event", ["pull_request", "workflow_run", "push", "schedule", "deployment_status"])
@pytest.mark.parametrize("given", [{"budget": "10m"}, {"scenarios": "burst"}])
def test_other_events_choose_nothing(event, given):
    with pytest.raises(UsageError, match="workflow_dispatch only"):
        chosen(Use.MEASURE, event, **given)
