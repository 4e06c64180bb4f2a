"""Answers by when they came: bounded periods that lose nothing, whoever counted them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.load.histogram import Histogram
from gate.load.periods import FIRST_S, MOST, PeriodResult, Periods, in_pairs, side_by_side
from gate.load.tally import Tally

counted = st.builds(PeriodResult, st.dictionaries(st.integers(0, 50), st.integers(1, 5), max_size=4), st.integers(0, 3))
some = st.lists(counted, max_size=MOST)


def whole(periods):
    histogram = sum((Histogram(period.histogram) for period in periods), Histogram())
    return histogram.counts(), sum(period.failed for period in periods)


def test_a_minute_has_its_seconds_and_a_day_no_more_periods_than_a_minute():
    for length_s in (10, 47, 48, 49, 600, 86_400):
        periods = Periods()
        for now_s in range(length_s):
            periods.now.failed += 1
            periods.turn(float(now_s + 1))
        assert len(periods.found) <= MOST
        assert sum(period.failed for period in periods.found) == length_s
        full = [period.failed for period in periods.found[:-1]]
        assert set(full) <= {round(periods.each_s / FIRST_S)}
        assert length_s < 2 * MOST or len(periods.found) >= MOST / 2


def test_time_that_passes_without_an_answer_has_its_periods_as_well():
    periods = Periods()
    periods.now.failed = 1
    periods.turn(5.5)
    periods.now.failed = 2
    assert [period.failed for period in periods.found] == [1, 0, 0, 0, 0, 2]


@given(some)
def test_joining_in_pairs_loses_nothing(periods):
    assert whole(in_pairs(periods)) == whole(periods)


@given(some, st.integers(0, 3), some, st.integers(0, 3))
def test_those_of_two_workers_are_of_the_same_time(a, a_times, b, b_times):
    each_s, found = side_by_side(2.0**a_times, a, 2.0**b_times, b)
    assert whole(found) == whole([*a, *b])
    if a and b:
        assert each_s == 2.0 ** max(a_times, b_times)
        assert len(found) <= MOST


def test_a_lane_counts_its_answers_twice_only_where_it_is_asked():
    tally, plain = Tally(keep_samples=False, keep_periods=True), Tally(keep_samples=False)
    for now_s, latency_s in ((0.2, 0.01), (1.4, 0.02), (1.6, 0.03)):
        for each in (tally, plain):
            each.flush(now_s)
            each.completed(latency_s, latency_s, 0.0, 0.0, 10)
            each.failed("status_500")
            each.flush(now_s)
    result = tally.flush(2.5)
    assert [(sum(p.histogram.values()), p.failed) for p in result.periods] == [(1, 1), (2, 2), (0, 0)]
    assert whole(result.periods)[0] == result.histogram
    assert plain.flush(2.5).periods == []
