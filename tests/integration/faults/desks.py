"""A suite, a store and a place for reports, and commands that have to leave them in order."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gate.cli import main
from tests.integration.load.servers import Behaviour, answer

HOME, LIST = "{request: GET /home, rate: 200/s}", "{request: GET /list, rate: 200/s}"
BODY = b"{" + b" " * 400 + b"}"
SLOW_S = 0.02
"""What main takes for an answer: far more than a server that fails at once."""
CANARY = "canary/7+s3cret=="
PLAIN = "plain-s3cret"
"""A value that could pass for a commit."""
CANARY_FORMS = (CANARY, base64.b64encode(CANARY.encode()).decode(), quote(CANARY, safe=""), quote(CANARY), "s3cret")
LOGIN = (
    "identities: {user: {login: [{request: POST /login, json: {password: '${GATE_CANARY}'}, extract: {t: $.token}}],"
    " headers: {Authorization: 'Token {t}'}}}\n"
)
AS_USER = "{request: GET /home, rate: 200/s, identity: user}"


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
