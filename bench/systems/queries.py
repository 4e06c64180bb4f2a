"""Y3: numbers of queries as the gate read them, beside those that the database counted of the same requests.

Three stacks with a hook each: sqlite3 as a DB-API, SQLAlchemy, Django's own. They are asked by many at a time, for
lists of several lengths, so that a query counted for another request would show. Lists are read only: what begins and
ends a transaction is a statement to SQLite, and a query to some hooks and not to others, as each of them says.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bench.figures import Figure
from bench.systems.counting.__main__ import STACKS
from bench.systems.counting.ledger import SEEN
from gate.cli import main
from gate.record.probes import GrowthRecord
from gate.record.run import Run
from gate.record.server import ServerRecord
from gate.serving.preview import free_port

COMMAND = "python -m bench.systems queries"
LISTS = ("each", "joined")
"""Paths: N+1, and none."""
_LENGTHS = {"short": 3, "long": 40}
_PATIENCE_S = 30.0
SUITE = """
suite: counting
preview: {ready: {path: /seen}}
endpoints:
  each_short: {request: "GET /each?n=3", rate: 20/s}
  each_long: {request: "GET /each?n=40", rate: 20/s}
  joined_short: {request: "GET /joined?n=3", rate: 20/s}
  joined_long: {request: "GET /joined?n=40", rate: 20/s}
probes:
  - {name: each, growth: {request: "GET /each?n={items}", items: [1, 10, 40], list: $.items}, advisory: true}
  - {name: joined, growth: {request: "GET /joined?n={items}", items: [1, 10, 40], list: $.items}, advisory: true}
scenarios:
  crowd: {load: {users: 8, think: 10ms, for: 5s}, mix: {each_short: 1, each_long: 1, joined_short: 1, joined_long: 1}}
telemetry: {server_timing: true}
policy: {max_rate: 80/s, budget: {time: 15s}}
"""
Ledger = Mapping[str, Mapping[str, int]]
"""Requests by path with query, and by the number of statements that the database executed."""


def study() -> list[Figure]:
    """Wrong numbers under load and in probes of growth, stack by stack; then what was called N+1."""
    figures, called = list[Figure](), list[bool]()
    for stack in STACKS:
        run, ledger = _checked(stack)
        figures += [
            _wrong(f"{stack}: answers under load", under_load(run, ledger)),
            _wrong(f"{stack}: answers to probes of growth", in_probes(run, ledger)),
        ]
        called += [(run.probes[name].outcome == "failed") == (name == "each") for name in LISTS]
    told = "lists with N+1 that are called so, and without that are not"
    return [*figures, Figure(told, 100 * sum(called) / len(called), "%", "== 100", len(called), None, COMMAND, id="Y3")]


def under_load(run: Run, ledger: Ledger) -> list[bool]:
    """Of each answer as expected in blocks and scenarios, whether it told the number that the database counted.

    Raises
    ------
    ValueError
        If the database did not count one and the same number for all requests of an endpoint.
    """
    found = []
    for path in LISTS:
        for length, items in _LENGTHS.items():
            number, name = _number(ledger, f"/{path}?n={items}"), f"{path}_{length}"
            arms = [run.endpoints[name].arms["candidate"].server]
            for said in [*arms, *(scenario.steps[name].server for scenario in run.scenarios.values())]:
                found += _are_right(said, number)
    return found


def in_probes(run: Run, ledger: Ledger) -> list[bool]:
    """The same of each answer that a slope was fitted to; of a probe without one a single wrong one."""
    found = []
    for path in LISTS:
        grown: GrowthRecord | None = run.probes[path].growth
        for point in grown.points if grown is not None else []:
            number = _number(ledger, f"/{path}?n={point.items}")
            found += [value == number for value in point.values]
        found += [] if grown is not None else [False]
    return found


def _are_right(said: ServerRecord | None, number: int) -> list[bool]:
    """An answer that told nothing told no right number."""
    if said is None:
        return [False]
    right = 0 if said.queries is None else said.queries.counts.get(str(number), 0)
    return [True] * right + [False] * (said.looked - right)


def _number(ledger: Ledger, path: str) -> int:
    counted = ledger.get(path, {})
    if len(counted) != 1:
        raise ValueError(f"the database counted {dict(counted)} statements for {path}, where one number is expected")
    return int(next(iter(counted)))


def _wrong(what: str, right: list[bool]) -> Figure:
    counts = Counter(right)
    return Figure(
        figure=f"{what} that told another number of queries than the database counted",
        value=float(counts[False]),
        unit=f"of {len(right):,}",
        goal="== 0",
        n=len(right),
        interval=None,
        command=COMMAND,
        id="Y3",
    )


def _checked(stack: str) -> tuple[Run, Ledger]:
    """The run of a whole check of an application, and what its database counted by the end of it."""
    with tempfile.TemporaryDirectory() as place, _serving(stack, Path(place, "books.sqlite3")) as port:
        folder = Path(place)
        (folder / "gate.yml").write_text(SUITE)
        url = f"http://127.0.0.1:{port}"
        main(["check", "--suite", str(folder / "gate.yml"), "--preview", url, "--out", str(folder / "out")])
        ledger = _ledger(port)
        (kept,) = (folder / "out").glob("run-*.json")
        return Run.model_validate_json(json.dumps(json.loads(kept.read_text())["run"])), ledger


@contextmanager
def _serving(stack: str, database: Path) -> Iterator[int]:
    """The port of a stack, in a process of its own."""
    port = free_port()
    own = {"GATE_INSTRUMENT": "1", "PORT": str(port), "DATABASE_FILE": str(database)}
    process = subprocess.Popen([sys.executable, "-m", "bench.systems.counting", stack], env={**os.environ, **own})
    try:
        _wait_for(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until_s and process.poll() is None:
        try:
            _ledger(port)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing answers on port {port}")


def _ledger(port: int) -> Ledger:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)) as connection:
        connection.request("GET", SEEN)
        found: Ledger = json.load(connection.getresponse())
    return found
