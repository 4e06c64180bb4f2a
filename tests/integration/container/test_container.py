"""The shipped image as the runner starts it: from inputs and mounts to outputs, comment and exit code."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fake_github import BASE, BOT, HEAD, TOKEN

from tests.integration.container.conftest import SUITE
from tests.integration.container.jobs import context, pull_request, shop
from tests.integration.container.simulated_runner import PATIENCE_S, RUNNER_UID
from tests.integration.load.servers import answer, serving
from tests.integration.processes import wait_for

NOBODY = 65534
OURS = {"add-mask", "group", "endgroup", "notice", "warning", "error"}
"""Commands that the gate itself gives."""


def test_a_pull_request_is_measured_and_told(runner, github, checks):
    with serving(shop) as server:
        step = runner.step(
            context(github.url),
            pull_request(),
            {"preview-url": server.origin, "api-url": github.url},
            {"PYTHONPATH": ".", "PYTHONSTARTUP": "sitecustomize.py", "PYTHONHOME": "/nowhere"},
        )
    assert step.exit_code == 0, step.log
    assert step.outputs["verdict"] == "APPROVED"
    assert "**APPROVED**" in step.summary
    assert [body.count("**APPROVED**") for body in github.bodies(BOT)] == [1]
    # A try on a machine too slow to measure leaves a failed check, and is made again; what counts is the last.
    assert {run["name"] for run in checks.runs} == {"gate / shop"}
    assert checks.runs[-1]["conclusion"] == "success"
    assert "was imported" not in step.log
    assert step.commands <= OURS
    assert TOKEN not in step.log.replace(f"::add-mask::{TOKEN}", "")
    assert "RUNTIME_CANARY" not in step.log


def test_what_it_leaves_behind_the_next_steps_can_read(runner, github):
    """It runs as root; the step that keeps the results does not."""
    with serving(shop) as server:
        step = runner.step(context(github.url), pull_request(), {"preview-url": server.origin, "api-url": github.url})
    assert step.exit_code == 0, step.log
    out = runner.workspace / "gate-out"
    left = sorted(out.iterdir())
    assert {path.name for path in left} >= {"verdict.json", "comment.md", "summary.md"}
    assert out.stat().st_mode & 0o005 == 0o005
    assert all(path.stat().st_mode & 0o004 for path in left)
    assert json.loads((runner.workspace / step.outputs["verdict-file"]).read_text())["commit"] == HEAD
    assert runner.workspace.stat().st_uid == RUNNER_UID, "the workspace stays the runner's"


def test_a_target_that_the_suite_does_not_name_is_refused_before_a_connection(runner, github):
    with serving(shop) as server:
        given = {"preview-url": server.origin.replace("127.0.0.1", "127.0.0.2"), "api-url": github.url}
        step = runner.step(context(github.url), pull_request(), given)
        assert server.connections == 0
    assert step.exit_code == 2
    assert step.outputs["exit-code"] == "2"
    assert step.outputs["verdict"] == ""
    assert step.commands <= OURS


def test_a_service_is_reached_by_its_name(runner, github):
    """As in the recipe of the service container; the name is given by hand, since there is no network of docker's."""
    with serving(shop) as server:
        given = {"preview-url": server.origin.replace("127.0.0.1", "web"), "api-url": github.url}
        step = runner.step(context(github.url), pull_request(), given, options=["--add-host", "web:127.0.0.1"])
    assert step.exit_code == 0, step.log
    assert step.outputs["verdict"] == "APPROVED"


@pytest.fixture
def gateway() -> Iterator[str]:
    """The address that a runner has on docker's bridge; where no docker is, the loopback device has it for a while."""
    here = ["ip", "address", "add", "172.17.0.1/32", "dev", "lo"]
    added = subprocess.run(here, capture_output=True, text=True, check=False)
    if added.returncode and "File exists" not in added.stderr:
        pytest.skip(f"no address for the gateway: {added.stderr.strip()}")
    yield "172.17.0.1"
    if not added.returncode:
        subprocess.run([*here[:2], "del", *here[3:]], check=True)


def test_what_compose_publishes_is_reached_at_the_gateway(runner, github, gateway):
    """As in the recipe of docker compose: a private address, allowed because the suite on the base commit names it."""
    recipe = yaml.safe_load(Path("examples/workflows/recipes/compose.yml").read_text())
    given = recipe["jobs"]["gate"]["steps"][2]["with"]["preview-url"]
    allowed = SUITE.replace("hosts: [web,", f'hosts: ["{gateway}",')
    github.commit(BASE, {"gate.yml": allowed.encode()})
    with serving(shop, gateway) as server:
        url = given.replace("8000", server.origin.rpartition(":")[2])
        assert url == server.origin
        step = runner.step(context(github.url), pull_request(), {"preview-url": url, "api-url": github.url})
        assert step.exit_code == 0, step.log
        assert len(server.requests) >= 50
    assert step.outputs["verdict"] == "APPROVED"
    github.commit(BASE, {"gate.yml": SUITE.encode()})
    with serving(shop, gateway) as server:
        given = {"preview-url": server.origin, "api-url": github.url}
        refused = runner.step(context(github.url, 2), pull_request(), given)
        assert (refused.exit_code, server.requests) == (2, [])


def workers() -> list[Path]:
    """Folders in ``/proc`` of load workers that run in containers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            started = (folder / "cmdline").read_bytes().split(b"\0")
            if b"gate.load.worker" in started and "libpod" in (folder / "cgroup").read_text():
                found.append(folder)
    return found


def test_a_cancelled_job_ends_by_itself_and_keeps_what_it_has(runner, github, checks):
    """As process 1 of a container a signal without a handler would be ignored.

    Until then the load runs as nobody and without the token, while the container is root and has it.
    """
    slow = "suite: shop\npreview: {hosts: ['127.0.0.1']}\nendpoints: {list: {request: GET /list, rate: 50/s}}\n"
    github.commit(BASE, {"gate.yml": (slow + "policy: {max_rate: 50/s, budget: {time: 60s}}\n").encode()})
    ended: list[float] = []
    seen: list[tuple[str, bytes]] = []
    with serving(shop) as server:

        def loaded() -> None:
            wait_for(lambda: sum("/list" in line for line in server.requests) > 60, "the load")
            for worker in workers():
                uid = re.search(r"^Uid:\s+(.*)$", (worker / "status").read_text(), re.M)
                seen.append((uid[1] if uid else "", (worker / "environ").read_bytes()))
            ended.append(time.monotonic())

        given = {"preview-url": server.origin, "api-url": github.url}
        step = runner.step(context(github.url), pull_request(), given, cancel_when=loaded)
    assert step.exit_code == 130, step.log
    assert seen, "the load had no process of its own"
    assert {uid.split()[0] for uid, _ in seen} == {str(NOBODY)}
    assert not [environment for _, environment in seen if TOKEN.encode() in environment or b"CANARY" in environment]
    assert time.monotonic() - ended[0] < sum(PATIENCE_S.values()), "it had to be killed"
    (path,) = (runner.workspace / "gate-out").glob("run-*.json")
    assert json.loads(path.read_text())["run"]["complete"] is False
    assert [(run["head_sha"], run["status"], run["conclusion"]) for run in checks.runs] == [
        (HEAD, "completed", "failure")
    ]
    assert github.bodies(BOT) == []
    assert step.commands <= OURS


@pytest.mark.parametrize("status", [500, 302])
def test_a_preview_that_fails_is_not_approved(runner, github, status):
    def broken(connection: socket.socket, line: str, _number: int) -> bool:
        head = f"X-Commit: {HEAD}\r\nLocation: http://169.254.169.254/\r\nContent-Type: application/json\r\n"
        connection.sendall(answer(status if "/list" in line else 200, headers=head))
        return True

    with serving(broken) as server:
        step = runner.step(context(github.url), pull_request(), {"preview-url": server.origin, "api-url": github.url})
    assert step.exit_code in (1, 3), step.log
    assert step.outputs["verdict"] == "BLOCKED"
