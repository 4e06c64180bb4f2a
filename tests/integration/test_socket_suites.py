"""WebSockets of a suite end to end: against real servers, good and bad, with the exit code and what people read."""

from __future__ import annotations

import asyncio
import http
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gate.cli import main
from gate.load import health
from gate.load.histogram import Histogram
from tests.integration.load.websocket_server import (
    Handler,
    WebSocketServer,
    echo,
    hold,
    self_signed,
    serving_websockets,
)

SUITE = """\
suite: s
preview: {{ready: {{path: /up}}{preview}}}
identities:
  user: {{login: [{{request: GET /login, extract: {{token: $.token}}}}], headers: {{X-Token: "{{token}}"}}}}
data: {{room: {{range: [7, 7]}}}}
endpoints: {{page: {{request: GET /page, rate: 100/s}}}}
sockets: {{chat: {{{socket}}}}}
scenarios: {{talk: {{load: {load}, mix: {{chat: 1}}{objectives}}}}}
policy: {{max_rate: 200/s, budget: {{time: 2s}}}}
"""
ECHO = "connect: /ws, message: hello, answer: echo"
USERS = "{users: 6, for: 1s, think: 20ms}"
TOKEN = "t-1&2"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a late generator is noticed is tested elsewhere, and by itself."""
    for limit in ("SPOILING_S", "LATE_S", "MAX_CPU_SHARE"):
        monkeypatch.setattr(health, limit, 10.0)


def pages(connection, request):
    """The pages beside the WebSocket; None where an upgrade is asked for."""
    if request.headers.get("Upgrade") is not None:
        return None
    return connection.respond(http.HTTPStatus.OK, json.dumps({"token": TOKEN}))


def only_with(token: str, status: int = 401):
    def process(connection, request):
        page = pages(connection, request)
        if page is not None or request.headers.get("X-Token") == token:
            return page
        return connection.respond(http.HTTPStatus(status), "no\n")

    return process


class Checked:
    """What `gate check` came to."""

    def __init__(self, code: int, out: Path) -> None:
        self.code = code
        self.comment = (out / "comment.md").read_text()
        verdict = json.loads((out / "verdict.json").read_text())
        self.notices = [notice["message"] for notice in verdict["notices"]]
        self.rows = {row["metric"]: row["outcome"] for row in verdict["rows"] if row["endpoint"] == "talk"}
        (run,) = out.glob("run-*.json")
        self.record: dict[str, Any] = json.loads(run.read_text())["run"]["scenarios"].get("talk", {})


def check(folder: Path, server: WebSocketServer, socket: str, load: str, objectives: str = "", preview="") -> Checked:
    objectives = f", objectives: {objectives}" if objectives else ""
    text = SUITE.format(socket=socket, load=load, objectives=objectives, preview=preview)
    (folder / "gate.yml").write_text(text)
    (folder / "none").mkdir()
    out = folder / "out"
    origin = server.origin.replace("ws", "http", 1)
    given = [f"--suite={folder / 'gate.yml'}", f"--preview={origin}", f"--baselines={folder / 'none'}", f"--out={out}"]
    return Checked(main(["check", *given]), out)


def against(handler: Handler, folder: Path, *given: str, process=pages, **more: Any) -> Checked:
    with serving_websockets(handler, process_request=process) as server:
        return check(folder, server, *given, **more)


def test_users_who_are_answered_are_approved_and_their_connections_told(tmp_path):
    objectives = "{p95: 2s, connect_p50: 2s, lost_connections: 0, success: 99%, rate: 10/s}"
    done = against(echo, tmp_path, ECHO, USERS, objectives)
    assert done.code == 0
    assert done.rows == dict.fromkeys(
        ("limit:p95", "limit:connect_p50", "limit:lost_connections", "limit:success", "limit:rate"), "met"
    )
    assert "chat in scenario talk: 6 connections opened, 6 alive at the end, none lost; opening took " in done.comment
    assert "| lost connections at most 0 | met | 0 |" in done.comment
    socket = done.record["sockets"]["chat"]
    assert (socket["opened"], socket["alive"], socket["lost"], socket["refused"]) == (6, 6, {}, {})
    assert Histogram.decode(socket["echo"]).n == done.record["completed"] > 59
    assert any(message in done.comment for message in done.notices)


def test_arrivals_connect_ask_and_close(tmp_path):
    done = against(echo, tmp_path, ECHO, "{rate: 100/s, for: 1s}", "{p95: 2s, connect_p95: 2s, success: 99%}")
    assert done.code == 0
    assert done.record["planned"] == done.record["completed"] == done.record["sockets"]["chat"]["opened"] > 60
    assert done.rows["limit:connect_p95"] == "met"
    assert "alive at the end" not in done.comment
    whole, said = Histogram.decode(done.record["histogram"]), Histogram.decode(done.record["sockets"]["chat"]["echo"])
    assert whole.n == said.n
    assert whole.quantile(0.5) > said.quantile(0.5), "the whole of an arrival holds its opening"


def test_connections_are_held_without_a_message(tmp_path):
    done = against(hold, tmp_path, "connect: /ws", "{users: 30, for: 1s, think: 1s}", "{lost_connections: 0}")
    assert done.code == 0
    assert "30 connections opened, 30 alive at the end, none lost" in done.comment
    assert done.record["completed"] == 30


def test_held_connections_that_the_server_ends_block(tmp_path):
    async def tired(connection):
        if len(server.paths) <= 4:
            await asyncio.sleep(0.2)
            await connection.close(4001)
        await hold(connection)

    with serving_websockets(tired, process_request=pages) as server:
        done = check(tmp_path, server, "connect: /ws", "{users: 10, for: 1s}", "{lost_connections: 3}")
    assert done.code == 1
    assert done.rows["limit:lost_connections"] == "missed"
    assert "talk misses its objective: lost connections is 4, the limit is 3" in done.comment
    assert "10 connections opened, 6 alive at the end, 4 lost (close code 4001 4 x)" in done.comment


def test_a_server_that_closes_after_some_messages_is_seen(tmp_path):
    async def three(connection):
        for _ in range(3):
            await connection.send(await connection.recv())
        await connection.close(1012)

    done = against(three, tmp_path, ECHO, USERS, "{lost_connections: 0}")
    assert done.code == 1
    assert re.search(
        r"opened \(\d+ in place of others\), \d+ alive at the end, \d+ lost \(close code 1012 \d+ x\)", done.comment
    )
    assert done.record["errors"].keys() == {"closed_1012"}


def test_refused_upgrades_are_told_by_status_and_nothing_is_approved_on_them(tmp_path):
    done = against(echo, tmp_path, ECHO, USERS, "{lost_connections: 0, connect_p95: 1s}", process=only_with(TOKEN))
    assert done.code == 3
    assert done.rows == {"limit:lost_connections": "not_measured", "limit:connect_p95": "not_measured"}
    assert re.search(
        r"0 connections opened, 0 alive at the end, none lost, \d+ refused \(status 401 \d+ x\)", done.comment
    )
    assert done.comment.startswith("**BLOCKED - not measured**: scenario talk answered none of ")


def test_without_any_objective_a_preview_that_refuses_every_upgrade_is_not_approved(tmp_path):
    done = against(echo, tmp_path, ECHO, USERS, process=only_with(TOKEN, 404))
    assert done.code == 3
    assert re.search(r"scenario talk answered none of \d+ requests as expected: \d+ x status 404", done.comment)


def test_a_token_of_a_login_reaches_headers_address_and_message(tmp_path):
    received = []

    async def keep(connection):
        async for message in connection:
            received.append(json.loads(message))
            await connection.send(message)

    socket = (
        'connect: "/ws/{room}?t={token}", identity: user, answer: $.n,'
        ' message: {n: "{{seq}}", id: "{{uuid}}", token: "{token}", room: "{room}"}'
    )
    with serving_websockets(keep, process_request=only_with(TOKEN)) as server:
        done = check(tmp_path, server, socket, USERS, "{success: 100%}")
    assert done.code == 0
    assert set(server.paths) == {"/ws/7?t=t-1%262"}
    assert len({message["n"] for message in received}) == len({message["id"] for message in received}) == len(received)
    assert {(message["token"], message["room"]) for message in received} == {(TOKEN, 7)}
    assert TOKEN not in (tmp_path / "out" / "verdict.json").read_text()


def test_a_server_that_never_answers_is_not_measured(tmp_path):
    done = against(hold, tmp_path, f"{ECHO}, timeout: 200ms", "{users: 2, for: 1s}", "{p95: 1s}")
    assert done.code == 3
    assert done.rows == {"limit:p95": "not_measured"}
    assert re.search(r"answered none of \d+ requests as expected: \d+ x timeout", done.comment)


def test_news_are_counted_and_are_no_answer(tmp_path):
    async def newsy(connection):
        async for message in connection:
            await connection.send("news")
            await connection.send(message)

    done = against(newsy, tmp_path, ECHO, USERS, "{success: 100%}")
    assert done.code == 0
    assert f"{done.record['completed']:,} messages that nobody asked for" in done.comment


def test_a_server_that_asks_to_slow_down_ends_the_run(tmp_path):
    done = against(echo, tmp_path, ECHO, "{users: 6, for: 30s}", process=only_with(TOKEN, 429))
    assert done.code == 3
    assert "the preview is throttled" in done.comment


def test_over_tls_with_a_certificate_of_the_suite_and_a_subprotocol(tmp_path):
    context, certificate = self_signed(tmp_path)
    (tmp_path / "ca.pem").write_text(certificate)
    with serving_websockets(echo, process_request=pages, ssl=context, subprotocols=["chat.v1"]) as server:
        socket = f"{ECHO}, subprotocols: [chat.v1]"
        done = check(tmp_path, server, socket, USERS, "{success: 100%}", preview=", ca: ca.pem")
    assert done.code == 0
    assert done.record["sockets"]["chat"]["opened"] == 6


def test_a_search_finds_how_many_users_are_answered_in_time(tmp_path):
    async def one_at_a_time(connection):
        async for message in connection:
            async with desk:
                await asyncio.sleep(0.01)
            await connection.send(message)

    desk = asyncio.Lock()
    load = '{find: max_users, until: "p95 <= 100ms", from: 2, limit: 40, for: 700ms}'
    done = against(one_at_a_time, tmp_path, ECHO, load, "{capacity: 20/s}")
    assert done.code == 0
    # One desk of 10 ms: ten users wait 100 ms.
    assert 2 <= done.record["search"]["capacity"] <= 16
    assert done.record["search"]["is_bounded"]
    assert "chat in scenario talk: " in done.comment


def test_scenarios_of_websockets_run_beside_one_another_and_are_told_apart(tmp_path):
    two = "{lost_connections: 0}}, more: {load: {users: 3, for: 1s}, mix: {chat: 1}, beside: [talk]"
    done = against(hold, tmp_path, "connect: /ws", "{users: 7, for: 1s}", two)
    assert done.code == 0
    assert "chat in scenario talk: 7 connections opened, 7 alive at the end" in done.comment
    assert "chat in scenario more: 3 connections opened, 3 alive at the end" in done.comment


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_keeps_what_became_of_the_connections_by_then(tmp_path, name):
    text = SUITE.format(socket="connect: /ws", load="{users: 5, for: 60s}", objectives="", preview="")
    (tmp_path / "gate.yml").write_text(text)
    with serving_websockets(hold, process_request=pages) as server:
        origin = server.origin.replace("ws", "http", 1)
        given = [f"--suite={tmp_path / 'gate.yml'}", f"--preview={origin}", f"--out={tmp_path / 'out'}"]
        process = subprocess.Popen([sys.executable, "-I", "-m", "gate", "run", *given])
        deadline = time.monotonic() + 60
        while server.most_open < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.Signals[name])
        code = process.wait(timeout=60)
    assert code == {"SIGTERM": 143, "SIGINT": 130}[name]
    (path,) = (tmp_path / "out").glob("run-*.json")
    run = json.loads(path.read_text())["run"]
    assert not run["complete"]
    assert run["scenarios"]["talk"]["errors"] == {"given_up": 5}
    assert run["scenarios"]["talk"]["sockets"]["chat"]["opened"] == 5


def test_validate_says_what_is_done_with_each_websocket(tmp_path, capsys):
    path = tmp_path / "gate.yml"
    path.write_text(SUITE.format(socket=ECHO, load=USERS, objectives="", preview=""))
    assert main(["validate", "--suite", str(path)]) == 0
    told = capsys.readouterr().out
    assert "s, 1 endpoint, 1 WebSocket, 1 scenario" in told
    assert "measured only in scenarios, never compared: chat (WebSocket, answer: echo)" in told
