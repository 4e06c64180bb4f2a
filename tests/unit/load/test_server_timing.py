"""What answers say of their server: read as the standard says, and bounded whatever they say."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.load.job import ServerResult
from gate.load.merge import both_servers
from gate.load.server_tally import MORE_QUERIES, ServerTally
from gate.load.server_timing import MOST_BYTES, TIMES, UNREAD, Said, said_by
from gate_instrument.meter import Meter
from gate_instrument.totals import Totals


def head(*values: str | bytes, name: bytes = b"Server-Timing") -> bytes:
    lines = [name + b": " + (value if isinstance(value, bytes) else value.encode()) for value in values]
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: text/plain", *lines, b"", b""])


@pytest.mark.parametrize(
    ("value", "queries", "times_s"),
    [
        ('app;dur=31.200, db;dur=12.300;desc="7 queries", pool;dur=0.400, held;dur=30.100', 7,
         {"app": 0.0312, "db": 0.0123, "pool": 0.0004, "held": 0.0301}),
        ('app;dur=1.000, db;dur=0.000;desc="0 queries"', 0, {"app": 0.001, "db": 0.0}),
        ('db;dur=12;desc="7"', 7, {"db": 0.012}),
        ("db;desc=7;dur=12", 7, {"db": 0.012}),
        ('db ; DUR = "12.5" ;desc="1 query"', 1, {"db": 0.0125}),
        ("cdn-cache;desc=HIT, edge;dur=1,app;dur=2", None, {"app": 0.002}),
        ('db;dur=1;desc="a;dur=5, app;dur=9"', None, {"db": 0.001}),
        ('x;desc="\\", db;dur=9", app;dur=1', None, {"app": 0.001}),
        ("db;dur=1;dur=5", None, {"db": 0.001}),
        ("db;dur=1;desc=2, db;dur=2;desc=3", 5, {"db": 0.003}),
        (",, app;dur=1 ,", None, {"app": 0.001}),
        ("db;desc=4", 4, {}),
        ("app;flag;dur=3", None, {"app": 0.003}),
    ],
)  # fmt: skip
def test_it_is_read_as_the_standard_says(value, queries, times_s):
    said = said_by(head(value))
    assert said is not None
    assert said is not UNREAD
    assert said.queries == queries
    assert said.times_s == pytest.approx(times_s)


def test_several_lines_are_one_list():
    assert said_by(head("db;dur=1;desc=1", "miss", "app;dur=2")) == Said(1, {"db": 0.001, "app": 0.002})


@pytest.mark.parametrize("name", [b"server-timing", b"SERVER-TIMING", b"Server-Timing"])
def test_its_name_has_any_case(name):
    assert said_by(head("app;dur=1", name=name)) == Said(None, {"app": 0.001})


@pytest.mark.parametrize("value", ["", "cache;desc=HIT;dur=abc", "db", 'db;desc="many"', "App;dur=1"])
def test_what_says_nothing_of_use_is_neither_told_nor_unread(value):
    assert said_by(head(value)) is None


def test_another_header_is_not_taken_for_it():
    assert said_by(head("app;dur=1", name=b"X-Server-Timing")) is None
    assert said_by(b"HTTP/1.1 200 OK\r\nX: server-timing: app;dur=1\r\n\r\n") is None


@pytest.mark.parametrize(
    "value",
    [
        "db;dur=-1", "db;dur=nan", "db;dur=inf", "db;dur=1e9", "db;dur=", "app;dur=0x10", "app;dur=1.2.3",
        "app;dur=99999999999", "app;dur=90000000", 'db;desc="unended', "db;;dur=1", "app dur=1", "\x00",
        "app;dur=1\x00", "é;dur=1", "app;dur=1, " + "x" * MOST_BYTES,
        'db;dur=1;desc="999999 queries", db;desc="999999 queries"',
    ],
)  # fmt: skip
def test_what_is_malformed_or_beyond_the_bounds_is_unread(value):
    assert said_by(head(value)) is UNREAD


@given(st.binary(max_size=300))
@example(b'db;desc="' + b"\\" * 200)
@example(b";" * 300)
def test_whatever_it_says_nothing_but_numbers_in_bounds_comes_out(value):
    said = said_by(head(value))
    if said is not None:
        assert said.queries is None or 0 <= said.queries < 10**6
        assert set(said.times_s) <= set(TIMES)
        assert all(0 <= seconds <= 86_400 for seconds in said.times_s.values())


durations = st.floats(0, 1e5).map(lambda ms: f"{ms:.3f}")


@given(durations, durations, durations, durations, st.integers(0, 99_999), st.booleans())
def test_the_usual_form_and_any_other_of_the_same_come_to_the_same(app, db, pool, held, number, has_pool):
    usual = f'app;dur={app}, db;dur={db};desc="{number} queries"'
    usual += f", pool;dur={pool}, held;dur={held}" if has_pool else ""
    other = ",".join(reversed(re.split(", ", usual)))
    one, two = said_by(head(usual)), said_by(head(other))
    assert one is not None
    assert two is not None
    assert (one.queries, one.times_s) == (two.queries, two.times_s)
    assert one.queries == number
    assert one.times_s["db"] == pytest.approx(float(db) / 1000)


@given(st.integers(0, 50), st.booleans())
def test_what_our_middleware_writes_is_read(number, has_pool):
    meter = Meter(Totals(), iter([10.0, 10.5]).__next__)
    for _ in range(number):
        meter.add_query(0.001)
    if has_pool:
        meter.add_wait("p", 0.25)
    said = said_by(head(meter.timing()))
    assert said is not None
    assert said.queries == number
    assert said.times_s["app"] == pytest.approx(0.5)
    assert said.times_s["db"] == pytest.approx(number / 1000)
    assert said.times_s.get("pool") == (0.25 if has_pool else None)


def counted(answers: list[bytes]) -> ServerResult:
    tally = ServerTally()
    for answer in answers:
        tally.take(answer)
    return tally.flush()


numbers = st.lists(st.integers(0, 3000), max_size=60)


@given(numbers)
def test_numbers_of_queries_are_exact(some):
    result = counted([head(f'db;dur=1;desc="{number} queries"') for number in some])
    assert (result.looked, result.told, result.unread) == (len(some), len(some), 0)
    assert (result.queries_min, result.queries_max) == (min(some, default=None), max(some, default=None))
    assert result.queries_sum == sum(some)
    assert sum(result.queries.values()) == len(some)
    for number in some:
        if number < MORE_QUERIES:
            assert result.queries[number] == some.count(number)


def test_memory_is_flat_whatever_servers_say():
    result = counted([head(f"db;dur={number % 977};desc={number}, m{number};dur=1") for number in range(20_000)])
    assert len(result.queries) == MORE_QUERIES + 1
    assert result.queries[MORE_QUERIES] == 20_000 - MORE_QUERIES
    assert (result.queries_max, result.queries_sum) == (19_999, sum(range(20_000)))
    assert list(result.times) == ["db"]


def test_silence_and_nonsense_are_counted_apart():
    result = counted([head("app;dur=1"), head("db;dur=x"), head("cache;desc=HIT"), b"HTTP/1.1 200 OK\r\n\r\n"])
    assert (result.looked, result.told, result.unread) == (4, 1, 1)
    assert result.queries_min is None


@given(numbers, numbers, numbers)
def test_parts_come_to_the_whole_in_any_order(a, b, c):
    x, y, z = (counted([head(f"db;desc={number};dur={number}") for number in part]) for part in (a, b, c))
    whole = counted([head(f"db;desc={number};dur={number}") for number in a + b + c])
    assert both_servers(both_servers(x, y), z) == both_servers(x, both_servers(y, z)) == whole
