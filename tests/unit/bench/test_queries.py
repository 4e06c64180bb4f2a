"""The study of numbers of queries: what it compares, and that its applications have two counts that agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench.systems.counting.__main__ import STACKS, command
from bench.systems.queries import SUITE, in_probes, under_load
from gate.config.read import read_suite
from gate.load.server_timing import said_by
from gate.probes.hashes import probe_hash
from gate.record.probes import GrowthPoint, GrowthRecord, ProbeRecord
from gate.record.scenario import ScenarioRecord, StepRecord
from gate.record.server import QueriesRecord, ServerRecord
from tests.builders import run_of

LEDGER = {
    **{f"/each?n={n}": {str(n + 1): 9} for n in (1, 3, 10, 40)},
    **{f"/joined?n={n}": {"1": 9} for n in (1, 3, 10, 40)},
}
ASK = """
import asyncio, importlib, json, sys
from wsgiref.util import setup_testing_defaults
app = importlib.import_module(f"bench.systems.counting.{sys.argv[1]}_app").app

def by_wsgi(path, query):
    environ, said = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "127.0.0.1"}, []
    setup_testing_defaults(environ)
    body = app(environ, lambda status, headers, *_: said.extend(headers))
    text = b"".join(body)
    getattr(body, "close", lambda: None)()
    return [value for name, value in said if name == "Server-Timing"], text

def by_asgi(path, query):
    sent = []
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": [],
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}
    asyncio.run(app(scope, receive, send))
    timing = [value.decode() for name, value in sent[0]["headers"] if name == b"server-timing"]
    return timing, b"".join(message.get("body", b"") for message in sent[1:])

ask = by_asgi if sys.argv[1] == "fastapi" else by_wsgi
told = {f"/{name}?n={n}": ask(f"/{name}", f"n={n}")[0] for name in ("each", "joined") for n in (1, 3, 40)}
items = len(json.loads(ask("/each", "n=40")[1])["items"])
print(json.dumps({"told": told, "items": items, "ledger": json.loads(ask("/seen", "")[1])}))
"""


def server(*numbers: int, looked: int | None = None) -> ServerRecord:
    counts = {str(number): numbers.count(number) for number in set(numbers)}
    queries = QueriesRecord(n=len(numbers), total=sum(numbers), least=min(numbers), most=max(numbers), counts=counts)
    return ServerRecord(looked=looked or len(numbers), told=len(numbers), queries=queries)


def measured(**odd: ServerRecord | None):
    """A run whose answers told the right numbers, but for some endpoints."""
    suite = read_suite(SUITE.encode(), "gate.yml")
    run = run_of(suite)
    of = {"each_short": server(4, 4), "each_long": server(41, 41), "joined_short": server(1), "joined_long": server(1)}
    of |= odd
    endpoints = {
        name: record.model_copy(
            update={"arms": {"candidate": record.arms["candidate"].model_copy(update={"server": of[name]})}}
        )
        for name, record in run.endpoints.items()
    }
    steps = {
        name: StepRecord(planned=2, sent=2, dropped=0, completed=2, errors={}, histogram="", server=said)
        for name, said in of.items()
    }
    crowd = ScenarioRecord(
        config_hash="0" * 16,
        executor="users",
        elapsed_s=5,
        planned=8,
        sent=8,
        dropped=0,
        completed=8,
        errors={},
        histogram="",
        steps=steps,
    )
    probes = {
        probe.name: ProbeRecord(
            config_hash=probe_hash(suite, probe),
            kind="growth",
            outcome="failed" if probe.name == "each" else "passed",
            expected="",
            seen="",
            growth=GrowthRecord(
                of="queries",
                points=[
                    GrowthPoint(items=n, values=[float(number) for number in LEDGER[f"/{probe.name}?n={n}"]])
                    for n in (1, 10, 40)
                ],
                slope=0,
                lo=0,
                hi=0,
            ),
        )
        for probe in suite.probes
    }
    return run.model_copy(update={"endpoints": endpoints, "scenarios": {"crowd": crowd}, "probes": probes})


def test_numbers_that_the_database_counted_are_right():
    run = measured()
    assert under_load(run, LEDGER) == [True] * 12
    assert in_probes(run, LEDGER) == [True] * 6


@pytest.mark.parametrize(
    ("odd", "wrong"),
    [(server(4, 5), 2), (server(4, 4, looked=3), 2), (None, 2), (server(41, 41), 4)],
    ids=["one of another request", "one that told nothing", "none told anything", "of another endpoint"],
)
def test_others_and_answers_that_told_nothing_are_wrong(odd, wrong):
    found = under_load(measured(each_short=odd), LEDGER)
    assert found.count(False) == wrong


def test_a_probe_that_is_off_by_one_is_wrong_and_so_is_one_without_numbers():
    off = LEDGER | {"/each?n=10": {"12": 9}}
    assert in_probes(measured(), off).count(False) == 1
    run = measured()
    silent = run.probes["each"].model_copy(update={"growth": None})
    assert in_probes(run.model_copy(update={"probes": run.probes | {"each": silent}}), LEDGER).count(False) == 1


@pytest.mark.parametrize("counted", [{}, {"4": 8, "5": 1}])
def test_where_the_database_counted_no_single_number_there_is_nothing_to_compare_with(counted):
    with pytest.raises(ValueError, match="where one number is expected"):
        under_load(measured(), LEDGER | {"/each?n=3": counted})


@pytest.mark.parametrize("stack", STACKS)
def test_each_application_tells_what_its_database_counted(stack, tmp_path):
    own = {"GATE_INSTRUMENT": "1", "DATABASE_FILE": str(tmp_path / "books.sqlite3")}
    done = subprocess.run(
        [sys.executable, "-c", ASK, stack], env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["items"] == 40
    for line, values in found["told"].items():
        said = said_by("".join(f"\nServer-Timing: {value}\r" for value in values).encode())
        (number,) = found["ledger"][line]
        assert said is not None
        assert said.queries == int(number)
        assert said.queries == (1 if "joined" in line else int(line.partition("=")[2]) + 1)


@pytest.mark.parametrize("stack", STACKS)
def test_one_process_answers_on_loopback_alone(stack):
    words = command(stack, "8000")
    assert "bench.systems.counting" in words[-1]
    assert any("127.0.0.1" in word for word in words)
    assert "--workers" not in words or words[words.index("--workers") + 1] == "1"
