"""The search for capacity against a server whose capacity is known: so many answers at once, each of a known length."""

from __future__ import annotations

import html
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gate.cli import main
from gate.measure import finding
from tests.integration.load.servers import answer, serving

SUITE = """\
suite: s
preview: {ready: {path: /up}}
endpoints: {work: {request: GET /work, rate: RATE}}
scenarios: {breaking: {load: %s, mix: {work: 1}%s}}
policy: {max_rate: 400/s, budget: {time: 8s}}
"""
SERVICE_S, AT_ONCE = 0.02, 2
CAPACITY_RPS = AT_ONCE / SERVICE_S


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "LEAST_REQUESTS", 60)


def workers():
    """Two desks of 20 ms each: at most 100 answers per second."""
    desks = threading.Semaphore(AT_ONCE)

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        if "/work" in line:
            with desks:
                time.sleep(SERVICE_S)
        connection.sendall(answer())
        return True

    return behave


def run(tmp_path: Path, load: str, objectives: str = "", command: str = "run", rate: str = "20/s") -> tuple[int, dict]:
    (tmp_path / "gate.yml").write_text(SUITE.replace("RATE", rate) % (load, objectives))
    (tmp_path / "baselines").mkdir()
    extra = ["--baselines", str(tmp_path / "baselines")] if command == "check" else []
    with serving(workers()) as server:
        code = main(
            [
                command,
                "--suite",
                str(tmp_path / "gate.yml"),
                "--preview",
                server.origin,
                "--out",
                str(tmp_path / "out"),
                *extra,
            ]
        )
    (path,) = (tmp_path / "out").glob("run-*.json")
    return code, json.loads(path.read_text())["run"]["scenarios"]["breaking"]


@pytest.mark.parametrize(
    "load",
    [
        '{find: max_rate, until: "p95 <= 200ms", from: 60/s, limit: 200/s, for: 500ms}',
        '{find: max_users, until: "p95 <= 200ms", from: 4, limit: 60, for: 500ms}',
    ],
    ids=["rate", "users"],
)
def test_the_capacity_of_a_server_is_found(tmp_path, load):
    code, record = run(tmp_path, load)
    assert code == 0
    search = record["search"]
    assert search["is_bounded"]
    assert 0.5 * CAPACITY_RPS < search["capacity_rps"] < 1.1 * CAPACITY_RPS
    assert {level["met"] for level in search["levels"]} == {True, False}
    assert sum(level["level"] > search["capacity"] and level["met"] for level in search["levels"]) == 0
    assert record["executor"] == "find"


def test_a_search_that_reaches_its_limit_says_at_least(tmp_path):
    _, record = run(tmp_path, '{find: max_rate, until: "error_rate <= 1%", from: 40/s, limit: 60/s, for: 500ms}')
    assert record["search"]["capacity"] == record["search"]["capacity_rps"] == 60.0
    assert not record["search"]["is_bounded"]


def test_what_a_search_found_is_told_with_the_level_that_was_too_much(tmp_path):
    load = '{find: max_rate, until: "p95 <= 200ms", from: 60/s, limit: 200/s, for: 500ms}'
    run(tmp_path, load, command="check", rate="40/s")
    whole = html.unescape((tmp_path / "out" / "comment.md").read_text())
    comment = whole.partition("<details>")[0]
    assert "work was compared at 40/s" in comment
    assert re.search(r"breaking: p95 <=? ?200ms held up to [\d.]+/s and no longer at [\d.]+/s", comment)


def test_the_levels_before_a_signal_are_kept_and_are_no_capacity(tmp_path):
    load = '{find: max_rate, until: "p95 <= 200ms", from: 20/s, limit: 60/s, for: 2s}'
    (tmp_path / "gate.yml").write_text(SUITE.replace("RATE", "20/s") % (load, ""))
    given = [f"--suite={tmp_path / 'gate.yml'}", f"--out={tmp_path / 'out'}"]
    with serving(workers()) as server:
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "gate", "run", f"--preview={server.origin}", *given],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        levels = 0
        for line in process.stderr:
            levels += "scenario breaking at" in line and "in flight" not in line
            if levels == 2:
                process.send_signal(signal.SIGTERM)
                break
        process.communicate(timeout=60)
    assert process.returncode == 143
    (path,) = (tmp_path / "out").glob("run-*.json")
    search = json.loads(path.read_text())["run"]["scenarios"]["breaking"]["search"]
    assert not search["finished"]
    assert search["capacity"] is None
    assert search["levels"][0]["met"]


@pytest.mark.parametrize(("asked", "code", "outcome"), [("20/s", 0, "met"), ("190/s", 1, "missed")])
def test_a_capacity_can_be_an_objective(tmp_path, asked, code, outcome):
    load = '{find: max_rate, until: "p95 <= 200ms", from: 60/s, limit: 200/s, for: 500ms}'
    ended, _ = run(tmp_path, load, f", objectives: {{capacity: {asked}}}", "check")
    verdict = json.loads((tmp_path / "out" / "verdict.json").read_text())
    (row,) = (row for row in verdict["rows"] if row["metric"] == "limit:capacity")
    assert (ended, row["outcome"]) == (code, outcome)
    assert f"capacity at least {asked}" in (tmp_path / "out" / "comment.md").read_text()
