"""A check over real deployments: measured where it still matters, on fresh ones only if something is suspected."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gate.cli import main
from gate.commands.measuring import load_suite
from gate.measure.replay import replay
from gate.record.codec import decode_run
from tests.integration.load.servers import Behaviour, Server, answer, serving
from tests.integration.processes import FOREVER_S, started, wait_for

SUITE = """\
suite: shop
preview: {{ready: {{timeout: {ready}}}{preview}}}
endpoints:
  home: {{request: GET /home, rate: 200/s}}
  search: {{request: GET /search, rate: 200/s}}
  cart: {{request: GET /cart, rate: 200/s}}
policy: {{max_rate: 600/s, budget: {{time: 5m, requests: {requests}}}}}
{more}
"""
FAST_S, USUAL_S, SLOW_S = 0.004, 0.010, 0.030
"""So far apart that noise decides nothing."""


def answering(**delays_s: float) -> Behaviour:
    """Takes so long for each path, and the usual time for others."""

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        path = line.split(" ")[1].strip("/").partition("?")[0]
        time.sleep(delays_s.get(path, delays_s.get("others", USUAL_S)))
        connection.sendall(answer())
        return True

    return behave


FASTER = answering(others=FAST_S)
SLOW_SEARCH = answering(others=FAST_S, search=SLOW_S)


@dataclass(frozen=True)
class Checked:
    """What came of a command, by its files and words."""

    code: int
    said: str
    runs: list[dict[str, Any]]
    """In the order of their pairs."""
    files: list[Path]

    @property
    def plans(self) -> list[dict[str, Any]]:
        return [run["plan"] for run in self.runs]

    def rounds(self, pair: int) -> dict[str, int]:
        """Blocks of the candidate by endpoint."""
        endpoints = self.runs[pair]["endpoints"]
        return {name: len(one["arms"]["candidate"]["blocks"]) for name, one in endpoints.items()}


def measured(folder: Path, capsys, previews, bases, *, requests=3000, ready="10s", preview="", more="") -> Checked:
    """`gate run` over these deployments."""
    (folder / "gate.yml").write_text(SUITE.format(requests=requests, ready=ready, preview=preview, more=more))
    options = [part for server in previews for part in ("--preview", server.origin)]
    options += [part for server in bases for part in ("--base", server.origin)]
    code = main(["run", "--suite", str(folder / "gate.yml"), "--out", str(folder / "out"), *options])
    said = capsys.readouterr()
    return read(folder, code, said.out + said.err)


def read(folder: Path, code: int, said: str) -> Checked:
    files = list((folder / "out").glob("run-*.json"))
    runs = {path: json.loads(path.read_text())["run"] for path in files}
    files.sort(key=lambda path: runs[path]["plan"]["pair"])
    return Checked(code, said, [runs[path] for path in files], files)


@pytest.fixture
def servers():
    with ExitStack() as stack:
        yield lambda *behaviours: [stack.enter_context(serving(behave)) for behave in behaviours]


def asked(server: Server, path: str) -> int:
    return sum(line.split(" ")[1].startswith(path) for line in server.requests)


def test_the_commits_that_both_arms_serve_are_kept(tmp_path, capsys, servers):
    def serves(commit: str) -> Behaviour:
        def behave(connection: socket.socket, _line: str, _number: int) -> bool:
            connection.sendall(answer(headers=f"Content-Type: application/json\r\nX-Commit: {commit}\r\n"))
            return True

        return behave

    head, base = "a" * 40, "b" * 40
    preview = ", commit: {header: X-Commit}"
    done = measured(tmp_path, capsys, servers(serves(head)), servers(serves(base)), preview=preview)
    assert (done.runs[0]["commit"], done.runs[0]["base_commit"]) == (head, base)


def test_where_nothing_is_suspected_measuring_ends_after_the_first_stage(tmp_path, capsys, servers):
    done = measured(tmp_path, capsys, servers(FASTER), servers(answering()))
    (plan,) = done.plans
    assert done.code == 0
    assert (plan["design"].split()[1], plan["stopped"], len(plan["rounds"])) == ("1+0", "decided", 1)
    assert set(done.rounds(0).values()) == {plan["rounds"][0]}
    assert "screening all 3 endpoints" in done.said
    assert f"round 1 of {plan['rounds'][0]}: " in done.said


def test_only_a_slower_endpoint_is_measured_on(tmp_path, capsys, servers):
    done = measured(tmp_path, capsys, servers(SLOW_SEARCH), servers(answering()))
    (plan,) = done.plans
    blocks = done.rounds(0)
    assert blocks["home"] == blocks["cart"] == plan["rounds"][0]
    assert blocks["search"] == sum(plan["rounds"]) > blocks["home"]
    assert plan["stopped"] in ("as planned", "budget")
    assert "search is suspected: measuring it again" in done.said
    assert len(plan["looks"]) == len(plan["rounds"]) + (plan["stopped"] == "budget")
    for key in ("left_s", "left_requests"):
        left = [look[key] for look in plan["looks"]]
        assert left == sorted(left, reverse=True)
    asked_for = 3000 - plan["looks"][-1]["left_requests"] + 2 * 50 * plan["rounds"][-1]
    assert asked_for <= 3000


def test_the_run_file_of_a_real_check_tells_its_plan_again(tmp_path, capsys, servers):
    done = measured(tmp_path, capsys, servers(SLOW_SEARCH, SLOW_SEARCH), servers(answering(), answering()))
    decisions = replay(load_suite(tmp_path / "gate.yml"), [decode_run(path.read_bytes()) for path in done.files])
    planned = [
        (step.pair, step.round, step.arm, name)
        for stage in decisions[:-1]
        for step in stage.steps
        for name in step.endpoints
    ]
    blocks = [
        (run["plan"]["pair"], block["round"], arm, name)
        for run in done.runs
        for name, endpoint in run["endpoints"].items()
        for arm, record in endpoint["arms"].items()
        for block in record["blocks"]
    ]
    assert sorted(planned) == sorted(blocks)
    assert decisions[-1].why == done.plans[-1]["stopped"]


def test_a_second_pair_is_left_alone_as_long_as_nothing_is_suspected(tmp_path, capsys, servers):
    previews, bases = servers(FASTER, FASTER), servers(answering(), answering())
    done = measured(tmp_path, capsys, previews, bases)
    assert [plan["design"].split()[1] for plan in done.plans] == ["1+1"]
    assert previews[1].requests == bases[1].requests == []


def test_a_suspect_is_confirmed_on_the_second_pair_and_scenarios_run_once(tmp_path, capsys, servers):
    previews, bases = servers(SLOW_SEARCH, SLOW_SEARCH), servers(answering(), answering())
    more = "scenarios: {rush: {load: {count: 20, concurrent: 2}, mix: {cart: 1}}}"
    done = measured(tmp_path, capsys, previews, bases, more=more)
    first, fresh = done.runs
    assert (first["plan"]["part"], fresh["plan"]["part"]) == ("first", "fresh")
    assert [(plan["candidate"], plan["base"]) for plan in done.plans] == [(0, 0), (1, 1)]
    assert done.rounds(1)["search"] == sum(fresh["plan"]["rounds"]) >= 3
    assert done.rounds(1)["home"] == 0
    assert asked(previews[1], "/home") == 0, "what is not suspected is not even warmed up"
    assert (list(first["scenarios"]), fresh["scenarios"]) == (["rush"], {})
    assert "confirming search on a fresh deployment" in done.said


def test_one_base_for_two_previews_is_one_deployment(tmp_path, capsys, servers):
    done = measured(tmp_path, capsys, servers(SLOW_SEARCH, SLOW_SEARCH), servers(answering()))
    assert [(plan["candidate"], plan["base"]) for plan in done.plans] == [(0, 0), (1, 0)]


def test_setup_and_teardown_go_to_every_pair_that_was_opened(tmp_path, capsys, servers):
    previews, bases = servers(SLOW_SEARCH, SLOW_SEARCH), servers(answering(), answering())
    more = "setup: [{request: POST /make}]\nteardown: [{request: DELETE /make}]"
    measured(tmp_path, capsys, previews, bases, more=more)
    for server in (*previews, *bases):
        assert [line.split(" ")[0] for line in server.requests if " /make" in line] == ["POST", "DELETE"]
    made = next(n for n, line in enumerate(previews[0].requests) if line.startswith("DELETE /make"))
    assert made == len(previews[0].requests) - 1, "the first pair is left before the second is opened"


def test_a_fresh_deployment_that_never_comes_up_leaves_what_is_suspected_unconfirmed(tmp_path, capsys, servers):
    down = servers(lambda connection, _line, _number: connection.close())
    previews, bases = [*servers(SLOW_SEARCH), *down], servers(answering())
    done = measured(tmp_path, capsys, previews, bases, ready="1s")
    assert done.code == 0
    (run,) = done.runs
    assert run["plan"]["stopped"] == "fresh not had"
    assert run["complete"]
    (notice,) = [notice for notice in run["notices"] if notice["code"] == "fresh-not-had"]
    assert "not ready within" in notice["message"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_a_signal_every_pair_keeps_what_was_measured_on_it(tmp_path, number):
    suite = SUITE.format(requests=10**6, ready="10s", preview="", more="").replace("200/s", "100/s")
    with ExitStack() as stack:
        previews = [stack.enter_context(serving(FASTER)) for _ in range(4)]
        (base,) = [stack.enter_context(serving(answering()))]
        more = [f"--preview={server.origin}" for server in previews[1:]] + [f"--base={base.origin}"]
        with started(tmp_path, "run", previews[0], *more, suite=suite) as process:
            wait_for(lambda: asked(previews[1], "/home") > 150, "blocks on the second pair")
            begun = time.monotonic()
            process.send_signal(number)
            _, said = process.communicate(timeout=FOREVER_S)
            took_s = time.monotonic() - begun
    done = read(tmp_path, process.returncode, said)
    assert process.returncode == 128 + number
    assert [run["complete"] for run in done.runs] == [False, False]
    assert all(run["not_measured"][0]["code"] == "cancelled" for run in done.runs)
    assert all(min(done.rounds(pair).values()) > 0 for pair in (0, 1))
    assert [plan["stopped"] for plan in done.plans] == ["cut short"] * 2
    assert took_s < 5
    assert previews[2].requests == []


APPLICATION = """
import http.server, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for head and body, or the kernel waits 40 ms between them

    def do_GET(self):
        time.sleep({slow} if self.path == "/search" else {fast})
        self.send_response(200)
        self.send_header("X-Instance", sys.argv[2])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{{}}")

    def log_message(self, *_):
        pass

class Many(http.server.ThreadingHTTPServer):
    request_queue_size = 128

Many(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Host:
    """Runs one deployment in a process of its own, and another in its place when its hook is asked."""

    def __init__(self, instances: list[str]) -> None:
        self._instances = iter(instances)
        self._code = APPLICATION.format(slow=SLOW_S, fast=FAST_S)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.asked = 0
        self.deploy()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def deploy(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", self._code, str(self._port), next(self._instances)])

    def hook(self, connection: socket.socket, line: str, _number: int) -> bool:
        assert line.startswith("POST /secret-hook-path?key=k")
        self.asked += 1
        connection.sendall(answer(202))
        self.end()
        self.deploy()
        return True

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(FOREVER_S)


@contextmanager
def hosted(instances: list[str]) -> Iterator[Host]:
    host = Host(instances)
    try:
        deadline = time.monotonic() + FOREVER_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(host.origin)
                break
            time.sleep(0.05)
        yield host
    finally:
        host.end()


REDEPLOY = """, redeploy: {url: "${HOOK}", timeout: %s, fresh: {header: X-Instance}}"""


@pytest.fixture
def short_pauses(monkeypatch):
    monkeypatch.setattr("gate.measure.redeploy._PAUSE_S", 0.1)


def test_a_hook_makes_the_fresh_deployment_on_which_a_suspect_is_confirmed(
    tmp_path, capsys, servers, monkeypatch, short_pauses
):
    with hosted(["one", "two"]) as host:
        (hook,) = servers(host.hook)
        secret = f"{hook.origin}/secret-hook-path?key=k"
        monkeypatch.setenv("HOOK", secret)
        done = measured(tmp_path, capsys, [host], servers(answering()), preview=REDEPLOY % "20s")
    assert (done.code, host.asked) == (0, 1)
    assert [(plan["part"], plan["candidate"], plan["base"]) for plan in done.plans] == [
        ("first", 0, 0),
        ("fresh", 1, 0),
    ]
    assert done.plans[1]["rounds"]
    assert done.rounds(1)["search"] >= 3
    assert "having the preview deployed again" in done.said
    for text in (done.said, *(path.read_text() for path in done.files)):
        assert "secret-hook-path" not in text
        assert hook.origin not in text
    heads = b"".join(hook.heads)
    assert b"POST" in heads


def test_a_hook_is_not_asked_where_nothing_is_suspected(tmp_path, capsys, servers, monkeypatch):
    (hook,) = servers(answering())
    monkeypatch.setenv("HOOK", hook.origin)
    done = measured(tmp_path, capsys, servers(FASTER), servers(answering()), preview=REDEPLOY % "20s")
    assert [plan["stopped"] for plan in done.plans] == ["decided"]
    assert hook.requests == []


@pytest.mark.parametrize(
    ("hooked", "instance", "said"),
    [
        (lambda c, _line, _n: c.sendall(answer(500)) or True, "X-Instance: a\r\n", "was refused: status 500"),
        (lambda c, _line, _n: c.sendall(answer(202)) or True, "X-Instance: a\r\n", "no new deployment of the preview"),
        (lambda c, _line, _n: c.sendall(answer(202)) or True, "", "the header X-Instance is missing"),
    ],
    ids=["hook refuses", "old instance goes on", "instance is not told"],
)
def test_where_no_fresh_deployment_can_be_had_it_is_told_and_the_first_one_counts(
    tmp_path, capsys, servers, monkeypatch, short_pauses, hooked, instance, said
):
    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        time.sleep(SLOW_S if "/search" in line else FAST_S)
        connection.sendall(answer(headers=f"Content-Type: application/json\r\n{instance}"))
        return True

    (hook,) = servers(hooked)
    monkeypatch.setenv("HOOK", hook.origin)
    done = measured(tmp_path, capsys, servers(behave), servers(answering()), preview=REDEPLOY % "1s")
    (run,) = done.runs
    assert done.code == 0
    assert (run["complete"], run["plan"]["stopped"]) == (True, "fresh not had")
    (notice,) = [notice for notice in run["notices"] if notice["code"] == "fresh-not-had"]
    assert said in notice["message"]
