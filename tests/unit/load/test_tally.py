"""Answers that are counted in batches come to the same as if they were counted one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.load.histogram import Histogram
from gate.load.tally import Tally

phases = st.floats(-1e-6, 10)
answers = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), phases, phases, st.integers(0, 2**40)), max_size=40)


def counted(values: list[float]) -> dict[int, int]:
    histogram = Histogram()
    for value in values:
        histogram.record(max(0.0, value))
    return histogram.counts()


@given(answers, st.integers(1, 30), st.integers(1, 7))
def test_batches_come_to_the_same_as_single_answers(some, times, every):
    """Whatever is flushed in between, and over the size of a batch."""
    tally = Tally(keep_samples=True)
    whole = some * times
    for number, answer in enumerate(whole):
        tally.completed(*answer)
        if number % (every * 100) == 0:
            tally.flush()
    result = tally.flush()
    latencies, services, waits, receives, sizes = zip(*whole, strict=True) if whole else ((), (), (), (), ())
    assert result.completed == len(whole)
    assert result.body_bytes == sum(sizes)
    assert (result.body_min, result.body_max) == (min(sizes, default=None), max(sizes, default=None))
    assert result.histogram == counted(latencies)
    assert (result.phases["wait"], result.phases["receive"]) == (counted(waits), counted(receives))
    assert (result.samples, result.service) == (list(latencies), list(services))


def test_a_tally_that_is_flushed_twice_counts_nothing_twice():
    tally = Tally(keep_samples=False)
    tally.completed(0.1, 0.1, 0.05, 0.05, 7)
    tally.statuses[200] += 1
    assert (tally.flush().completed, tally.flush().completed) == (1, 1)
    assert tally.flush().statuses == {"200": 1}
