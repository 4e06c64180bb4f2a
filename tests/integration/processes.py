"""The gate as a process of its own, for what can only be seen from outside: signals, workers, ends."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.load.servers import Server

SUITE = """\
suite: s
preview: {ready: {timeout: 30s}}
endpoints: {home: {request: GET /home, rate: 50/s}}
policy: {max_rate: 50/s, budget: {time: 20s}}
"""
COMMAND = (sys.executable, "-I", "-m", "gate")
FOREVER_S = 60
SOON_S = 6
"""A few seconds, on a machine with other work to do."""


@contextmanager
def started(
    folder: Path, command: str, server: Server, *more: str, suite: str = SUITE
) -> Iterator[subprocess.Popen[str]]:
    (folder / "gate.yml").write_text(suite)
    (folder / "baselines").mkdir(exist_ok=True)
    given = [f"--suite={folder / 'gate.yml'}", f"--preview={server.origin}", f"--out={folder / 'out'}"]
    if command != "run":
        given.append(f"--baselines={folder / 'baselines'}")
    process = subprocess.Popen(
        [*COMMAND, command, *given, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(found: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + FOREVER_S
    while not found():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def workers_of(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(") ")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def folder_of(worker: int) -> Path:
    """Where a worker has its files: its only argument."""
    return Path(Path(f"/proc/{worker}/cmdline").read_bytes().split(b"\0")[-2].decode())
