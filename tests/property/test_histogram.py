"""Histograms: exact merging, bounded error, and an encoding that an independent reader understands."""

from __future__ import annotations

import math

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from gate.load.histogram import Histogram

latencies = st.floats(min_value=0, max_value=3000, allow_nan=False)
samples = st.lists(latencies, max_size=200)


def histogram(values: list[float]) -> Histogram:
    made = Histogram()
    for value in values:
        made.record(value)
    return made


@given(samples, samples, samples)
def test_adding_is_associative_commutative_and_exact(a, b, c):
    assert (
        (histogram(a) + histogram(b)) + histogram(c)
        == histogram(c) + (histogram(b) + histogram(a))
        == histogram(a + b + c)
    )


@given(samples)
def test_encoding_round_trips(values):
    made = histogram(values)
    assert Histogram.decode(made.encode()) == made


@given(st.lists(latencies, min_size=1, max_size=200))
def test_an_independent_reader_finds_the_same_counts(values):
    read = HdrHistogram.decode(histogram(values).encode())
    assert read.get_total_count() == len(values)
    # Both give a value of the bucket that holds the largest sample; the reader gives its upper end.
    largest = max(round(value * 1e6) for value in values)
    assert read.get_max_value() >= largest
    assert read.get_max_value() <= largest * (1 + 1 / 1024) + 1


@given(st.lists(latencies, min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_quantiles_are_within_a_thousandth_of_exact_ones(values, q):
    exact = sorted(values)[max(1, math.ceil(q * len(values))) - 1]
    assert histogram(values).quantile(q) == pytest.approx(exact, rel=1 / 1024, abs=1e-6)


@given(st.lists(latencies, min_size=1, max_size=200), latencies)
def test_counts_above_a_limit_are_exact_but_for_samples_in_its_own_bucket(values, limit):
    above = sum(value > limit * (1 + 1 / 512) + 2e-6 for value in values)
    at_least = sum(value > limit * (1 - 1 / 512) - 2e-6 for value in values)
    assert above <= histogram(values).count_above(limit) <= at_least


@given(st.text(max_size=60))
def test_garbage_is_refused_with_one_kind_of_error(text):
    with pytest.raises(ValueError, match=r"histogram|base64|ASCII"):
        Histogram.decode(text)


@given(st.lists(latencies, min_size=1, max_size=50), st.integers(0, 1000))
def test_a_truncated_encoding_never_passes_for_a_whole_one(values, cut):
    encoded = histogram(values).encode()
    shorter = encoded[: cut % len(encoded)]
    with pytest.raises(ValueError, match="histogram"):
        Histogram.decode(shorter)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_impossible_latencies_are_refused(bad):
    with pytest.raises(ValueError, match="cannot be"):
        Histogram().record(bad)


def test_memory_does_not_grow_with_requests():
    """A million samples in a realistic range need no more buckets than a thousand distinct values do."""
    import random

    draw = random.Random(1)
    made = Histogram()
    for _ in range(200_000):
        made.record(draw.lognormvariate(-4.6, 0.5))
    assert len(made.counts()) < 6_000


def test_an_empty_histogram_has_no_quantile():
    assert math.isnan(Histogram().quantile(0.5))
    assert math.isnan(Histogram().mean())
    assert math.isnan(Histogram().log_variance())


@given(st.lists(st.floats(1e-4, 100), min_size=2, max_size=100))
def test_mean_and_log_variance_are_those_of_the_samples(values):
    import numpy as np

    made = histogram(values)
    assert made.mean() == pytest.approx(float(np.mean(values)), rel=1e-3, abs=1e-6)
    rounded = [max(round(v * 1e6), 1) * 1e-6 for v in values]
    assert made.log_variance() == pytest.approx(float(np.var(np.log(rounded), ddof=1)), rel=0.05, abs=1e-5)
