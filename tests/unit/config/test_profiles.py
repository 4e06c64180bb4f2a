"""Other sizes of a suite: what is multiplied, what stays, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config.profile_checks import scaled
from gate.config.read import read_suite
from gate.errors import UsageError
from gate.measure.hashes import endpoint_hash, scenario_hash

SUITE = """
suite: sizes
endpoints: {home: {request: GET /, rate: 10/s, objectives: {p95: 100ms, rate: 5/s}}}
scenarios:
  steady:
    {load: {rate: 40/s, for: 60s, ramp: 10s}, mix: {home: 1}, objectives: {p95: 100ms, rate: 30/s}, target: {rate: 8/s}}
  several: {load: {rates: [5/s, 40/s], for: 60s, shape: day}, mix: {home: 1}}
  day: {load: {hours: {zone: UTC, rates: {"00": 5/s, "12": 50/s}}, for: 10m}, mix: {home: 1}}
  crowd: {load: {users: [25, 100], for: 60s, think: 2s}, mix: {home: 1}, objectives: {rate: 10/s}, target: {rate: 2/s}}
  at_once: {load: {count: 50, concurrent: 5}, mix: {home: 1}, objectives: {success: 100%}}
  most_rate:
    load: {find: max_rate, until: "p95 <= 1s", from: 10/s, limit: 50/s, for: 3s}
    mix: {home: 1}
    objectives: {capacity: 20/s}
  most_users:
    load: {find: max_users, until: "p95 <= 1s", from: 5, limit: 80}
    mix: {home: 1}
    objectives: {capacity: 20/s}
telemetry:
  rest: 30s
  prometheus: {url: /metrics, series: {memory: process_resident_memory_bytes}}
  objectives:
    - {of: memory, statistic: max, most: 1GB}
    - {of: memory, leak: none, scenario: steady}
    - {of: memory, statistic: last, most: 1GB, scenario: day}
profiles:
  same: {}
  ci: {time: 10%, rates: 20%, users: 10%}
  long: {time: 300%}
  half: {time: 50%}
  two: {scenarios: [crowd, steady], users: 50%, budget: 40s}
"""


@pytest.fixture(scope="module")
def suite():
    return read_suite(SUITE.encode(), "gate.yml")


def test_loads_are_multiplied_by_what_sets_their_pace(suite):
    loads = {name: scenario.load for name, scenario in scaled(suite, "ci").scenarios.items()}
    assert (loads["steady"].rate_rps, loads["steady"].for_s, loads["steady"].ramp_s) == pytest.approx((8, 6, 1))
    assert loads["several"].rates_rps == pytest.approx([1, 8])
    assert loads["day"].levels == pytest.approx((1, 10))
    assert loads["day"].for_s == pytest.approx(60)
    assert (loads["crowd"].users, loads["crowd"].for_s, loads["crowd"].think_s) == ([3, 10], pytest.approx(6), 2)
    assert (loads["at_once"].count, loads["at_once"].concurrent) == (5, 1)


@pytest.mark.parametrize(("profile", "rest_s"), [("ci", 5), ("half", 15), ("same", 30), ("long", 30)])
def test_rests_are_shortened_as_long_as_something_can_be_read_in_them_and_never_made_longer(suite, profile, rest_s):
    assert scaled(suite, profile).telemetry.rest_s == pytest.approx(rest_s)


def test_searches_get_other_ends_and_stay_as_long_at_each_level(suite):
    loads = {name: scenario.load for name, scenario in scaled(suite, "ci").scenarios.items()}
    assert (loads["most_rate"].start, loads["most_rate"].limit) == pytest.approx((2, 10))
    assert (loads["most_rate"].for_s, loads["most_users"].for_s) == (3, None)
    assert (loads["most_users"].start, loads["most_users"].limit) == (1, 8)


def test_rates_that_are_asked_for_go_with_the_load_and_times_stay(suite):
    small = scaled(suite, "ci").scenarios
    assert small["steady"].objectives.limits() == pytest.approx({"p95": 0.1, "rate": 6})
    assert small["steady"].target.rate_rps == pytest.approx(1.6)
    assert small["crowd"].objectives.limits() == pytest.approx({"rate": 1})
    assert small["crowd"].target.rate_rps == pytest.approx(0.2)
    assert small["most_rate"].objectives.capacity == pytest.approx(4)
    assert small["most_users"].objectives.capacity == pytest.approx(2)
    assert small["at_once"].objectives.success == 1


def test_comparisons_stay_comparable_and_scenarios_of_another_size_are_not(suite):
    small = scaled(suite, "ci")
    assert endpoint_hash(small, "home") == endpoint_hash(suite, "home")
    assert small.endpoints == suite.endpoints
    assert all(scenario_hash(small, name) != scenario_hash(suite, name) for name in suite.scenarios)
    same = scaled(suite, "same")
    assert same.scenarios == suite.scenarios
    assert all(scenario_hash(same, name) == scenario_hash(suite, name) for name in suite.scenarios)


def test_fewer_of_the_same_blocks_are_measured_where_the_profile_has_a_budget(suite):
    small = scaled(suite, "two")
    assert (suite.policy.budget.time_s, small.policy.budget.time_s) == (180, 40)
    assert small.policy.budget.requests == suite.policy.budget.requests
    assert endpoint_hash(small, "home") == endpoint_hash(suite, "home")
    assert scaled(suite, "ci").policy == suite.policy


def test_scenarios_are_chosen_in_the_order_of_the_suite(suite):
    assert list(scaled(suite, "two").scenarios) == ["steady", "crowd"]


def test_telemetry_is_asked_only_of_scenarios_that_are_run(suite):
    assert [limit.scenario for limit in scaled(suite, "two").telemetry.objectives] == [None, "steady"]
    assert scaled(suite, "ci").telemetry.objectives == suite.telemetry.objectives


def test_a_suite_knows_its_size_whatever_else_of_it_changes(suite):
    small = scaled(suite, "ci")
    assert (suite.profile, small.profile) == (None, "ci")
    assert small.model_copy(update={"setup": []}).profile == "ci"
    assert "profile" not in small.model_dump()


@pytest.mark.parametrize(
    ("name", "said"), [("cii", "did you mean ci?"), ("nightly", "there are: ci, half, long, same, two")]
)
def test_a_profile_that_is_not_there_is_named_with_those_that_are(name, said, suite):
    with pytest.raises(UsageError, match=f"the suite sizes has no profile '{name}'") as caught:
        scaled(suite, name)
    assert said in str(caught.value)


@given(st.integers(2, 100), st.integers(1, 100), st.integers(2, 100))
def test_every_load_has_the_size_that_was_asked_for(time, rates, users):
    text = SUITE.replace("same: {}", f"some: {{time: {time}%, rates: {rates}%, users: {users}%}}")
    some = read_suite(text.encode(), "gate.yml")
    small = scaled(some, "some")
    for name, scenario in small.scenarios.items():
        before, after = some.scenarios[name].load, scenario.load
        ratio = (rates if before.is_open else users) / 100
        rounding = 0 if before.is_open else 0.5
        assert all(
            new == pytest.approx(old * ratio, abs=rounding + 1e-9)
            for old, new in zip(before.levels, after.levels, strict=True)
        )
        if before.for_s is not None and before.find is None:
            assert after.for_s == pytest.approx(before.for_s * time / 100)
