"""FastAPI under uvicorn, with psycopg's pools on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.sync.client import connect

from gate.load.server_timing import Said, said_by
from tests.integration.instrument.applications import Application, application, uvicorn


def said(values: list[str]) -> Said:
    found = said_by("".join(f"\nServer-Timing: {value}\r" for value in values).encode())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def fastapi(dsn) -> Iterator[Application]:
    with application(uvicorn, "fastapi_app:app", {"DATABASE_URL": dsn}) as running:
        yield running


@pytest.mark.parametrize("path", ["/slow", "/threads"])
@pytest.mark.parametrize("number", [0, 1, 6])
def test_every_answer_tells_its_queries(fastapi, path, number):
    status, values, _ = fastapi.get(f"{path}/{number}")
    assert status == 200
    assert said(values).queries == number


def test_a_query_and_the_connection_are_timed(fastapi):
    told = said(fastapi.get("/slow/3")[1]).times_s
    assert 0.06 <= told["db"] <= told["held"] <= told["app"]


@pytest.mark.parametrize("path", ["/slow", "/threads"])
def test_requests_beside_each_other_do_not_mix(fastapi, path):
    numbers = [number % 4 for number in range(60)]
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda number: fastapi.get(f"{path}/{number}"), numbers))
    assert [said(values).queries for _, values, _ in answers] == numbers


def test_who_waits_for_a_connection_is_told_so(fastapi):
    """Ten at once, two connections, at least 20 ms each: the last waits for four others."""
    alone = said(fastapi.get("/slow/1")[1]).times_s["pool"]
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(fastapi.get, ["/slow/1"] * 10))
    waited = max(said(values).times_s["pool"] for _, values, _ in answers)
    assert waited >= 0.06
    assert waited > alone
    metrics = fastapi.metrics()
    labels = '{pool="async",endpoint="GET /slow/{number}"'
    assert metrics[f"gate_instrument_pool_wait_seconds_max{labels}"] >= waited - 0.001
    assert metrics[f"gate_instrument_pool_held_seconds_count{labels}"] >= 11
    assert metrics[f"gate_instrument_pool_held_seconds_sum{labels}"] >= 11 * 0.02
    buckets = [
        value for name, value in metrics.items() if name.startswith(f"gate_instrument_pool_held_seconds_bucket{labels}")
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == metrics[f"gate_instrument_pool_held_seconds_count{labels}"]
    assert metrics['gate_instrument_pool_size{pool="async"'] == 2
    assert metrics['gate_instrument_pool_in_use{pool="async"'] == 0
    assert metrics['gate_instrument_pool_waiting{pool="async"'] == 0


def test_a_stream_comes_whole_and_sums_go_on_to_its_end(fastapi):
    status, values, body = fastapi.get("/stream")
    assert (status, body) == (200, b"xxx")
    assert said(values).queries == 0
    assert fastapi.metrics()['gate_instrument_queries_total{endpoint="GET /stream"'] == 3


def test_an_error_stays_one(fastapi):
    assert fastapi.get("/raises")[0] == 500
    assert fastapi.metrics()['gate_instrument_requests_total{endpoint="GET /raises"'] == 1


def test_websockets_pass_untouched(fastapi):
    with connect(fastapi.origin.replace("http", "ws") + "/ws") as socket:
        socket.send("hello")
        assert socket.recv() == "hello"
