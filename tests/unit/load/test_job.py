"""What crosses the process border: whole, and put together again from several workers."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.load.arrivals import Stage
from gate.load.data import draws_of, zipf
from gate.load.histogram import Histogram, record_many
from gate.load.job import (
    Expectation,
    Journey,
    JourneyResult,
    Lane,
    LaneResult,
    Request,
    Schedule,
    Segment,
    SegmentResult,
    Socket,
    SocketResult,
    Source,
    Stream,
    Wire,
)
from gate.load.merge import merged
from gate.load.pipe import from_line, to_line

SEGMENT = Segment(
    streams=(
        Stream(
            Schedule(stages=(Stage(0, 5, 1.5),), stages_of="users", think_s=0.1, seed=3),
            (Lane("a", Request("POST", "http://h/{id}", {"x": "y"}, {"k": [1, None]}), Expectation((200, 204)), 2),),
            (Journey("j", ("a", "a")),),
        ),
    ),
    environment={"A": "b"},
    sources={"id": Source(rows=({"n": 1}, {"n": 2}), pick="order")},
    wire=Wire(http="2", resolve=("h:80:127.0.0.1",)),
    deadline_s=3.5,
)


def test_a_segment_crosses_whole():
    assert from_line(Segment, to_line(SEGMENT)) == SEGMENT


LANE = Lane("a", Request("GET", "http://h/"), Expectation())
TALK = Lane("b", Request("GET", "ws://h/", json="hello"), Expectation(), socket=Socket(("chat",), path="$.id"))


def test_a_segment_of_sockets_crosses_whole():
    segment = Segment((Stream(Schedule(users=1, for_s=1), (TALK,)),))
    assert from_line(Segment, to_line(segment)) == segment
    assert segment.is_of_sockets
    assert not SEGMENT.is_of_sockets


@pytest.mark.parametrize(
    "stream", [Stream(Schedule(), (LANE, TALK)), Stream(Schedule(), (TALK,), (Journey("j", ("b",)),))]
)
def test_sockets_are_mixed_with_nothing_else(stream):
    with pytest.raises(ValueError, match="WebSockets share a segment"):
        _ = Segment((stream,)).is_of_sockets


counts = st.dictionaries(st.integers(0, 5_000), st.integers(1, 9), max_size=5)
named = st.dictionaries(st.sampled_from(["reset", "timeout", "200"]), st.integers(1, 9), max_size=3)
numbers = st.integers(0, 100)
lanes = st.builds(
    LaneResult,
    planned=numbers,
    sent=numbers,
    dropped=numbers,
    completed=numbers,
    errors=named,
    statuses=named,
    histogram=counts,
    first=counts,
    phases=st.fixed_dictionaries({"wait": counts}),
    samples=st.just([]),
    service=st.just([]),
    body_min=st.none() | numbers,
    body_max=st.none() | numbers,
)
sockets = st.builds(
    SocketResult,
    opened=numbers,
    reconnected=numbers,
    alive=numbers,
    lost=st.dictionaries(st.sampled_from(["1000", "1006"]), st.integers(1, 9)),
    unasked=numbers,
    connect=counts,
    upgrade=counts,
    echo=counts,
)
results = st.builds(
    SegmentResult,
    lanes=st.fixed_dictionaries({"a": lanes}),
    journeys=st.fixed_dictionaries({"j": st.builds(JourneyResult, begun=numbers, histogram=counts)}),
    sockets=st.fixed_dictionaries({"a": sockets}),
    elapsed_s=st.floats(0, 100),
    lag=counts,
    peak_in_flight=numbers,
    throttled=st.booleans(),
)


@given(results)
def test_a_result_crosses_whole(result):
    assert from_line(SegmentResult, to_line(result)) == result


@given(results, results, results)
def test_results_of_workers_add_up_in_any_order(a, b, c):
    assert merged([merged([a, b]), c]) == merged([a, merged([b, c])]) == merged([c, a, b])


@given(st.lists(st.floats(0, 3_000), max_size=300))
def test_counting_many_at_once_is_counting_one_by_one(values):
    one_by_one, at_once = Histogram(), {}
    for value in values:
        one_by_one.record(value)
    record_many(at_once, values)
    assert at_once == one_by_one.counts()


@pytest.mark.parametrize("value", [-1e-6, float("nan"), float("inf")])
def test_what_is_no_latency_is_refused(value):
    with pytest.raises(ValueError, match="latency"):
        record_many({}, [0.1, value])


def test_rows_in_order_are_dealt_out_without_overlap():
    source = {"id": Source(rows=tuple(range(10)), pick="order")}
    drawn = [[draws_of(source, part, 3)["id"](Random(0)) for _ in range(1)] for part in range(3)]
    assert drawn == [[0], [1], [2]]
    draws = [draws_of(source, part, 2)["id"] for part in range(2)]
    assert sorted(draw(Random(0)) for draw in draws for _ in range(5)) == list(range(10))


def test_zipf_draws_in_proportion_to_one_over_the_rank():
    """Expected share of rank k among n is (1/k)/H_n; H_100 = 5.18738 (OEIS A001008/A002805)."""
    random, draw = Random(5), zipf(100, 1.0)
    seen = Counter(draw(random) for _ in range(100_000))
    for rank in (1, 2, 5, 10):
        assert seen[rank - 1] / 100_000 == pytest.approx(1 / rank / 5.18738, rel=0.06)
