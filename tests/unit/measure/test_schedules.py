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


def hours(**keys):
    return load(hours={"zone": "Europe/Berlin", **keys}, **{"for": "24m"}).hours


HOURLY = {f"{hour:02}": f"{hour + 1}/s" for hour in range(24)}


@pytest.mark.parametrize(
    ("zone", "day", "lengths_h"),
    [
        ("Europe/Berlin", None, {}),
        ("Europe/Berlin", "2026-06-01", {}),
        ("Europe/Berlin", "2026-03-29", {2: 0}),
        ("Europe/Berlin", "2026-10-25", {2: 2}),
        ("America/New_York", "2026-03-08", {2: 0}),
        ("America/New_York", "2026-11-01", {1: 2}),
        ("Australia/Lord_Howe", "2026-10-04", {2: 0.5}),  # half an hour, and the other way round
        ("Asia/Kolkata", "2026-03-29", {}),
    ],
)
def test_hours_are_as_long_as_clocks_there_show_them(zone, day, lengths_h):
    given = hours(zone=zone, rates=HOURLY, **({"day": day} if day else {}))
    assert [length / 3600 for length in given.stretches_s] == [lengths_h.get(hour, 1) for hour in range(24)]


def test_a_time_that_clocks_leave_out_is_their_jump():
    rates = {"00": "1/s", "02": "2/s", "02:30": "3/s", "03": "4/s"}
    assert hours(rates=rates, day="2026-03-29").stretches_s == (7200, 0, 0, 75_600)
    assert hours(rates={"00": "1/s"}, to="02:30", day="2026-03-29").stretches_s == (7200,)


def test_a_working_day_passes_in_the_time_it_is_given():
    rates = {"07": "5/s", "09": "60/s", "12": "30/s", "14": "70/s", "18": "5/s"}
    given = load(hours={"zone": "Europe/Berlin", "from": "07:00", "to": "19:00", "rates": rates}, **{"for": "12m"})
    steps = [(stage.start, stage.end, stage.for_s) for stage in stages_of(given)]
    assert steps == [(5, 5, 120), (60, 60, 180), (30, 30, 120), (70, 70, 240), (5, 5, 60)]
    assert schedule_of(given, 1).stages == stages_of(given)
    assert given.peak_rps == 70
    assert not given.is_constant


@given(
    st.lists(st.integers(0, 1439), min_size=1, max_size=20, unique=True).map(sorted),
    SHAPES,
    st.sampled_from([None, "2026-03-29", "2026-10-25"]),
)
def test_a_day_lasts_as_long_as_it_was_said_whatever_clocks_do(minutes, shape, day):
    rates = {f"{at // 60:02}:{at % 60:02}": f"{number + 1}/s" for number, at in enumerate(minutes)}
    first = next(iter(rates))
    keys = {"zone": "Europe/Berlin", "from": first, "rates": rates, **({"day": day} if day else {})}
    course = Course(stages_of(load(hours=keys, shape=shape if len(rates) > 1 else "steps", **{"for": "90s"})))
    assert course.length_s == pytest.approx(90)
    assert course.peak <= len(minutes)
    assert min(min(stage.start, stage.end) for stage in course.stages) >= 1


def test_what_its_lines_say_is_met_at_its_hours():
    rates = {"08": "10/s", "12": "50/s", "16": "30/s"}
    keys = {"zone": "UTC", "from": "08", "to": "18", "rates": rates}
    course = Course(stages_of(load(hours=keys, shape="ramp", **{"for": "100s"})))
    assert [course.level(at) for at in (0, 20, 40, 80, 99)] == pytest.approx([10, 30, 50, 30, 30])
