"""One request: what is counted, by whom, and what is told of it."""

from __future__ import annotations

import asyncio
import contextvars
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import pytest

from gate_instrument import carrying
from gate_instrument.endpoints import name_of, of_asgi, of_wsgi, pattern_of
from gate_instrument.meter import CURRENT, Meter, Metered, add_query
from gate_instrument.pools import Pool
from gate_instrument.switch import is_on, serves_metrics
from gate_instrument.totals import MOST_ENDPOINTS, MOST_POOLS, NO_REQUEST, OTHER, Totals


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def totals() -> Totals:
    return Totals()


def test_only_a_one_switches_on(monkeypatch):
    for text, expected in (("1", True), ("0", False), ("", False), ("true", False)):
        monkeypatch.setenv("GATE_INSTRUMENT", text)
        monkeypatch.setenv("GATE_INSTRUMENT_METRICS", text)
        assert is_on() is serves_metrics() is expected
    monkeypatch.delenv("GATE_INSTRUMENT")
    assert not is_on()
    assert is_on(True)


def test_the_header_tells_milliseconds_and_the_number_of_queries(clock, totals):
    meter = Meter(totals, clock)
    meter.add_query(0.0123)
    meter.add_query(0.002)
    clock.now_s += 0.5
    assert meter.timing() == 'app;dur=500.000, db;dur=14.300;desc="2 queries"'


def test_a_connection_still_held_counts_up_to_now(clock, totals):
    meter = Meter(totals, clock)
    meter.add_wait("main", 0.004)
    meter.begin_held(clock.now_s)
    clock.now_s += 0.1
    meter.begin_held(clock.now_s)
    meter.end_held("main", 100.0, clock.now_s)
    clock.now_s += 0.25
    assert meter.timing().endswith("pool;dur=4.000, held;dur=350.000")


def test_sums_go_by_the_endpoint_also_after_its_end(clock, totals):
    meter = Meter(totals, clock)
    meter.add_query(0.5)
    meter.begin_held(clock.now_s)
    clock.now_s += 1
    meter.finish("GET /a")
    meter.finish("GET /b")
    meter.add_query(0.125)
    meter.add_query(0.125, 0)
    meter.add_wait("main", 0.125)
    meter.end_held("main", 100.0, 103.0)
    row = totals.rows["GET /a"]
    assert list(totals.rows) == ["GET /a"]
    assert (row.took.count, row.took.sum_s, row.queries, row.query_s, row.most_queries) == (1, 1.0, 2, 0.75, 1)
    assert totals.held["main", "GET /a"].max_s == 3.0
    assert totals.waited["main", "GET /a"].sum_s == 0.125


def test_threads_of_one_request_lose_no_count(totals):
    meter = Meter(totals)
    start = Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(2000):
            add_query(0.001)

    with Metered(meter):
        contexts = [contextvars.copy_context() for _ in range(8)]
    threads = [Thread(target=context.run, args=(work,)) for context in contexts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.queries == 16_000


def test_tasks_and_their_threads_count_for_their_own_request():
    async def request(number: int) -> int:
        meter = Meter(Totals())
        with Metered(meter):
            for _ in range(number):
                await asyncio.to_thread(add_query, 0.001)
                await asyncio.create_task(asyncio.sleep(0))
                add_query(0.001)
        return meter.queries

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*map(request, range(10)))

    assert asyncio.run(all_of_them()) == [2 * number for number in range(10)]


def test_other_threads_count_where_they_are_told_to():
    meter = Meter(Totals())
    with ThreadPoolExecutor(1) as threads:
        with Metered(meter):
            threads.submit(add_query, 0.001).result()
            assert meter.queries == 0
            threads.submit(carrying(add_query), 0.001).result()
        threads.submit(carrying(add_query), 0.001).result()
    assert meter.queries == 1
    assert carrying(add_query) is add_query
    assert CURRENT.get() is None


def test_memory_does_not_grow_with_what_is_asked_for(totals):
    for number in range(1000):
        meter = Meter(totals)
        meter.add_wait(f"pool {number}", 0.1)
        meter.finish(f"GET /{number}")
    assert len(totals.rows) == MOST_ENDPOINTS + 1
    assert totals.rows[OTHER].took.count == 1000 - MOST_ENDPOINTS
    assert len({pool for pool, _ in totals.waited}) == MOST_POOLS + 1
    assert sum(times.count for times in totals.waited.values()) == 1000
    totals.add_query(NO_REQUEST, 0.1)
    assert totals.rows[NO_REQUEST].queries == 1


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/", "/"), ("/items/17", "/items/*"), ("/u/3f2a/x", "/u/*/x"), ("/a/" + "b" * 33, "/a/*"),
        ("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/i/j"), ("/1/2/3/4/5/6/7/8/9/10", "/*/*/*/*/*/*/*/*/*"), (None, "*"),
    ],
)  # fmt: skip
def test_paths_without_a_route_become_patterns(path, pattern):
    assert pattern_of(path) == pattern


def test_names_survive_whatever_an_application_leaves():
    class Odd:
        @property
        def url_rule(self) -> object:
            raise RuntimeError

    assert of_wsgi({"werkzeug.request": Odd(), "REQUEST_METHOD": "GET", "PATH_INFO": "/x"}) == "GET /x"
    assert of_asgi({"route": 3, "method": b"GET", "path": 5}) == "(other) *"
    assert name_of("GET", "items/<int:n>", "/items/3") == "GET /items/<int:n>"


def test_a_pool_tells_who_waits_and_who_holds():
    meter, pool = Meter(Totals()), Pool("generic", size=3, on=True)
    with Metered(meter):
        with pool.using(lambda: "connection", lambda _: None) as connection:
            assert connection == "connection"
            assert pool.state() == (3, 1, 0)
        with pytest.raises(TimeoutError), pool.using(wait_in_vain, lambda _: None):
            pass
    assert pool.state() == (3, 0, 0)
    assert meter.waited["generic"].count == 2
    assert meter.held["generic"].count == 1
    assert re.search(r"pool;dur=\d+\.\d{3}, held;dur=\d+\.\d{3}$", meter.timing())


def wait_in_vain() -> str:
    raise TimeoutError
