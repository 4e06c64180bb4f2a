"""The gate on its quick clock, in a copy of a process that has imported it: most of what a run without load costs.

Everything else is as in a process of its own: environment, folder, output, exit code. That nothing of the workspace is
imported at the start is left to the tests that start one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

_IMPORTED = ("gate.wiring", "gate.commands.action", "gate.commands.action_check", "gate.stats.special", "jinja2")
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(_IMPORTED))


class Forked:
    """As much of ``subprocess.Popen`` as a run needs that is waited for."""

    def __init__(self, arguments: list[str], folder: Path, environment: Mapping[str, str], output: Path) -> None:
        self._output = output
        self._process = _CONTEXT.Process(target=_be_the_gate, args=(arguments, folder, dict(environment), output))
        self._process.start()

    def __enter__(self) -> Forked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.join()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def communicate(self, timeout: float) -> tuple[str, str]:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"the gate takes longer than {timeout:.0f} s")
        return self._output.read_text(encoding="utf-8"), ""

    def kill(self) -> None:
        self._process.kill()


def _be_the_gate(arguments: list[str], folder: Path, environment: dict[str, str], output: Path) -> None:
    import quick_clock

    sys.path[:] = [place for place in sys.path if place not in ("", ".")]
    sys.argv = ["gate", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # servers of forks ignore it
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(written, 1)
    os.dup2(written, 2)
    sys.exit(quick_clock.main())
