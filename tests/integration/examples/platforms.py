"""The learning platform as a process of its own, and how to ask it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "learning-platform"
PASSWORD = "a-test-password"
COMMIT = "0123456789abcdef"
SIZE = 1000


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(gzip.decompress(self.raw) if self.headers.get("content-encoding") == "gzip" else self.raw)


@dataclass(frozen=True)
class Platform:
    address: str
    database: Path
    process: subprocess.Popen[str]

    def ask(
        self, method: str, path: str, body: object = None, token: str | None = None, raw: bytes = b"", **more: str
    ) -> Answer:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        headers |= {"Authorization": f"Token {token}"} if token else {}
        headers |= {"Content-Type": "application/json"} if raw or body is not None else {}
        with closing(HTTPConnection(self.address, timeout=60)) as connection:
            connection.request(method, path, raw if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            kept = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, kept, response.read())

    def get(self, path: str, token: str | None = None) -> Any:
        answer = self.ask("GET", path, token=token)
        assert answer.status == 200, answer.raw
        return answer.body

    def login(self, username: str) -> str:
        answer = self.ask("POST", "/api/auth/login/", {"username": username, "password": PASSWORD})
        assert answer.status == 200, answer.raw
        token = answer.body["token"]
        assert isinstance(token, str)
        return token

    def metric(self, name: str) -> float:
        lines = self.ask("GET", "/metrics").raw.decode().splitlines()
        (value,) = (line.split()[1] for line in lines if line.startswith(f"{name}{{"))
        return float(value)

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql).fetchall()


def environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEARNING_", "GATE_"))}
    return kept | {
        "LEARNING_COMMIT": COMMIT,
        "LEARNING_PASSWORD": PASSWORD,
        "LEARNING_SIZE": str(SIZE),
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }


def manage(database: Path, *command: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FOLDER / "manage.py"), *command],
        env=environment(LEARNING_DB=str(database), **extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def running(database: Path, workers: int = 1, **extra: str) -> Iterator[Platform]:
    command = [sys.executable, str(FOLDER / "serve.py"), "--port=0", f"--db={database}", f"--workers={workers}"]
    with subprocess.Popen(
        command, env=environment(**extra), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening http://127.0.0.1:")
            yield Platform(line.strip().removeprefix("listening http://"), database, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
