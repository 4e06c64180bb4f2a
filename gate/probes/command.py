"""A command beside the application that the gate has started itself: what it exits with is all that is looked at."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from gate.probes.outcome import Came, unmeasured

Command = Callable[[str], int | None]
"""Runs a command to its end: its exit code, None if it did not end in time or could not be started."""

PATIENCE_S = 60.0


def run(command: str, execute: Command | None) -> Came:
    """Judge a command by its exit code."""
    if execute is None:
        return unmeasured("the gate did not start the application here, so there is nothing to run it beside")
    code = execute(command)
    if code is None:
        return unmeasured(f"it could not be run to its end within {PATIENCE_S:.0f} s")
    return Came("passed" if code == 0 else "failed", f"exit code {code}", 1, int(code == 0))


def commands(folder: Path, environment: Mapping[str, str]) -> Command:
    """How commands are run: in the folder and environment of ``preview.serve``, in process groups of their own.

    What they print goes nowhere: it may hold anything. Where a token is present the preview itself is refused, and with
    it every command beside it.
    """

    def execute(command: str) -> int | None:
        try:
            process = subprocess.Popen(  # noqa: S603 - the suite's own, on the command line only
                shlex.split(command),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError):
            return None
        try:
            return process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            return None
        finally:  # also where a signal ends the gate: nothing of the command is left
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    return execute
