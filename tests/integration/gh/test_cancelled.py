"""A job that is cancelled says so on its commit; one that is killed says nothing, and the next run is not misled."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_checks import FakeChecks
from fake_github import BASE, HEAD, FakeGitHub
from fake_pulls import Pulls
from runner import Runner

from tests.integration.load.servers import Server, answer, serving
from tests.integration.processes import wait_for

SUITE = """\
suite: shop
preview: {hosts: ["127.0.0.1"], commit: {header: X-Commit}, ready: {timeout: 30s}}
endpoints: {list: {request: GET /list, rate: 100/s, objectives: {max: 5s}}}
policy: {absolute_floor: 60s, max_rate: 200/s, budget: {time: 2s}}
"""
LONG = SUITE.replace("time: 2s", "time: 60s")
PATIENCE_S = 30
"""More than the runner's 7.5 s, which the test of the container keeps: here other tests run beside. What does not hear
the signal, or tells of it without haste, takes longer still."""


def shop(connection: socket.socket, _line: str, _number: int) -> bool:
    time.sleep(0.1)  # so that a generator's lateness on a busy machine hardly counts
    connection.sendall(answer(headers=f"Content-Type: application/json\r\nX-Commit: {HEAD}\r\n"))
    return True


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(shop) as server:
        yield server


@pytest.fixture
def runner(tmp_path: Path, github: FakeGitHub, checks: FakeChecks) -> Runner:
    pulls = Pulls(github)
    pulls.add(7, HEAD, BASE)
    pulls.changes(7, "app/views.py")
    github.commit(HEAD, {"gate.yml": SUITE.encode()}, "topic")
    suite_is(github, SUITE)
    return Runner(tmp_path, github)


def suite_is(github: FakeGitHub, content: str) -> None:
    github.commit(BASE, {"gate.yml": content.encode()})


def loaded(server: Server) -> Callable[[], bool]:
    before = len(server.requests)
    return lambda: sum("/list" in line for line in server.requests[before:]) > 60


def conclusions(checks: FakeChecks) -> list[tuple[str, str]]:
    return [(run["status"], run["conclusion"]) for run in checks.runs]


def cancel(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """With one signal, which has to be enough."""
    process.send_signal(number)
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail("it goes on, and would be killed: " + "".join(process.communicate()))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_measurement_that_is_cancelled_leaves_a_failed_check_and_no_comment(
    runner, github, checks, server, number, code
):
    suite_is(github, LONG)
    process = runner.start(server)
    wait_for(loaded(server), "the load")
    cancel(process, number)
    assert runner.ended(process) == code, runner.log
    (check,) = checks.runs
    assert (check["head_sha"], check["status"], check["conclusion"]) == (HEAD, "completed", "failure")
    assert f"not measured: cancelled by {number.name}" in check["output"]["title"]
    assert github.bodies() == []
    assert (runner.outputs["exit-code"], runner.outputs["verdict"]) == (str(code), "")
    report, run = sorted((runner.workspace / "gate-out").iterdir())
    assert (report.name, run.suffix) == ("report.md", ".json"), "half a file, or a verdict of half a run"
    assert "not measured" in report.read_text().partition("\n## ")[0]
    assert json.loads(run.read_text())["run"]["complete"] is False


def test_what_is_being_read_when_the_signal_comes_is_left(runner, github, checks, server):
    """And what is told then has a connection of its own."""
    github.fail("GET .*/check-runs", wire="drip")
    process = runner.start(server)
    wait_for(lambda: github.count("/check-runs") > 0, "the request")
    cancel(process, signal.SIGINT)
    assert runner.ended(process) == 130, runner.log
    assert conclusions(checks) == [("completed", "failure")]
    assert not any("/list" in line for line in server.requests)


def test_an_api_that_takes_no_check_does_not_hold_up_the_end(runner, github, checks, server):
    suite_is(github, LONG)
    github.fail("POST .*/check-runs", times=99, wire="drip")
    process = runner.start(server)
    wait_for(loaded(server), "the load")
    cancel(process, signal.SIGINT)
    assert runner.ended(process) == 130, runner.log


def test_a_signal_while_the_comment_is_written_leaves_the_check_of_the_verdict(runner, github, checks, server):
    github.fail("POST .*/comments", wire="drip")
    process = runner.start(server)
    wait_for(lambda: github.count("POST .*/comments") > 0, "the comment")
    cancel(process, signal.SIGINT)
    assert runner.ended(process) == 130, runner.log
    assert conclusions(checks) == [("completed", "success")]
    assert runner.outputs["verdict"] == "APPROVED"


def test_a_cancelled_check_is_replaced_by_the_next_run(runner, github, checks, server):
    suite_is(github, LONG)
    process = runner.start(server)
    wait_for(loaded(server), "the load")
    cancel(process, signal.SIGINT)
    assert runner.ended(process) == 130, runner.log
    suite_is(github, SUITE)
    assert runner.run(server, run_id=2) == 0, runner.log
    assert [conclusion for _, conclusion in conclusions(checks)] == ["failure", "success"]
    assert github.bodies()[0].startswith("<!-- gate:shop run=2.1 -->\n**APPROVED**")


def killed(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize(
    ("stage", "applied"),
    [
        ("GET contents/gate.yml", False),
        ("GET /list", False),
        ("POST check-runs", False),
        ("POST check-runs", True),
        ("PATCH issues/comments", False),
        ("PATCH issues/comments", True),
    ],
)
def test_after_a_kill_the_next_run_finds_nothing_half_done(runner, github, checks, server, stage, applied):
    """At every stage, and where it writes before and after GitHub carried out what was asked at that moment."""
    assert runner.run(server, run_id=1) == 0, runner.log
    assert [body.split("\n")[0] for body in github.bodies()] == ["<!-- gate:shop run=1.1 -->"]
    verb, _, where = stage.partition(" ")
    reached, gone = threading.Event(), threading.Event()
    if where == "/list":
        suite_is(github, LONG)
        reached_load = loaded(server)
        process = runner.start(server, run_id=2)
        wait_for(reached_load, "the load")
        suite_is(github, SUITE)
    else:
        github.fail(f"{verb} .*/{where}", applied=applied, then=lambda: (reached.set(), gone.wait(60)))
        process = runner.start(server, run_id=2)
        assert reached.wait(60), "the moment to be killed at was not reached"
    killed(process)
    gone.set()
    before = conclusions(checks)
    assert before == [("completed", "success")] * (2 if "PATCH" in stage or (applied and "POST" in stage) else 1)
    assert list((runner.workspace / "gate-out").glob(".writing-*")) == []

    assert runner.run(server, run_id=3) == 0, runner.log
    assert conclusions(checks) == [*before, ("completed", "success")]
    (body,) = github.bodies()
    assert body.startswith("<!-- gate:shop run=3.1 -->\n**APPROVED**")
    assert runner.outputs["verdict"] == "APPROVED"
