"""Schedules: increasing, repeatable, and of the rate they were asked for."""

from __future__ import annotations

import itertools
import statistics

from hypothesis import given
from hypothesis import strategies as st

from gate.load.arrivals import poisson

rates = st.floats(min_value=0.1, max_value=5_000)


@given(rates, st.integers(0, 2**60), st.integers(0, 200))
def test_a_schedule_has_its_count_and_increases(rate, seed, count):
    instants = list(poisson(rate, seed, count=count))
    assert len(instants) == count
    assert all(a < b for a, b in itertools.pairwise(instants))


@given(rates, st.integers(0, 2**60))
def test_the_same_seed_gives_the_same_schedule(rate, seed):
    assert list(poisson(rate, seed, count=50)) == list(poisson(rate, seed, count=50))


@given(st.floats(1, 500), st.integers(0, 2**60), st.floats(0.01, 2))
def test_a_schedule_ends_before_its_time(rate, seed, for_s):
    assert all(instant < for_s for instant in poisson(rate, seed, for_s=for_s))


def test_gaps_are_exponential_with_the_mean_asked_for():
    instants = list(poisson(20.0, 7, count=20_000))
    gaps = [b - a for a, b in itertools.pairwise(instants)]
    assert abs(statistics.mean(gaps) * 20 - 1) < 0.03
    # An exponential has a standard deviation equal to its mean; even spacing would have none.
    assert abs(statistics.stdev(gaps) / statistics.mean(gaps) - 1) < 0.05
