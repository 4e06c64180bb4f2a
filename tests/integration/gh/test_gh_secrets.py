"""Values that the suite takes from the environment: the runner is told to hide them before anything could show them."""

from __future__ import annotations

import base64
import socket
from urllib.parse import quote

import pytest
from fake_github import BASE, HEAD

from tests.integration.load.servers import answer, serving
from tests.unit.gh.runner_port import commands_in

CANARY, PASSWORD = "canary/7+s3cret==", "p4ss%w&rd"
SUITE = """\
suite: shop
preview: {hosts: ["127.0.0.1"], headers: {X-Bypass: "${BYPASS}", X-Short: "${SHORT}"}, ready: {timeout: 5s}}
identities: {user: {headers: {Authorization: "Bearer ${PASSWORD}"}}}
endpoints: {list: {request: "GET /list?key=${BYPASS}", rate: 100/s, identity: user, objectives: {max: 5s}}}
policy: {absolute_floor: 60s, max_rate: 200/s, budget: {time: 2s}}
"""
VALUES = {"BYPASS": CANARY, "PASSWORD": PASSWORD, "SHORT": "abc", "UNUSED": "n0t-sent-anywhere"}


def forms(value: str) -> list[str]:
    return [value, quote(value, safe=""), base64.b64encode(value.encode()).decode()]


def telltale(status: int):
    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        head = f"Content-Type: application/json\r\nX-Echo: {CANARY}\r\nLocation: /{quote(CANARY)}\r\n"
        connection.sendall(answer(status, CANARY.encode(), head))
        return True

    return behave


@pytest.mark.parametrize(("status", "code"), [(200, 0), (302, 3)], ids=["sound", "failing"])
def test_they_are_masked_first_and_shown_nowhere(place, status, code):
    runner = place.runner
    runner.program = ("-m", "gate")
    for sha, branch in ((HEAD, "topic"), (BASE, "main")):
        place.github.commit(sha, {"gate.yml": SUITE.encode()}, branch)
    runner.variables = VALUES
    with serving(telltale(status)) as server:
        assert runner.run(server) == code, runner.log
        assert f"x-bypass: {CANARY}".encode() in server.heads[0].lower().replace(
            CANARY.lower().encode(), CANARY.encode()
        )
    masks = [data for command, data in commands_in(runner.log) if command == "add-mask"]
    secret = [form for value in (CANARY, PASSWORD) for form in forms(value)]
    assert set(secret) <= set(masks)
    assert not {"abc", VALUES["UNUSED"]} & set(masks), "too short to be hidden, or not of the suite"
    lines = runner.log.splitlines()
    first = next(number for number, line in enumerate(lines) if not line.startswith("::add-mask::"))
    shown = "\n".join(lines[first:])
    told = [shown, place.summary, runner.output.read_text(), *place.github.bodies()]
    told += [str(run["output"]) for run in place.checks.runs]
    told += [path.read_text() for path in (runner.workspace / "gate-out").iterdir()]
    assert not [form for form in secret for text in told if form in text]


def test_they_are_masked_before_a_refusal_too(place):
    """Nothing is sent where a value is missing, and those that are there stay hidden."""
    for sha, branch in ((HEAD, "topic"), (BASE, "main")):
        place.github.commit(sha, {"gate.yml": SUITE.encode()}, branch)
    place.runner.variables = VALUES | {"PASSWORD": ""}
    assert place.run() == 2
    assert "PASSWORD" in place.runner.log
    assert f"::add-mask::{CANARY}" in place.runner.log
    assert place.runner.log.count(CANARY) == 1
