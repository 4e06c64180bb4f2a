"""What crosses the process border: whole, and put together again from several workers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.load.arrivals import Stage
from gate.load.data import Draws, zipf
from gate.load.histogram import Histogram, record_many
from gate.load.job import (
    Expectation,
    Journey,
    JourneyResult,
    Lane,
    LaneResult,
    Request,
    Rows,
    Schedule,
    Segment,
    SegmentResult,
    ServerResult,
    Socket,
    SocketResult,
    Source,
    Stream,
    Walk,
    Wire,
)
from gate.load.merge import merged
from gate.load.pipe import from_line, segment_lines, to_line, with_rows

SEGMENT = Segment(
    streams=(
        Stream(
            Schedule(stages=(Stage(0, 5, 1.5),), stages_of="users", think_s=0.1, seed=3),
            (
                Lane(
                    "a",
                    Request("POST", "http://h/{id}", {"x": "y"}, {"k": [1, None]}, walk=Walk("a", 50)),
                    Expectation((200, 204)),
                    2,
                ),
            ),
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
server = st.builds(
    ServerResult,
    looked=numbers,
    told=numbers,
    unread=numbers,
    queries=counts,
    queries_sum=numbers,
    queries_min=st.none() | numbers,
    queries_max=st.none() | numbers,
    times=st.dictionaries(st.sampled_from(["app", "db"]), counts),
)
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
    server=server,
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


WALKS = st.none() | st.builds(Walk, st.sampled_from(["home", "list"]), st.integers(-400, 2_000))


@given(
    size=st.integers(1, 60),
    begin=st.integers(0, 500),
    parts=st.integers(1, 4),
    each=st.integers(1, 30),
    walk=WALKS,
)
def test_rows_in_order_are_dealt_out_to_the_workers_whole_and_without_overlap(size, begin, parts, each, walk):
    source = {"id": Source(rows=tuple(range(size)), pick="order", begin=begin)}
    workers = [Draws(source, part, parts) for part in range(parts)]
    drawn = [draws.draw("id", Random(0), walk) for _ in range(each) for draws in workers]
    first = begin if walk is None else walk.begin
    assert drawn == [(first + number) % size for number in range(parts * each)]


@given(st.lists(st.sampled_from([None, Walk("home", 100), Walk("list", 0)]), max_size=60))
def test_a_walk_is_what_it_would_be_alone_whatever_is_drawn_beside_it(walks):
    draws = Draws({"id": Source(low=0, high=999, pick="order")})
    drawn = [(walk, draws.draw("id", Random(0), walk)) for walk in walks]
    for walk in (None, Walk("home", 100), Walk("list", 0)):
        own = [value for other, value in drawn if other == walk]
        assert own == list(range(walk.begin if walk else 0, (walk.begin if walk else 0) + len(own)))


ROWS = {"n": ({"id": 1}, {"id": 2}), "m": ("a", "b", "c")}
sources = st.dictionaries(
    st.sampled_from(["one", "two"]),
    st.builds(Source, rows=st.just(()), key=st.sampled_from(["n", "m"]), member=st.none() | st.just("id")),
).map(lambda made: {name: replace(source, rows=ROWS[source.key]) for name, source in made.items()})


@given(st.lists(sources, max_size=5))
def test_rows_cross_once_and_every_segment_has_them(of_segments):
    known, told, lines = set(), {}, 0
    for made in of_segments:
        segment = replace(SEGMENT, sources=made)
        *rows, line = segment_lines(segment, known)
        for given_before in rows:
            read = from_line(Rows, given_before.removeprefix("rows "))
            told[read.key] = read.rows
        lines += len(rows)
        assert "rows" not in line.replace('"rows":[]', "")
        assert with_rows(from_line(Segment, line), told) == segment
    assert lines == len(told) == len({source.key for made in of_segments for source in made.values()})


def test_zipf_draws_in_proportion_to_one_over_the_rank():
    """Expected share of rank k among n is (1/k)/H_n; H_100 = 5.18738 (OEIS A001008/A002805)."""
    random, draw = Random(5), zipf(100, 1.0)
    seen = Counter(draw(random) for _ in range(100_000))
    for rank in (1, 2, 5, 10):
        assert seen[rank - 1] / 100_000 == pytest.approx(1 / rank / 5.18738, rel=0.06)
