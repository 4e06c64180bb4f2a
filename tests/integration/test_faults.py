"""What goes wrong around a measurement: each fault has its exit code, names its cause and damages nothing."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import io
import ipaddress
import itertools
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gate.cli import main
from gate.load import health
from gate.measure.session import Session
from gate.record.codec import canonical, decode_run, digest, encode_run
from tests.integration.load.servers import Behaviour, answer, serving
from tests.integration.processes import FOREVER_S, wait_for, workers_of

HOME, LIST = "{request: GET /home, rate: 200/s}", "{request: GET /list, rate: 200/s}"
BODY = b"{" + b" " * 400 + b"}"
SLOW_S = 0.02
"""What main takes for an answer: far more than a server that fails at once."""
CANARY = "canary/7+s3cret=="
PLAIN = "plain-s3cret"
"""A value that could pass for a commit."""
CANARY_FORMS = (CANARY, base64.b64encode(CANARY.encode()).decode(), quote(CANARY, safe=""), quote(CANARY), "s3cret")


def suite_text(home: str = HOME, second: str = LIST, preview: str = "", policy: str = "absolute_floor: 60s") -> str:
    """A suite of two endpoints; no latency can block unless ``policy`` says so."""
    return (
        "suite: s\n"
        f"preview: {{ready: {{timeout: 1s}}{preview}}}\n"
        f"endpoints:\n  home: {home}\n  list: {second}\n"
        f"policy: {{max_rate: 400/s, budget: {{time: 1s}}, {policy}}}\n"
    )


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str
    out: Path

    @property
    def said(self) -> str:
        return self.stdout + self.stderr

    @property
    def verdict(self) -> dict[str, Any]:
        return json.loads((self.out / "verdict.json").read_text())

    @property
    def comment(self) -> str:
        return (self.out / "comment.md").read_text()

    @property
    def run_file(self) -> Path:
        (path,) = self.out.glob("run-*.json")
        return path

    @property
    def run(self) -> dict[str, Any]:
        return json.loads(self.run_file.read_text())["run"]

    @property
    def rows(self) -> dict[str, str]:
        """Outcomes by row id."""
        return {row["id"]: row["outcome"] for row in self.verdict["rows"]}

    @property
    def everything(self) -> str:
        """All that was printed and written."""
        files = [path.name + path.read_text() for path in self.out.rglob("*") if path.is_file()]
        return self.said + "".join(files)


def content(folder: Path) -> dict[str, bytes]:
    """All files under a folder."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Desk:
    """One suite, one store and one place for reports, with commands that have to leave them in order."""

    def __init__(self, folder: Path) -> None:
        self.suite, self.baselines, self.out = folder / "gate.yml", folder / "baselines", folder / "out"
        self.suite.write_text(suite_text())

    def arguments(self, command: str, options: tuple[object, ...], preview: str | None, out: Path) -> list[str]:
        given = [command, *map(str, options), "--out", str(out)]
        given += ["--suite", str(self.suite)] if command != "report" else []
        given += ["--baselines", str(self.baselines)] if command in ("check", "refresh", "compare") else []
        return given + (["--preview", preview] if preview else [])

    def gate(self, command: str, *options: object, preview: str | None = None, out: Path | None = None) -> Ended:
        """Run one command in this process."""
        place, before = out or self.out, content(self.baselines)
        stdout, stderr = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            code = main(self.arguments(command, options, preview, place))
        ended = Ended(code, stdout.getvalue(), stderr.getvalue(), place)
        self.hold_in_order(ended, before if command != "refresh" else None)
        return ended

    def hold_in_order(self, ended: Ended, before: dict[str, bytes] | None) -> None:
        assert "Traceback" not in ended.everything
        left = [path for place in (ended.out, self.baselines) for path in place.rglob(".writing-*")]
        assert left == []
        assert before is None or content(self.baselines) == before

    def stored(self) -> list[Path]:
        return sorted(self.baselines.glob("v1/s/*.json"))


@pytest.fixture(scope="module", autouse=True)
def _patient() -> Iterator[None]:
    """The machine of the tests may be late as it likes: that lateness is noticed is tested elsewhere."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "SPOILING_S", 10.0)
        yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.baselines.mkdir()
    return made


def sound(connection: socket.socket, _line: str, _number: int) -> bool:
    """Answer as main does."""
    time.sleep(SLOW_S)
    connection.sendall(answer(body=BODY))
    return True


def by_path(paths: dict[str, bytes], otherwise: bytes | None = None) -> Behaviour:
    """Answer some paths with fixed bytes at once, the others as told or as main does."""

    def behave(connection: socket.socket, line: str, number: int) -> bool:
        fixed = paths.get(line.split(" ")[1].split("?")[0], otherwise)
        if fixed is None:
            return sound(connection, line, number)
        connection.sendall(fixed)
        return True

    return behave


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ended], list[dict[str, bytes]]]:
    """A store after two refreshes, what they said, and what was in it after each."""
    desk = Desk(tmp_path_factory.mktemp("main"))
    ended, states = [], []
    with serving(sound) as server:
        for number in range(2):
            ended.append(desk.gate("refresh", preview=server.origin, out=desk.out / str(number)))
            states.append(content(desk.baselines))
    return desk.baselines, ended, states


@pytest.fixture
def seasoned(desk: Desk, refreshed) -> Desk:
    """A desk with two stored runs of a sound main."""
    shutil.copytree(refreshed[0], desk.baselines, dirs_exist_ok=True)
    return desk


# The preview cannot be reached or is not what it should be


def test_a_preview_that_is_never_ready_is_not_measured(desk):
    with serving(by_path({}, answer(503))) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == 3
    assert "not ready within 1 s at /: status 503" in ended.comment
    assert ended.verdict["measured"] is False
    assert ended.run["complete"] is False


def test_a_refused_connection_is_not_measured(desk):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ended = desk.gate("check", preview=f"http://127.0.0.1:{port}")
    assert ended.code == 3
    assert "connection refused" in ended.comment


def test_a_host_without_an_address_is_not_measured(desk):
    ended = desk.gate("check", preview="http://nothing.invalid")
    assert ended.code == 3
    # A resolver that cannot reach its servers takes longer than the preview is given.
    assert "host name not found" in ended.comment or "no answer in time" in ended.comment


@contextmanager
def self_signed(folder: Path) -> Iterator[str]:
    """An https server on loopback whose certificate nobody vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(answer())

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def test_a_certificate_that_nobody_vouches_for_is_not_measured(desk, tmp_path):
    with self_signed(tmp_path) as origin:
        ended = desk.gate("check", preview=origin)
    assert ended.code == 3
    assert "its certificate or its TLS version is not accepted" in ended.comment


def test_a_preview_that_serves_another_commit_is_not_measured(desk):
    desk.suite.write_text(suite_text(preview=", commit: {header: X-Commit}"))
    with serving(by_path({}, answer(headers=f"X-Commit: {'b' * 40}\r\n"))) as server:
        ended = desk.gate("check", "--commit", "a" * 40, preview=server.origin)
    assert ended.code == 3
    assert "did not serve commit aaaaaaaaaaaa within 1 s" in ended.verdict["reasons"][0]["message"]
    assert f"serves commit '{'b' * 40}'" in ended.verdict["reasons"][0]["message"]


def test_a_preview_that_throttles_the_load_is_not_measured(desk):
    with serving(by_path({"/": answer()}, answer(429))) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == 3
    assert "throttled" in ended.comment
    assert "429" in ended.comment


# Logins

LOGIN = "identities: {user: {login: [{request: POST /login, json: {password: '${GATE_CANARY}'}, extract: {t: $.token}}], headers: {Authorization: 'Token {t}'}}}\n"  # noqa: E501
AS_USER = "{request: GET /home, rate: 200/s, identity: user}"


@pytest.mark.parametrize(
    ("answered", "message"),
    [
        (answer(403, body=CANARY.encode()), "login of identity 'user' was refused: step 1, POST /login"),
        (answer(body=b'{"no": "token"}'), "login of identity 'user' gave no 't': step 1 answered without $.token"),
    ],
    ids=["refused", "without a token"],
)
def test_a_login_that_fails_names_identity_and_step_and_no_secret(desk, monkeypatch, answered, message):
    monkeypatch.setenv("GATE_CANARY", CANARY)
    desk.suite.write_text(suite_text(home=AS_USER) + LOGIN)
    with serving(by_path({"/login": answered})) as server:
        ended = desk.gate("check", preview=server.origin)
        assert CANARY in server.heads[-1].decode(), "the login did take the value"
    assert ended.code == 3
    assert message in ended.verdict["reasons"][0]["message"]
    assert not [form for form in CANARY_FORMS if form in ended.everything]


# The preview answers, but not as it should


def test_unexpected_answers_with_nothing_to_compare_are_not_measured(desk):
    with serving(by_path({"/home": answer(404)})) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == 3
    assert "status_404" in ended.verdict["reasons"][0]["message"]
    assert ended.verdict["reasons"][0]["code"] == "not-measured"


def test_unexpected_answers_where_main_answered_block(seasoned):
    with serving(by_path({"/home": answer(404)})) as server:
        ended = seasoned.gate("check", preview=server.origin)
    assert ended.code == 1
    assert ended.comment.startswith("**BLOCKED**: home answers 100 % of requests with errors")
    assert "status_404" in ended.comment.splitlines()[0].replace("\\", "")


def test_empty_answers_where_main_had_bodies_block(seasoned):
    with serving(by_path({"/home": answer(body=b"")})) as server:
        ended = seasoned.gate("check", preview=server.origin)
    assert ended.code == 1
    assert ended.rows["s/home/body"] == "regressed"
    assert ended.rows["s/list/body"] == "unchanged"
    assert ended.comment.startswith("**BLOCKED**: home answers with 0 B, main with 402 B")


@pytest.mark.parametrize("every", [1, 2, 3])
def test_fast_failures_are_no_improvement_and_blame_no_neighbour(seasoned, every):
    seasoned.suite.write_text(suite_text(policy="absolute_floor: 15ms"))
    numbers = itertools.count()

    def behave(connection: socket.socket, line: str, number: int) -> bool:
        if "/home" not in line:
            return sound(connection, line, number)
        connection.sendall(answer(500) if next(numbers) % every == 0 else answer(body=BODY))
        return True

    with serving(behave) as server:
        ended = seasoned.gate("check", preview=server.origin)
    assert ended.code == 1
    assert ended.rows["s/home/errors"] == "regressed"
    assert "improved" not in (ended.rows["s/home/p50"], ended.rows["s/home/p95"])
    blamed = {row for reason in ended.verdict["reasons"] for row in reason["rows"]}
    assert {row.split("/")[1] for row in blamed} == {"home"}
    assert "home answers" in ended.comment.splitlines()[0]


# The suite and the command line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (None, "No such file"),
        ("endpoints: {home: GET /}\npolice: {max_rate: 50/s}\n", "policy"),
    ],
    ids=["empty", "missing", "unknown key"],
)
def test_a_suite_that_cannot_be_used_is_refused_before_any_connection(desk, text, message):
    desk.suite.unlink() if text is None else desk.suite.write_text(text)
    with serving(sound) as server:
        ended = desk.gate("check", preview=server.origin)
        assert server.connections == 0
    assert ended.code == 2
    assert message in ended.stderr
    assert "did you mean" in ended.stderr.lower() or text is None or "police" not in text
    assert not ended.out.exists()


def test_a_value_that_is_not_set_is_named_with_its_place_before_any_connection(desk, monkeypatch):
    monkeypatch.delenv("GATE_CANARY", raising=False)
    desk.suite.write_text(suite_text(preview=", headers: {X-Key: '${GATE_CANARY}'}"))
    with serving(sound) as server:
        ended = desk.gate("check", preview=server.origin)
        assert server.connections == 0
    assert ended.code == 2
    assert "GATE_CANARY" in ended.stderr
    assert "preview.headers.X-Key" in ended.stderr


def test_a_host_that_the_suite_does_not_name_is_refused_before_any_connection(desk):
    with serving(by_path({}, answer(503))) as server:
        # 127.0.0.1 in a spelling that only a resolver knows for this machine.
        origin = server.origin.replace("127.0.0.1", "2130706433")
        desk.suite.write_text(suite_text(preview=", hosts: ['*.preview.example.com']"))
        ended = desk.gate("check", preview=origin)
        assert server.connections == 0
        assert ended.code == 2
        assert "2130706433" in ended.stderr
        assert "preview.hosts: *.preview.example.com" in ended.stderr
        desk.suite.write_text(suite_text())
        assert desk.gate("check", preview=origin).code == 3
        assert server.connections > 0, "it would have been reached"


def test_a_place_for_reports_that_cannot_be_written_is_refused(desk):
    desk.out.write_text("a file, not a folder")
    with serving(sound) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == 2
    assert f"{desk.out}" in ended.stderr
    assert "cannot be written" in ended.stderr
    assert desk.out.read_text() == "a file, not a folder"


def test_a_report_that_cannot_be_written_leaves_no_half_of_it(seasoned, refreshed):
    (seasoned.out / "verdict.json").mkdir(parents=True)
    ended = seasoned.gate("compare", refreshed[1][0].run_file)
    assert ended.code == 2
    assert "verdict.json cannot be written" in ended.stderr


# Nothing stored yet


@pytest.mark.parametrize(
    ("objectives", "code", "line"),
    [
        (", objectives: {bytes: 1MB}", 0, "no baseline yet; 1 of 1 objectives met"),
        (", objectives: {p95: 1ms}", 1, "home misses its objective: p95 is"),
        ("", 3, "nor a base deployment nor an objective to judge by"),
    ],
    ids=["met", "missed", "none"],
)
def test_without_stored_runs_only_objectives_judge(desk, objectives, code, line):
    desk.suite.write_text(suite_text(home=HOME[:-1] + objectives + "}"))
    with serving(sound) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == ended.verdict["exit_code"] == code
    assert line in ended.comment.splitlines()[0]
    assert not list(desk.baselines.iterdir()), "a check never writes a store"


# Stored runs that cannot be used


def _edited(data: bytes, *, rehash: bool, **members: object) -> bytes:
    raw = json.loads(data)
    raw["run"] |= members
    if rehash:
        raw["sha256"] = digest(raw["run"])
    return (canonical(raw) + "\n").encode()


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "another suite": (
        lambda data: encode_run(decode_run(data).model_copy(update={"suite": "other"})),
        "filed under a wrong name",
    ),
    "cut by one byte": (lambda data: data[:-1], "cut short"),
    "cut by two bytes": (lambda data: data[:-2], "is not JSON"),
    "newer schema": (lambda data: _edited(data, rehash=True, schema="gate.run/2"), "gate.run/2"),
    "changed content": (lambda data: _edited(data, rehash=False, seed=7), "does not match its own sha256"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_stored_run_is_named_and_left_as_it_is(seasoned, damage):
    spoil, message = DAMAGES[damage]
    path = seasoned.stored()[0]
    path.write_bytes(spoil(path.read_bytes()))
    before = content(seasoned.baselines)
    with serving(sound) as server:
        checked = seasoned.gate("check", preview=server.origin)
        refreshing = seasoned.gate("refresh", preview=server.origin)
        assert server.connections == 0, "what cannot be judged is not measured"
    assert (checked.code, refreshing.code) == (5, 5)
    told = checked.verdict["reasons"][0]["message"]
    assert checked.verdict["exit_code"] == 5
    assert path.name in told
    assert message in told
    assert message in refreshing.stderr
    assert content(seasoned.baselines) == before


def test_a_changed_endpoint_has_no_baseline_and_the_others_are_judged(seasoned):
    seasoned.suite.write_text(suite_text(home="{request: 'GET /home?page=2', rate: 200/s}"))
    with serving(sound) as server:
        ended = seasoned.gate("check", preview=server.origin)
    assert ended.code == 0
    assert {ended.rows[f"s/home/{metric}"] for metric in ("p50", "p95", "errors")} == {"no_baseline"}
    assert ended.rows["s/list/errors"] == "unchanged"
    assert {ended.rows["s/list/p50"], ended.rows["s/list/p95"]} <= {"unchanged", "inconclusive"}


# Refresh


def test_two_refreshes_store_two_runs(refreshed):
    _, ended, states = refreshed
    assert [each.code for each in ended] == [0, 0]
    assert [len(state) for state in states] == [1, 2]
    assert states[0].items() <= states[1].items(), "the first stays as it was"
    for each, path in zip(ended, sorted(states[1], key=list(states[0]).__contains__, reverse=True), strict=True):
        assert f"stored {path}" in each.stdout


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (by_path({}, answer(503)), "not ready within 1 s"),
        (by_path({"/home": answer(500)}), "nothing was stored: home did not answer as expected"),
    ],
    ids=["never ready", "an endpoint that fails"],
)
def test_a_refresh_that_fails_stores_nothing(seasoned, behaviour, message):
    before = content(seasoned.baselines)
    with serving(behaviour) as server:
        ended = seasoned.gate("refresh", preview=server.origin)
    assert ended.code == 3
    assert message in ended.stderr
    assert content(seasoned.baselines) == before


# Secrets


def echo(connection: socket.socket, line: str, _number: int) -> bool:
    """Repeat the secret wherever an answer has room for it."""
    body = json.dumps({"token": CANARY, "forms": CANARY_FORMS}).encode()
    headers = "".join(f"{name}: {CANARY}\r\n" for name in ("Content-Type", "Server", "Set-Cookie", "Retry-After"))
    headers += f"X-Commit: {PLAIN}\r\n"
    status = 302 if "/list" in line else 500 if "/broken" in line else 200
    connection.sendall(answer(status, body, headers + f"Location: /{quote(CANARY)}?{CANARY}\r\n"))
    return True


@pytest.mark.parametrize(
    ("path", "options", "code"),
    [("/home", (), 0), ("/broken", (), 3), ("/home", ("--commit", "a" * 40), 3)],
    ids=["sound", "failing", "wrong commit"],
)
def test_a_secret_is_in_no_output_even_if_the_preview_repeats_it(desk, monkeypatch, path, options, code):
    monkeypatch.setenv("GATE_CANARY", CANARY)
    monkeypatch.setenv("GATE_PLAIN", PLAIN)
    home = f"{{request: 'GET {path}?key=${{GATE_CANARY}}', rate: 200/s, identity: user, objectives: {{bytes: 1MB}}}}"
    second = "{request: GET /list, rate: 200/s, expect: {status: 302}}"
    preview = ", commit: {header: X-Commit}, headers: {X-Key: '${GATE_CANARY}', X-Plain: '${GATE_PLAIN}'}"
    desk.suite.write_text(suite_text(home, second, preview) + LOGIN)
    with serving(echo) as server:
        ended = desk.gate("check", *options, preview=server.origin)
        assert f"X-Key: {CANARY}".encode().lower() in server.heads[0].lower(), "the preview did get the value"
    assert ended.code == code
    assert ended.run_file.exists()
    assert [form for form in CANARY_FORMS if form in ended.everything] == []


# Signals and a worker that dies


def struck(desk: Desk, tmp_path: Path, strike: Callable[[int, int], None]) -> Ended:
    """A check in a process of its own, struck in the middle of the load; its worker is gone with it."""
    desk.suite.write_text(suite_text().replace("time: 1s", "time: 10s"))
    before, texts = content(desk.baselines), (tmp_path / "stdout", tmp_path / "stderr")
    with serving(sound) as server, texts[0].open("wb") as stdout, texts[1].open("wb") as stderr:
        arguments = desk.arguments("check", (), server.origin, desk.out)
        process = subprocess.Popen([sys.executable, "-I", "-m", "gate", *arguments], stdout=stdout, stderr=stderr)
        try:
            wait_for(lambda: "round" in texts[1].read_text() or process.poll() is not None, "the load")
            (worker,) = workers_of(process.pid)
            assert b"gate.load.worker" in Path(f"/proc/{worker}/cmdline").read_bytes()
            strike(process.pid, worker)
            code = process.wait(timeout=FOREVER_S)
        finally:
            process.kill()
            process.wait()
    wait_for(lambda: not Path(f"/proc/{worker}").exists(), "the end of the worker")
    ended = Ended(code, texts[0].read_text(), texts[1].read_text(), desk.out)
    desk.hold_in_order(ended, before)
    assert ended.run["complete"] is False
    return ended


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_load_and_keeps_what_was_measured(seasoned, tmp_path, number, code):
    ended = struck(seasoned, tmp_path, lambda gate, _worker: os.kill(gate, number))
    assert ended.code == code
    assert f"cancelled by {number.name}" in ended.stderr
    assert not (ended.out / "verdict.json").exists()
    compared = seasoned.gate("compare", ended.run_file, out=tmp_path / "compared")
    assert compared.code == 3
    assert f"cancelled by {number.name}" in compared.comment


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
def test_a_worker_that_is_killed_is_not_measured(seasoned, tmp_path):
    ended = struck(seasoned, tmp_path, lambda _gate, worker: os.kill(worker, signal.SIGKILL))
    assert ended.code == 3
    assert "load worker ended with code -9" in ended.comment


# A bug in the gate


def test_a_bug_is_called_a_bug(desk, monkeypatch):
    def broken(_self: Session) -> None:
        raise RuntimeError("this should not happen")

    monkeypatch.delenv("GATE_DEBUG", raising=False)
    monkeypatch.setattr(Session, "open", broken)
    ended = desk.gate("check", preview="http://127.0.0.1:9")
    assert ended.code == 70
    assert "a bug in the gate: RuntimeError: this should not happen" in ended.stderr


# The same in steps


def test_a_run_of_a_sound_preview_is_0_and_its_judgement_repeats_byte_by_byte(seasoned, tmp_path):
    with serving(sound) as server:
        ran = seasoned.gate("run", preview=server.origin)
    assert ran.code == 0
    assert f"{ran.run_file}\n" in ran.stdout
    first, second = (seasoned.gate("compare", ran.run_file, out=tmp_path / name) for name in ("first", "second"))
    assert first.code == second.code == 0
    names = ("verdict.json", "comment.md", "summary.md")
    for name in names:
        assert (first.out / name).read_bytes() == (second.out / name).read_bytes()
    shown = seasoned.gate("report", first.out / "verdict.json", out=tmp_path / "shown")
    assert shown.code == 0
    for name in names:
        assert (shown.out / name).read_bytes() == (first.out / name).read_bytes()


def test_a_run_of_a_preview_that_is_never_ready_is_3_and_marked(desk):
    with serving(by_path({}, answer(503))) as server:
        ended = desk.gate("run", preview=server.origin)
    assert ended.code == 3
    assert "status 503" in ended.stderr
    assert ended.run["complete"] is False
    assert ended.run["not_measured"][0]["code"] == "not-measured"


def test_a_check_is_a_run_and_a_comparison(seasoned, tmp_path):
    with serving(sound) as server:
        checked = seasoned.gate("check", preview=server.origin)
    assert checked.code == 0
    compared = seasoned.gate("compare", checked.run_file, out=tmp_path / "compared")
    assert compared.code == 0
    for name in ("verdict.json", "comment.md"):
        assert (compared.out / name).read_bytes() == (checked.out / name).read_bytes()


def test_a_store_that_was_named_and_is_not_there_is_no_empty_store(desk):
    desk.baselines.rmdir()
    ended = desk.gate("check", preview="http://127.0.0.1:9")
    assert ended.code == 2
    assert str(desk.baselines) in ended.stderr
    assert "gate refresh" in ended.stderr
