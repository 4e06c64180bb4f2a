"""Processes of a session, and how they are ended. Imports little: the guard is started beside every preview."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

END_S = 10.0
"""Patience after SIGTERM, before SIGKILL."""
_STEP_S = 0.02
_PROC = Path("/proc")


def members(session: int) -> Iterator[int]:
    """Processes of a session that are not over; where there is no /proc, none are known."""
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if not entry.name.isdigit():
                continue
            state, _, _, its_session = (entry / "stat").read_bytes().rpartition(b") ")[2].split()[:4]
            if int(its_session) == session and state not in (b"Z", b"X"):
                yield int(entry.name)


def send(session: int, number: signal.Signals) -> None:
    """A signal to the process group of a session's leader, and to those of it that made groups of their own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, number)
    for pid in members(session):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def end(session: int, patience_s: float = END_S) -> None:
    """SIGTERM to all of a session, and SIGKILL to who does not go."""
    deadline_s = time.monotonic() + patience_s
    try:
        send(session, signal.SIGTERM)
        while time.monotonic() < deadline_s and any(members(session)):
            time.sleep(_STEP_S)
    finally:  # a signal to whoever ends it may come meanwhile
        send(session, signal.SIGKILL)
