"""Prometheus' text format: read as its own client library writes and reads it, and bounded whatever a page holds."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gate.telemetry.exposition import MOST_SAMPLES, NotReadable, Sample, samples, selector_of

LABELS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)


def read(page: str, metric: str) -> list[Sample]:
    return samples(page, selector_of(metric))


@given(st.dictionaries(LABELS, st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_what_the_client_library_writes_is_read_as_it_reads_it_itself(values):
    registry = CollectorRegistry()
    gauge = Gauge("pool_in_use", 'said "so"\nin two lines', ["pool"], registry=registry)
    Gauge("pool_in_use_longer", "begins alike", registry=registry).set(7)
    Counter("requests", "a counter", registry=registry).inc(3)
    Histogram("took_seconds", "a histogram", ["pool"], registry=registry).labels("x").observe(0.5)
    for label, value in values.items():
        gauge.labels(label).set(value)
    page = generate_latest(registry).decode()
    theirs = {
        (sample.labels["pool"], sample.value)
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "pool_in_use"
    }
    assert {(dict(sample.labels)["pool"], sample.value) for sample in read(page, "pool_in_use")} == theirs
    assert [sample.value for sample in read(page, "requests_total")] == [3]
    assert [sample.value for sample in read(page, "took_seconds_sum")] == [0.5]
    assert read(page, "nothing") == []


def test_labels_choose_among_samples():
    page = 'a{x="1",y="2"} 5\na{x="2"} 7 1700000000000\na 9\r\na_b 11\n'
    assert [sample.value for sample in read(page, 'a{x="1"}')] == [5]
    assert [sample.value for sample in read(page, "a")] == [5, 7, 9]
    assert read(page, 'a{z="1"}') == []


@pytest.mark.parametrize(
    "line",
    [
        "a",
        "a NaN",
        "a +Inf",
        "a 1_000",
        "a one",
        'a{x="1} 5',
        "a{x=1} 5",
        "a 1 2 3",
        'a{x="1"',
        "a{" * 2000 + " 1",
        "a 0x10",
    ],
)
def test_a_malformed_sample_of_a_wanted_metric_is_not_readable(line):
    with pytest.raises(NotReadable):
        read(f"b 1\n{line}\n", "a")
    assert read(f"b 1\n{line}\n", "b") == [Sample((), 1.0)]


def test_a_page_that_ends_within_a_line_gives_no_half_of_a_number():
    whole = "b 1\na 123456789\n"
    assert read(whole, "a") == [Sample((), 123456789.0)]
    for page in (whole[:-1], whole[:-5]):
        assert read(page, "b") == [Sample((), 1.0)]
        with pytest.raises(NotReadable, match="within a line"):
            read(page, "a")


def test_more_sets_of_labels_than_may_be_are_not_added_up():
    page = "".join(f'a{{x="{number}"}} 1\n' for number in range(MOST_SAMPLES + 1))
    with pytest.raises(NotReadable, match="sets of labels"):
        read(page, "a")


@given(st.text(max_size=300), st.text(alphabet='a{}="\\, \t\n1.', max_size=200))
def test_any_page_is_read_or_refused(noise, likely):
    for page in (noise, likely, f"a {likely}", f"a{{{likely}"):
        try:
            found = read(page, "a")
        except NotReadable:
            continue
        assert all(math.isfinite(sample.value) for sample in found)


def test_hostile_lines_take_no_longer_than_their_length_allows():
    """Doubling the length may double the time; a pattern that tries everything would take forever."""
    took = []
    for size in (2000, 4000, 8000):
        page = "a{" + 'x="\\\\"' * (size // 6) + "\n"
        begun = time.perf_counter()
        for _ in range(20):
            with pytest.raises(NotReadable):
                read(page, "a")
        took.append(time.perf_counter() - begun)
    assert took[2] < 40 * took[0]
