"""A long scenario in stretches: as much load, never the same arrivals twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config.read import read_suite
from gate.measure.segments import course_of_scenarios, stretches_of

SUITE = """
endpoints: {{home: GET /}}
scenarios: {{one: {{load: {load}, mix: {{home: 1}}}}}}
"""
ORIGIN = "http://127.0.0.1:1"


def suite_with(load: str):
    return read_suite(SUITE.format(load=load).encode(), "gate.yml")


@given(st.integers(1, 5000), st.integers(1, 700), st.sampled_from(["rate: 20/s", "users: 5"]))
def test_stretches_are_equally_long_none_too_long_and_last_as_long_as_was_said(for_s, stretch_s, level):
    suite = suite_with(f"{{{level}, for: {for_s}s, stretch: {stretch_s}s}}")
    courses = stretches_of(suite, ("one",), ORIGIN)
    lengths = [course.streams[0].schedule.for_s for course in courses]
    assert sum(lengths) == pytest.approx(for_s)
    assert max(lengths) == pytest.approx(min(lengths))
    assert max(lengths) <= stretch_s * (1 + 1e-9)
    assert len(courses) < for_s / stretch_s + 1
    assert len({course.streams[0].schedule.seed for course in courses}) == len(courses)
    assert [course.expected_s for course in courses] == lengths


def test_without_stretches_it_is_one():
    suite = suite_with("{rate: 20/s, for: 60s}")
    assert stretches_of(suite, ("one",), ORIGIN) == (course_of_scenarios(suite, ("one",), ORIGIN),)


@pytest.mark.parametrize(
    ("load", "rates", "users"),
    [
        ("{users: [5, 20, 50], for: 30s, think: 1s}", [None] * 3, [5, 20, 50]),
        ("{rates: [5/s, 10/s, 40/s], for: 30s}", [5.0, 10.0, 40.0], [None] * 3),
    ],
)
def test_levels_that_climb_are_driven_one_by_one(load, rates, users):
    suite = suite_with(load)
    schedules = [course.streams[0].schedule for course in stretches_of(suite, ("one",), ORIGIN)]
    whole = course_of_scenarios(suite, ("one",), ORIGIN).streams[0].schedule
    assert [schedule.rate_rps for schedule in schedules] == rates
    assert [schedule.users for schedule in schedules] == users
    assert [schedule.for_s for schedule in schedules] == [10.0] * 3
    assert len({schedule.seed for schedule in schedules}) == 3
    assert {(schedule.think_s, schedule.spacing) for schedule in schedules} == {(whole.think_s, whole.spacing)}
    assert [course.rate_rps for course in stretches_of(suite, ("one",), ORIGIN)] == rates


@pytest.mark.parametrize(
    "load",
    [
        "{users: [5, 20, 10], for: 30s}",
        "{rates: [5/s, 40/s, 5/s], for: 30s}",
        "{rates: [5/s, 40/s], for: 30s, shape: ramp}",
        "{users: [5, 5], for: 30s}",
    ],
)
def test_what_falls_again_or_changes_smoothly_is_one_stretch(load):
    """What a peak leaves behind is part of what comes after it."""
    suite = suite_with(load)
    assert stretches_of(suite, ("one",), ORIGIN) == (course_of_scenarios(suite, ("one",), ORIGIN),)


def test_levels_beside_another_scenario_are_one_stretch():
    other = "other: {load: {rate: 1/s, for: 30s}, mix: {home: 1}, beside: [one]}"
    text = SUITE.format(load="{users: [5, 20], for: 30s}").replace("scenarios: {one", f"scenarios: {{{other}, one")
    names = ("one", "other")
    suite = read_suite(text.encode(), "gate.yml")
    assert stretches_of(suite, names, ORIGIN) == (course_of_scenarios(suite, names, ORIGIN),)
