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
