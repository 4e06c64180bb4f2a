"""The bundled shop as a process of its own, and how to ask it."""

from __future__ import annotations

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

SHOP = Path(__file__).resolve().parents[3] / "examples" / "shop"
MODULES = (
    "accounts",
    "app",
    "catalogue",
    "database",
    "lookups",
    "orders",
    "request_log",
    "seed",
    "settings",
    "variants",
    "waits",
)
PASSWORD = "a-test-password"
COMMIT = "0123456789abcdef"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Server:
    address: str
    database: Path
    log: Path
    process: subprocess.Popen[str]

    def ask(self, method: str, path: str, body: object = None, token: str | None = None, raw: bytes = b"") -> Answer:
        headers = {"Authorization": f"Token {token}"} if token else {}
        with closing(HTTPConnection(self.address, timeout=20)) as connection:
            connection.request(method, path, raw if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), json.loads(response.read()))

    def get(self, path: str, token: str | None = None) -> Any:
        answer = self.ask("GET", path, token=token)
        assert answer.status == 200
        return answer.body

    def login(self) -> str:
        answer = self.ask("POST", "/api/auth/login/", {"username": "demo", "password": PASSWORD})
        assert answer.status == 200
        token = answer.body["token"]
        assert isinstance(token, str)
        return token

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql).fetchall()


@contextmanager
def running(folder: Path, database: Path, log: Path, cwd: Path | None = None, **extra: str) -> Iterator[Server]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    environment |= {"SHOP_COMMIT": COMMIT, "SHOP_PASSWORD": PASSWORD, "PYTHONDONTWRITEBYTECODE": "1", **extra}
    command = [sys.executable, str(folder / "serve.py"), "--port", "0", "--db", str(database), "--log", str(log)]
    with subprocess.Popen(
        command, env=environment, cwd=cwd, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening http://127.0.0.1:")
            yield Server(line.strip().removeprefix("listening http://"), database, log, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
