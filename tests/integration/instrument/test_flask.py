"""Flask under gunicorn, with sqlite3."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gate.load.server_timing import said_by
from tests.integration.instrument.applications import Application, application, gunicorn


def queries(values: list[str]) -> int | None:
    said = said_by("".join(f"\nServer-Timing: {value}\r" for value in values).encode())
    assert said is not None
    return said.queries


@pytest.fixture(scope="module")
def flask() -> Iterator[Application]:
    with application(gunicorn, "flask_app:app") as running:
        yield running


@pytest.mark.parametrize("number", [0, 1, 7])
def test_every_answer_tells_its_queries(flask, number):
    status, values, body = flask.get(f"/queries/{number}")
    assert (status, body) == (200, b'{"number":%d}\n' % number)
    assert queries(values) == number


def test_requests_beside_each_other_do_not_mix(flask):
    numbers = [number % 9 for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: flask.get(f"/queries/{number}"), numbers))
    assert [queries(values) for _, values, _ in answers] == numbers


def test_a_stream_comes_whole_and_its_header_tells_what_was_before(flask):
    before = flask.metrics().get('gate_instrument_queries_total{endpoint="GET /stream"', 0)
    status, values, body = flask.get("/stream")
    assert (status, body) == (200, b"0\n1\n2\n")
    assert queries(values) == 1
    assert flask.metrics()['gate_instrument_queries_total{endpoint="GET /stream"'] - before == 4


def test_an_error_stays_one_and_its_query_counts(flask):
    status, values, _ = flask.get("/raises")
    assert status == 500
    assert queries(values) == 1


def test_what_an_application_says_itself_stays(flask):
    _, values, _ = flask.get("/own")
    assert len(values) == 2
    assert "cache;desc=HIT" in values
    assert queries(values) == 0


def test_sums_go_by_the_route(flask):
    flask.get("/queries/5")
    flask.get("/nowhere/17")
    metrics = flask.metrics()
    assert metrics['gate_instrument_queries_max{endpoint="GET /queries/<int:number>"'] >= 5
    assert metrics['gate_instrument_requests_total{endpoint="GET /nowhere/*"'] >= 1
    assert metrics["process_resident_memory_bytes{"] > 2**20
    assert metrics["process_open_fds{"] > 3


def test_switched_off_nothing_is_told():
    with application(gunicorn, "flask_app:app", {"GATE_INSTRUMENT": "0"}) as running:
        assert running.get("/queries/3")[1] == []
        assert running.get("/gate-instrument/metrics")[0] == 404


def test_sums_are_served_only_when_asked_for():
    with application(gunicorn, "flask_app:app", {"GATE_INSTRUMENT_METRICS": ""}) as running:
        assert queries(running.get("/queries/3")[1]) == 3
        assert running.get("/gate-instrument/metrics")[0] == 404
