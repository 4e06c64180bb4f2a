"""Schedules: in order, repeatable, of the rate they were asked for, and wholly dealt out to the workers."""

from __future__ import annotations

import itertools
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.load.arrivals import Course, Stage, arrivals, constant, share

seeds = st.integers(0, 2**60)
spacings = st.sampled_from(["poisson", "even", "exact"])
levels = st.floats(0, 500).map(lambda level: round(level, 3))
courses = st.lists(st.builds(Stage, levels, levels, st.floats(0.05, 2)), min_size=1, max_size=4).map(Course)


@given(st.floats(0.1, 5_000), seeds, st.integers(0, 200), st.sampled_from(["poisson", "even"]))
def test_a_schedule_has_its_count_and_goes_on_in_time(rate, seed, count, spacing):
    instants = list(arrivals(constant(rate), seed, spacing=spacing, count=count))
    assert len(instants) == count
    assert all(a <= b for a, b in itertools.pairwise(instants))


@given(courses, seeds, spacings)
def test_the_same_seed_gives_the_same_schedule(course, seed, spacing):
    assert list(arrivals(course, seed, spacing=spacing)) == list(arrivals(course, seed, spacing=spacing))


@given(courses, seeds, spacings)
def test_arrivals_lie_within_the_course_and_never_where_its_level_is_zero(course, seed, spacing):
    for instant in arrivals(course, seed, spacing=spacing):
        assert 0 <= instant <= course.length_s
        assert course.level(min(instant, math.nextafter(course.length_s, 0))) >= 0


@given(courses, seeds, st.sampled_from(["even", "exact"]))
def test_even_and_exact_arrivals_are_as_many_as_the_area_under_the_course(course, seed, spacing):
    n = len(list(arrivals(course, seed, spacing=spacing)))
    assert abs(n - course.total) <= 0.5 + 1e-6


@given(courses, seeds, spacings, st.integers(1, 5))
def test_the_shares_of_all_workers_are_the_whole_schedule(course, seed, spacing, parts):
    whole = list(arrivals(course, seed, spacing=spacing))
    dealt = [list(share(arrivals(course, seed, spacing=spacing), part, parts)) for part in range(parts)]
    assert sorted(itertools.chain(*dealt)) == whole
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


@given(courses, st.floats(0, 1))
def test_the_inverse_of_the_integral_is_its_inverse(course, at):
    """The integral of the level up to the instant, summed in fine steps, is the area that was asked for."""
    area = at * course.total * 0.999
    instant = course.instant(area)
    if area == 0 or not math.isfinite(instant):
        return
    steps = 2_000
    width = instant / steps
    summed = sum(course.level((step + 0.5) * width) for step in range(steps)) * width
    assert summed == pytest.approx(area, rel=0.02, abs=0.5)


@given(courses, st.floats(0.001, 600), st.floats(0, 8))
def test_a_level_is_reached_exactly_where_it_is_said_to_be(course, level, from_s):
    at = course.reaches(level, from_s)
    fine = [from_s + step * 0.01 for step in range(round(max(0.0, course.length_s - from_s) / 0.01))]
    earlier = fine if at is None else [instant for instant in fine if instant < at - 1e-6]
    assert all(course.level(instant) < level + 1e-6 for instant in earlier)
    if at is not None:
        assert at >= from_s
        assert course.level(at) >= level - 1e-6 or at >= course.length_s - 1e-6 or _just_before(course, at) >= level - 1


def _just_before(course: Course, at: float) -> float:
    return max(course.level(at - step) for step in (1e-9, 1e-7, 1e-5))


def test_poisson_gaps_are_exponential_with_the_mean_asked_for():
    gaps = [b - a for a, b in itertools.pairwise(arrivals(constant(20.0), 7, count=20_000))]
    assert abs(statistics.mean(gaps) * 20 - 1) < 0.03
    # An exponential has a standard deviation equal to its mean; even spacing would have none.
    assert abs(statistics.stdev(gaps) / statistics.mean(gaps) - 1) < 0.05


def test_exact_arrivals_are_as_bursty_as_poisson_ones():
    instants = list(arrivals(constant(20.0, 1_000.0), 7, spacing="exact"))
    gaps = [b - a for a, b in itertools.pairwise(instants)]
    assert len(instants) == 20_000
    assert abs(statistics.stdev(gaps) / statistics.mean(gaps) - 1) < 0.05


def test_even_gaps_are_equal():
    gaps = [b - a for a, b in itertools.pairwise(arrivals(constant(20.0), 7, spacing="even", count=100))]
    assert gaps == pytest.approx([0.05] * 99)


def test_a_ramp_is_followed():
    """From 0 to 200/s in 10 s: a quarter of all in the first half, three quarters in the second."""
    instants = list(arrivals(Course([Stage(0, 200, 10)]), 3))
    early = sum(instant < 5 for instant in instants) / len(instants)
    assert len(instants) == pytest.approx(1000, abs=120)
    assert early == pytest.approx(0.25, abs=0.05)
