"""The target guard at work, as on GitHub: what is refused before a socket is opened, and what is pinned."""

from __future__ import annotations

import http
import json
import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import pytest

from gate.commands import run
from gate.commands.effects import Effects
from gate.commands.measuring import Targets
from gate.config.read import read_suite
from gate.console import StreamConsole
from gate.errors import NotMeasured, UsageError
from gate.load import health
from gate.measure.outlook import Beforehand
from gate.record.value import Notice
from gate.wiring import real_effects
from tests.integration.load.servers import Behaviour, Server, answer, serving, steady
from tests.integration.load.websocket_server import echo, serving_websockets

HEAD, MERGE_BASE, OTHER = "c" * 40, "b" * 40, "a" * 40
SECRET = "bypass-4711"
SUITE = """\
suite: s
preview: {{hosts: [{hosts}], ready: {{timeout: 2s}}{preview}}}
endpoints: {{home: {{request: GET /home, rate: 200/s{endpoint}}}}}
policy: {{max_rate: 400/s, budget: {{time: 3s}}}}
"""


class Names:
    """A name server with a script; the last answer for a name is given for ever."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers: Iterator[tuple[str, ...]] = chain(answers[:-1], repeat(answers[-1]))
        self.asked: Counter[str] = Counter()

    def resolve(self, host: str, _port: int) -> tuple[str, ...]:
        self.asked[host] += 1
        return next(self._answers)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a late generator is noticed is tested elsewhere."""
    for limit in ("SPOILING_S", "LATE_S", "MAX_CPU_SHARE"):
        monkeypatch.setattr(health, limit, 10.0)


class Gate:
    """`gate run` with the rules of GitHub."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys
        self.names = Names(())
        self.environ = {"BYPASS": SECRET}
        self.said = ""

    def run(
        self,
        text: str,
        *previews: str,
        bases: Iterable[str] = (),
        commit: str | None = None,
        beforehand: Beforehand = Beforehand(),  # noqa: B008 - frozen
    ) -> dict:
        """Measure; gives the run as its file has it."""
        effects: Effects = real_effects(StreamConsole(sys.stdout, sys.stderr), self.environ)
        network = replace(effects.network, resolve=self.names.resolve)
        effects = replace(effects, network=network, hosts_required=True)
        out = self._folder / "out"
        try:
            targets = Targets(previews, tuple(bases), commit, beforehand)
            run.run(read_suite(text.encode(), "gate.yml"), targets, out, effects)
        finally:
            self.said = "".join(self._capsys.readouterr())
        (path,) = out.glob("run-*.json")
        return json.loads(path.read_text())["run"]


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(tmp_path, capsys)


def suite_text(hosts: str = '"*.vercel.app"', preview: str = "", endpoint: str = "") -> str:
    return SUITE.format(hosts=hosts, preview=preview, endpoint=endpoint)


def port_of(server: Server) -> str:
    return server.origin.rpartition(":")[2]


# nothing is asked


@pytest.mark.parametrize("host", ["127.0.0.1", "evil-vercel.app", "a.vercel.app.evil.com", "2130706433", "localhost."])
def test_a_host_outside_is_refused_before_any_socket_is_opened(gate, host):
    gate.names = Names(("127.0.0.1",))
    with serving(steady()) as server:
        with pytest.raises(UsageError):
            gate.run(suite_text(), f"http://{host}:{port_of(server)}")
        assert server.connections == 0
    assert not gate.names.asked


def test_a_base_outside_is_refused_as_well(gate):
    gate.names = Names(("93.184.216.34",))
    with serving(steady()) as server:
        with pytest.raises(UsageError, match="not a target"):
            gate.run(suite_text(), "https://a.vercel.app", bases=[server.origin])
        assert server.connections == 0


@pytest.mark.parametrize("answers", [("127.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::ffff:127.0.0.1",)])
def test_a_name_that_stands_for_this_machine_is_refused_before_any_socket_is_opened(gate, answers):
    gate.names = Names(answers)
    with serving(steady()) as server:
        with pytest.raises(UsageError, match="private or special"):
            gate.run(suite_text(), f"http://a.vercel.app:{port_of(server)}")
        assert server.connections == 0
    assert gate.names.asked == {"a.vercel.app": 1}


def test_no_deployment_is_asked_where_a_later_one_would_be_refused(gate):
    gate.names = Names(("10.0.0.1",))
    with serving(steady()) as server:
        with pytest.raises(UsageError, match=r"has the address 10\.0\.0\.1"):
            gate.run(suite_text('"127.0.0.1", "*.vercel.app"'), server.origin, "https://a.vercel.app")
        assert server.connections == 0


def test_a_name_that_changes_its_mind_is_not_followed(gate):
    """DNS rebinding: an answer that passes, and then the one that is meant."""
    gate.names = Names(("93.184.216.34",), ("127.0.0.1",))
    with serving(steady()) as server:
        with pytest.raises(UsageError, match=r"has the address 127\.0\.0\.1"):
            gate.run(suite_text(), f"http://a.vercel.app:{port_of(server)}")
        assert server.connections == 0
    assert gate.names.asked == {"a.vercel.app": 2}


def test_a_name_that_gets_its_address_late_is_checked_then(gate):
    gate.names = Names((), (), (), ("127.0.0.1",))
    with serving(steady()) as server:
        with pytest.raises(UsageError, match=r"has the address 127\.0\.0\.1"):
            gate.run(suite_text(), f"http://a.vercel.app:{port_of(server)}")
        assert server.connections == 0


def test_a_name_without_address_is_asked_of_nobody_else(gate):
    """``localhost`` is a name that libcurl would find by itself."""
    with serving(steady()) as server:
        with pytest.raises(NotMeasured, match="host name not found"):
            gate.run(suite_text(hosts="localhost"), f"http://localhost:{port_of(server)}")
        assert server.connections == 0


@pytest.mark.parametrize("name", ["INPUT_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GITHUB_TOKEN"])
def test_no_preview_is_sent_what_is_the_runners(gate, name):
    """Nor the preview of a pull request that adds the suite, and with it says what it wants to be sent."""
    gate.environ[name] = "ghs_4711"
    with serving(steady()) as server:
        with pytest.raises(UsageError, match=f"sends {name} to the preview"):
            gate.run(suite_text('"127.0.0.1"', f', headers: {{X-A: "${{{name}}}"}}'), server.origin)
        assert server.connections == 0


# what is named is asked, and nothing else


def test_a_name_that_gets_its_address_late_is_measured_then(gate):
    gate.names = Names((), (), (), ("127.0.0.1",))
    with serving(steady()) as server:
        made = gate.run(suite_text(hosts='preview.invalid, "127.0.0.1"'), f"http://preview.invalid:{port_of(server)}")
        assert server.connections > 0
    assert made["complete"]
    assert gate.names.asked == {"preview.invalid": 4}


def test_all_of_a_run_goes_to_the_address_that_was_checked(gate):
    """Readiness, commit, login, setup, load, WebSockets, teardown: had one of them asked again, it would not arrive."""
    text = """\
suite: s
preview: {hosts: [preview.invalid, "127.0.0.1"], ready: {path: /up}, commit: {json: $.commit, path: /version}}
identities:
  user: {login: [{request: GET /login, extract: {token: $.commit}}], headers: {X-Token: "{token}"}}
setup: [{request: GET /setup}]
teardown: [{request: GET /teardown}]
endpoints: {page: {request: GET /page, identity: user, rate: 200/s}}
sockets: {chat: {connect: /ws, message: hello, answer: echo}}
scenarios: {talk: {load: {users: 3, for: 500ms}, mix: {chat: 1}}}
policy: {max_rate: 400/s, budget: {time: 1s}}
"""

    def pages(connection, request):
        if request.headers.get("Upgrade") is not None:
            return None
        return connection.respond(http.HTTPStatus.OK, json.dumps({"commit": HEAD}))

    gate.names = Names(("127.0.0.1",), ("127.0.0.1",), ("127.0.0.2",))
    with serving_websockets(echo, process_request=pages) as server:
        made = gate.run(text, f"http://preview.invalid:{server.origin.rpartition(':')[2]}", commit=HEAD)
        asked = {path.partition("?")[0] for path in server.paths}
    assert made["complete"]
    assert asked >= {"/ws"}
    assert gate.names.asked == {"preview.invalid": 2}


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{other}/home",
        "http://127.0.0.2:{own}/home",
        "http://localhost:{own}/home",
        "//localhost:{own}/home",
        "https://127.0.0.1:{own}/home",
        "http://127.0.0.1:{own}@127.0.0.1:{other}/home",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{other}/_home",
    ],
)
def test_no_redirect_leaves_the_origin_nor_takes_a_secret_along(gate, location):
    with ExitStack() as stack:
        other = stack.enter_context(serving(steady()))

        def behave(connection: socket.socket, line: str, _number: int) -> bool:
            if "/home" in line:
                to = location.format(own=port_of(server), other=port_of(other))
                connection.sendall(answer(302, headers=f"Location: {to}\r\n"))
            else:
                connection.sendall(answer())
            return True

        server = stack.enter_context(serving(behave))
        headers = ', headers: {X-Bypass: "${BYPASS}"}'
        with pytest.raises(NotMeasured):
            gate.run(
                suite_text(hosts='"127.0.0.0/8", localhost', preview=headers, endpoint=", follow: 5"), server.origin
            )
        assert other.connections == 0
        assert SECRET.encode() in server.heads[0]
        assert any("/home" in line for line in server.requests)
        hosts = {head.lower().partition(b"\r\nhost: ")[2].partition(b"\r\n")[0] for head in server.heads}
        assert hosts == {server.origin.removeprefix("http://").encode()}
    assert SECRET not in gate.said


def test_a_login_and_readiness_do_not_follow_a_redirect(gate):
    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(answer(302, headers=f"Location: {other.origin}/\r\n"))
        return True

    with serving(steady()) as other, serving(behave) as server:
        with pytest.raises(NotMeasured):
            gate.run(suite_text(hosts='"127.0.0.1"', preview=", commit: {json: $.commit, path: /v}"), server.origin)
        assert other.connections == 0


# the commit of the base


def telling(commit: str | None) -> Behaviour:
    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        headers = "" if commit is None else f"X-Commit: {commit}\r\n"
        connection.sendall(answer(headers="Content-Type: application/json\r\n" + headers))
        return True

    return behave


def duet(gate: Gate, base: str | None, beforehand: Beforehand, tells: str = ", commit: {header: X-Commit}") -> dict:
    with serving(telling(HEAD)) as preview, serving(telling(base)) as main:
        return gate.run(
            suite_text('"127.0.0.1"', tells), preview.origin, bases=[main.origin], commit=HEAD, beforehand=beforehand
        )


def base_notices(made: dict) -> list[str]:
    return [notice["message"] for notice in made["notices"] if notice["code"] == "base-commit"]


def test_a_base_that_serves_the_merge_base_needs_no_words(gate):
    made = duet(gate, MERGE_BASE, Beforehand(MERGE_BASE))
    assert (made["commit"], made["base_commit"]) == (HEAD, MERGE_BASE)
    assert base_notices(made) == []


@pytest.mark.parametrize(
    ("serves", "words"), [(OTHER, f"serves commit {OTHER[:12]}"), (None, "does not tell its commit")]
)
def test_a_base_that_serves_something_else_is_named(gate, serves, words):
    made = duet(gate, serves, Beforehand(MERGE_BASE))
    assert made["base_commit"] == serves
    assert base_notices(made) == [f"the base {words}, not {MERGE_BASE[:12]}: what lies between counts as well"]


def test_a_base_that_serves_the_commit_under_test_is_no_base(gate):
    with pytest.raises(NotMeasured, match=f"the base serves commit {HEAD[:12]}, which is the one under test"):
        duet(gate, HEAD, Beforehand(MERGE_BASE))


def test_where_no_base_commit_is_known_nothing_is_said_of_it(gate):
    made = duet(gate, OTHER, Beforehand())
    assert (made["base_commit"], base_notices(made)) == (OTHER, [])


def test_where_nothing_tells_its_commit_github_is_believed(gate):
    made = duet(gate, OTHER, Beforehand(MERGE_BASE), tells="")
    assert (made["commit"], made["base_commit"], base_notices(made)) == (HEAD, MERGE_BASE, [])


def test_what_was_known_of_the_deployments_beforehand_is_told(gate):
    known = Notice(code="no-base", message="no deployment of main was found", cure="see preview.find")
    with serving(steady()) as server:
        made = gate.run(suite_text('"127.0.0.1"'), server.origin, beforehand=Beforehand(None, (known,)))
    assert known.model_dump() in made["notices"]
