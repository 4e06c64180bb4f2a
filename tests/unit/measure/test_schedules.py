"""Loads of the suite as courses of the engine."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config.loads import Load
from gate.load.arrivals import Course
from gate.measure.schedules import schedule_of, stages_of

RATES = st.lists(st.integers(1, 1000), min_size=2, max_size=24)
SHAPES = st.sampled_from(["steps", "ramp", "day"])


def load(**keys) -> Load:
    return Load.model_validate(keys)


@given(RATES, SHAPES, st.integers(1, 3600))
def test_a_shape_lasts_as_long_as_it_was_said_and_never_leaves_its_levels(rates, shape, seconds):
    course = Course(stages_of(load(rates=[f"{rate}/s" for rate in rates], shape=shape, **{"for": f"{seconds}s"})))
    assert course.length_s == pytest.approx(seconds)
    assert course.peak == pytest.approx(max(rates))
    assert min(min(stage.start, stage.end) for stage in course.stages) == pytest.approx(min(rates))


@given(RATES, st.sampled_from(["ramp", "day"]))
def test_lines_and_curves_go_through_their_levels_without_a_jump(rates, shape):
    stages = stages_of(load(rates=[f"{rate}/s" for rate in rates], shape=shape, **{"for": "60s"}))
    course = Course(stages)
    for before, after in itertools.pairwise(stages):
        assert before.end == pytest.approx(after.start)
    for index, rate in enumerate(rates[:-1]):
        assert course.level(60 * index / (len(rates) - 1) + 1e-9) == pytest.approx(rate, rel=1e-3, abs=1e-3)


def test_steps_are_equally_long():
    stages = stages_of(load(users=[10, 100, 10], **{"for": "30s"}))
    assert [(stage.start, stage.end, stage.for_s) for stage in stages] == [(n, n, 10.0) for n in (10, 100, 10)]


def test_a_ramp_is_part_of_the_time():
    stages = stages_of(load(users=100, ramp="10s", **{"for": "60s"}))
    assert [(stage.start, stage.end, stage.for_s) for stage in stages] == [(0, 100, 10), (100, 100, 50)]


def test_what_stays_constant_is_sent_as_before():
    schedule = schedule_of(load(rate="50/s", **{"for": "60s"}), 7)
    assert (schedule.rate_rps, schedule.for_s, schedule.stages, schedule.seed) == (50, 60, (), 7)
