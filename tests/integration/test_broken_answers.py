"""Previews that break off, dawdle or never end: counted by kind, bounded in time, blocked for what they are."""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import struct
import time
from pathlib import Path

import pytest

from gate.cli import main
from gate.load import health
from tests.integration.load.servers import Server, answer, serving, steady

SUITE = """\
suite: s
preview: {ready: {path: /up, timeout: 5s}}
endpoints: {home: {request: GET /home, rate: 200/s, timeout: 500ms%s}}
policy: {max_rate: 200/s, budget: {time: 1s}, absolute_floor: 60s}
"""
TIMEOUT_S = 0.5
"""As the suite says it."""


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def empty_reply(_connection: socket.socket) -> None:
    pass


def short_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")


def no_http(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


def endless_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(20):
        connection.sendall(b"x")
        time.sleep(0.1)


def silence(_connection: socket.socket) -> None:
    time.sleep(2 * TIMEOUT_S)


KINDS = {
    "reset": (reset, ""),
    "empty_reply": (empty_reply, ""),
    "short_body": (short_body, ""),
    "protocol": (no_http, ""),
    "too_large": (endless_body, ", expect: {body: {max: 100kB}}"),
    "timeout": (drip, ""),
    "timeout ": (silence, ""),
}


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any patience for the machine of the tests."""
    monkeypatch.setattr(health, "SPOILING_S", 10.0)


@pytest.fixture(scope="module")
def main_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One stored run of a sound main, by what the suite expects."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch, serving(steady()) as server:
        patch.setattr(health, "SPOILING_S", 10.0)
        for expect in {expect for _, expect in KINDS.values()}:
            folders[expect] = tmp_path_factory.mktemp("main")
            code, _ = gate(folders[expect], "refresh", server, expect)
            assert code == 0
    return folders


def gate(folder: Path, command: str, server: Server, expect: str = "") -> tuple[int, Path]:
    (folder / "gate.yml").write_text(SUITE % expect)
    (folder / "baselines").mkdir(exist_ok=True)
    given = ["--suite", folder / "gate.yml", "--preview", server.origin, "--baselines", folder / "baselines"]
    return main([command, *map(str, given), "--out", str(folder / command)]), folder / command


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_answer_is_counted_by_its_kind_and_blocks(tmp_path, main_runs, kind, capsys):
    """And the check ends, whatever the preview does."""
    break_it, expect = KINDS[kind]
    shutil.copytree(main_runs[expect] / "baselines", tmp_path / "baselines")

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        if "/home" in line:
            break_it(connection)
            return False
        connection.sendall(answer())
        return True

    began = time.monotonic()
    with serving(behave) as server:
        code, out = gate(tmp_path, "check", server, expect)
    assert code == 1
    (path,) = out.glob("run-*.json")
    record = json.loads(path.read_text())["run"]["endpoints"]["home"]["arms"]["candidate"]
    assert record["errors"] == {kind.strip(): sum(block["sent"] for block in record["blocks"])}
    assert kind.strip().replace("_", " ") in (out / "comment.md").read_text().splitlines()[0].replace("\\", "")
    assert time.monotonic() - began < 30, "four steps of a second each, and patience"
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err


def test_a_tenth_of_broken_answers_is_found_among_sound_ones(tmp_path, main_runs):
    seen = itertools.count(1)

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        if "/home" in line and next(seen) % 10 == 0:
            reset(connection)
            return False
        connection.sendall(answer())
        return True

    shutil.copytree(main_runs[""] / "baselines", tmp_path / "baselines")
    with serving(behave) as server:
        code, out = gate(tmp_path, "check", server)
    assert code == 1
    rows = {row["metric"]: row for row in json.loads((out / "verdict.json").read_text())["rows"]}
    assert rows["errors"]["outcome"] == "regressed"
    assert rows["errors"]["candidate"] == pytest.approx(0.1, abs=0.03)
