"""The example systems as processes of their own, and a PostgreSQL to run them over."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PATIENCE_S = 60


def load_postgres() -> ModuleType:
    """`examples/postgres.py`, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("examples_postgres", EXAMPLES / "postgres.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


@dataclass(frozen=True)
class Example:
    """A server that listens."""

    port: int
    process: subprocess.Popen[str]
    errors: Path
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every request."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, plain: bool = False
    ) -> Answer:
        """One request on a connection of its own; a body that is no text or bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        sent = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        try:
            connection.request(method, path, sent, {**({} if plain else self.headers), **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


@contextmanager
def started(folder: Path, errors: Path, environment: Mapping[str, str], *arguments: str) -> Iterator[Example]:
    """Run `serve.py` of an example until the context is left."""
    command = [sys.executable, str(folder / "serve.py"), "--port", "0", *arguments]
    with errors.open("w") as output:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=output, text=True, env={**os.environ, **environment}
        )
    try:
        line = process.stdout.readline()
        found = re.fullmatch(r"listening http://127\.0\.0\.1:(\d+)\n", line)
        assert found, f"{line!r}: {errors.read_text()}"
        yield Example(int(found[1]), process, errors)
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
