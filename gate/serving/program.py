"""A program started by the gate, with all that it starts itself, and ended for certain.

It gets a session of its own, and with it a process group: Ctrl-C on a terminal is for the gate, which then ends it. If
the gate itself is killed, a guard ends it.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from gate.errors import UsageError
from gate.serving import session
from gate.serving.guard import LEAVE
from gate.serving.output import Output


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
        self._guard = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-I", "-m", "gate.serving.guard", str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
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

    def end(self, patience_s: float = session.END_S) -> None:
        """End it and all that it started: SIGTERM, and SIGKILL for who does not go."""
        try:
            session.end(self.pid, patience_s)
        finally:
            self._process.wait()
            self._guard.communicate(LEAVE)


def _found(program: str, folder: Path, environment: Mapping[str, str]) -> str:
    """With a slash below the folder, as a shell would take it there; without one in PATH."""
    if "/" in program:
        return str((folder / program).absolute())
    return shutil.which(program, path=environment.get("PATH")) or program
