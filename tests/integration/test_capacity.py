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
policy: {max_rate: 400/s, budget: {time: 5s}}
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


def run(
    tmp_path: Path, load: str, objectives: str = "", command: str = "run", rate: str = "50/s", behave=None
) -> tuple[int, dict]:
    (tmp_path / "gate.yml").write_text(SUITE.replace("RATE", rate) % (load, objectives))
    (tmp_path / "baselines").mkdir()
    extra = ["--baselines", str(tmp_path / "baselines")] if command == "check" else []
    with serving(behave or workers()) as server:
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
    return code, record_of(tmp_path)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A check whose scenario searched for the highest rate, with its files."""
    folder = tmp_path_factory.mktemp("searched")
    load = '{find: max_rate, until: "p95 <= 200ms", from: 60/s, limit: 200/s, for: 500ms}'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "LEAST_REQUESTS", 60)
        code, _ = run(folder, load, ", objectives: {capacity: 20/s}", "check", "40/s")
    assert code == 0
    return folder


def record_of(folder: Path) -> dict:
    (path,) = (folder / "out").glob("run-*.json")
    return json.loads(path.read_text())["run"]["scenarios"]["breaking"]


def is_around_the_capacity(search: dict) -> bool:
    assert search["is_bounded"]
    assert {level["met"] for level in search["levels"]} == {True, False}
    assert sum(level["level"] > search["capacity"] and level["met"] for level in search["levels"]) == 0
    return 0.5 * CAPACITY_RPS < search["capacity_rps"] < 1.1 * CAPACITY_RPS


def test_the_highest_rate_of_a_server_is_found(searched):
    record = record_of(searched)
    assert is_around_the_capacity(record["search"])
    assert record["executor"] == "find"


def test_the_most_users_of_a_server_are_found(tmp_path):
    code, record = run(tmp_path, '{find: max_users, until: "p95 <= 200ms", from: 4, limit: 60, for: 500ms}')
    assert code == 0
    assert is_around_the_capacity(record["search"])


def gatekeeper(refusal: bytes):
    """Answers well until more than sixty requests came within half a second; then somebody else answers for good."""
    came: list[float] = []
    closed = threading.Event()

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        came.append(time.monotonic())
        if sum(at > came[-1] - 0.5 for at in came[-100:]) > 60:
            closed.set()
        connection.sendall(refusal if closed.is_set() else answer())
        return True

    return behave


@pytest.mark.parametrize(
    ("refusal", "code", "told"),
    [
        (answer(403, headers="Content-Type: text/html\r\n"), 3, "a login or protection page answered in place"),
        (answer(429), 0, "there the preview asked to slow down"),
    ],
    ids=["protected", "throttled"],
)
def test_a_search_does_not_take_somebody_elses_refusal_for_the_capacity(tmp_path, refusal, code, told):
    """In a search a rate limit is a limit, and told as one; what a login page answers is nothing at all."""
    load = '{find: max_rate, until: "p95 <= 200ms", from: 60/s, limit: 200/s, for: 500ms}'
    ended, record = run(tmp_path, load, ", objectives: {capacity: 20/s}", "check", behave=gatekeeper(refusal))
    assert ended == code
    assert record["search"]["levels"][0]["met"]
    assert told in html.unescape((tmp_path / "out" / "comment.md").read_text())


def test_a_search_that_reaches_its_limit_says_at_least(tmp_path):
    _, record = run(tmp_path, '{find: max_rate, until: "error_rate <= 1%", from: 40/s, limit: 60/s, for: 500ms}')
    assert record["search"]["capacity"] == record["search"]["capacity_rps"] == 60.0
    assert not record["search"]["is_bounded"]


def test_what_a_search_found_is_told_with_the_level_that_was_too_much(searched):
    whole = html.unescape((searched / "out" / "comment.md").read_text())
    comment = whole.partition("<details>")[0]
    assert "work was compared at 40/s" in comment
    assert re.search(r"breaking: p95 <=? ?200ms held up to [\d.]+/s and no longer at [\d.]+/s", comment)


@pytest.mark.parametrize(("asked", "code", "outcome"), [("20/s", 0, "met"), ("190/s", 1, "missed")])
def test_a_capacity_can_be_an_objective(searched, tmp_path, asked, code, outcome):
    """The same run judged by other objectives, offline."""
    text = (searched / "gate.yml").read_text().replace("{capacity: 20/s}", f"{{capacity: {asked}}}")
    (tmp_path / "gate.yml").write_text(text)
    (path,) = (searched / "out").glob("run-*.json")
    given = [f"--suite={tmp_path / 'gate.yml'}", f"--baselines={searched / 'baselines'}", f"--out={tmp_path / 'out'}"]
    assert main(["compare", str(path), *given]) == code
    verdict = json.loads((tmp_path / "out" / "verdict.json").read_text())
    (row,) = (row for row in verdict["rows"] if row["metric"] == "limit:capacity")
    assert row["outcome"] == outcome
    assert f"capacity at least {asked}" in (tmp_path / "out" / "comment.md").read_text()


def test_the_levels_before_a_signal_are_kept_and_are_no_capacity(tmp_path):
    load = '{find: max_users, until: "p95 <= 200ms", from: 4, limit: 60, for: 1s}'
    (tmp_path / "gate.yml").write_text(SUITE.replace("RATE", "50/s") % (load, ""))
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
