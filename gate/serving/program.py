"""A program started by the gate, with all that it starts itself, and ended for certain.

It gets a session of its own, and with it a process group: Ctrl-C on a terminal is for the gate, which then ends it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from gate.errors import UsageError
from gate.serving.output import Output

END_S = 10.0
"""Patience after SIGTERM, before SIGKILL."""
_STEP_S = 0.02


class Program:
    """A running program.

    Parameters
    ----------
    command : str
        Program and arguments, quoted as in a shell. No shell is asked: nothing in it is expanded or joined.
    environment : mapping of str to str
        All of its environment.
    log : Path
        Where its output goes.

    Raises
    ------
    UsageError
        If it cannot be started.
    """

    def __init__(
        self, command: str, folder: Path, environment: Mapping[str, str], log: Path, *, goes_on: bool = False
    ) -> None:
        words = shlex.split(command)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the suite's own command, by whoever started the gate
                [_found(words[0], folder, environment), *words[1:]],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(
                f"preview.serve cannot be started: {error.strerror}: {words[0]} in {folder}",
                "name a program that is executable, below the folder of the suite or in PATH",
            ) from None
        assert self._process.stdout is not None
        self._output = Output(self._process.stdout, log, goes_on=goes_on)

    @property
    def pid(self) -> int:
        """Of the program, and of its session and process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None as long as it runs; negative for a signal."""
        return self._process.poll()

    @property
    def last_lines(self) -> str:
        """The end of what it said."""
        return self._output.last()

    def end(self, patience_s: float = END_S) -> None:
        """End it and all that it started: SIGTERM, and SIGKILL for who does not go."""
        deadline_s = time.monotonic() + patience_s
        try:
            _signal(self.pid, signal.SIGTERM)
            while time.monotonic() < deadline_s and (self._process.poll() is None or any(_members(self.pid))):
                time.sleep(_STEP_S)
        finally:  # a signal to the gate itself may come meanwhile
            _signal(self.pid, signal.SIGKILL)
            self._process.wait()


def _found(program: str, folder: Path, environment: Mapping[str, str]) -> str:
    """With a slash below the folder, as a shell would take it there; without one in PATH."""
    if "/" in program:
        return str((folder / program).absolute())
    return shutil.which(program, path=environment.get("PATH")) or program


def _signal(session: int, number: signal.Signals) -> None:
    """To the process group, and to those of the session that made groups of their own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, number)
    for pid in _members(session):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _members(session: int) -> Iterator[int]:
    """Processes of a session that are not over; where there is no /proc, none are known."""
    proc = Path("/proc")
    for entry in proc.iterdir() if proc.is_dir() else ():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if not entry.name.isdigit():
                continue
            state, _, _, its_session = (entry / "stat").read_bytes().rpartition(b") ")[2].split()[:4]
            if int(its_session) == session and state not in (b"Z", b"X"):
                yield int(entry.name)
