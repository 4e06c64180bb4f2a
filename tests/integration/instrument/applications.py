"""Real applications under real servers on loopback, with gate-instrument switched on or off."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

APPS = "tests.integration.instrument.apps"
ROOT = Path(__file__).parents[3]
_PATIENCE_S = 60


@dataclass(frozen=True)
class Application:
    """A server that answers."""

    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> tuple[int, list[str], bytes]:
        """Status, values of ``Server-Timing``, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers.get_all("Server-Timing") or [], answer.read()

    def metrics(self) -> dict[str, float]:
        """Samples by name and labels, without the process they are of."""
        status, _, text = self.get("/gate-instrument/metrics")
        assert status == 200
        lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
        samples = [re.fullmatch(r'(.*?),?pid="\d+"\} (\S+)', line) for line in lines]
        assert all(samples)
        return {sample[1]: float(sample[2]) for sample in samples if sample is not None}


def gunicorn(app: str, fd: int, threads: int = 4) -> list[str]:
    options = ["--bind", f"fd://{fd}", "--workers", "1", "--threads", str(threads), "--worker-class", "gthread"]
    return [sys.executable, "-m", "gunicorn", *options, "--log-level", "error", f"{APPS}.{app}"]


def uvicorn(app: str, fd: int) -> list[str]:
    return [sys.executable, "-m", "uvicorn", "--fd", str(fd), "--log-level", "error", f"{APPS}.{app}"]


@contextmanager
def application(make, app: str, environment: Mapping[str, str] | None = None, **more: int) -> Iterator[Application]:
    """Switched on, with its sums served, unless the environment given says otherwise."""
    on = {"GATE_INSTRUMENT": "1", "GATE_INSTRUMENT_METRICS": "1"}
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        fd = listening.fileno()
        process = subprocess.Popen(
            make(app, fd, **more), env=os.environ | on | dict(environment or {}), pass_fds=[fd], cwd=ROOT
        )
        port = listening.getsockname()[1]
    try:
        _wait_for(process, port)
        yield Application(port)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    """Until it answers; before that a connection waits in the socket's queue."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        assert process.poll() is None, "the application ended by itself"
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            with contextlib.closing(connection):
                connection.request("GET", "/")
                connection.getresponse().read()
                return
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < deadline, "the application does not answer"
            time.sleep(0.05)
