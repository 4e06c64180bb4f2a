"""Where the time of a preview goes: py-spy beside its processes.

https://github.com/benfred/py-spy
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import dropwhile
from pathlib import Path

from gate.errors import UsageError
from gate.record.spent import SpentOf
from gate.serving.profiler import Found, Unprofiled
from gate.serving.pythons import may_look_into, topmost
from gate.serving.stacks import merged, read

RATE_PER_S = 100
_BEGIN_S, _END_S = 5.0, 20.0
_STEP_S = 0.02
_REFUSED = (
    "the system lets py-spy not look into the processes of the preview (ptrace); run the gate as root, or set"
    " kernel.yama.ptrace_scope=0"
)


class TimeProfiler:
    """Samples what holds the interpreter: Python at work, and native code that does not let go of it.

    Raises
    ------
    UsageError
        If py-spy is not installed.
    """

    of: SpentOf = "time"

    def __init__(self) -> None:
        beside = Path(sys.executable).with_name("py-spy")
        program = str(beside) if beside.exists() else shutil.which("py-spy")
        try:
            self.tool = f"py-spy {version('py-spy')}"
        except PackageNotFoundError:
            self.tool = "py-spy"
        if program is None:
            raise UsageError("--profiler time needs py-spy", "pip install 'perf-gate[profile]'")
        self._program = program
        self._running: list[_Recording] = []
        self._found = Found()

    def added(self, _environment: Mapping[str, str]) -> Mapping[str, str]:
        """Nothing: it looks on from outside."""
        return {}

    def begin(self, session: int) -> None:
        """One py-spy for each process of Python, and for all that such a one starts."""
        wanted = topmost(session)
        if not wanted:
            self._miss("no process of the preview runs Python")
        permitted = [pid for pid in wanted if may_look_into(pid)]
        if len(permitted) < len(wanted):
            self._miss(_REFUSED)
        self._running = [_Recording(self._program, pid) for pid in permitted]
        for recording in self._running:
            recording.wait_until_begun()

    def end(self) -> None:
        """Stop, and read what was written."""
        running, self._running = self._running, []
        for recording in running:
            recording.stop()
        for recording in running:
            try:
                stacks = merged([self._found.stacks, recording.stacks()])
                self._found = Found(stacks, self._found.unread)
            except Unprofiled as error:
                self._miss(error.reason)

    def found(self) -> Found:
        """Samples, by stack."""
        return self._found

    def _miss(self, reason: str) -> None:
        self._found = Found(self._found.stacks, (*self._found.unread, reason))


class _Recording:
    """One py-spy at one process and its descendants."""

    def __init__(self, program: str, pid: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gate-time-")
        self._file, self._log = Path(self._folder.name, "stacks"), Path(self._folder.name, "log")
        # --gil: whether a thread waits is read before it is stopped, and often wrong (py-spy issue 92); whether it
        # holds the interpreter is certain. --function: one place for a function, whichever of its lines was seen.
        command = [program, "record", "--pid", str(pid), "--subprocesses", "--gil", "--function", "--format", "raw"]
        command += ["--rate", str(RATE_PER_S), "--output", str(self._file)]
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C is for the gate, which stops it.
            self._process = subprocess.Popen(  # noqa: S603 - our own extra, with numbers and our own paths
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def wait_until_begun(self) -> None:
        """Not for ever: one that comes late has the fewer samples."""
        deadline_s = time.monotonic() + _BEGIN_S
        while self._process.poll() is None and b"Sampling process" not in self._log.read_bytes():
            if time.monotonic() > deadline_s:
                return
            time.sleep(_STEP_S)

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)  # as Ctrl-C: it writes what it has

    def stacks(self) -> Mapping[tuple[str, ...], int]:
        """What it wrote.

        Raises
        ------
        Unprofiled
            If it wrote nothing.
        """
        with self._folder:
            try:
                code = self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                code = self._process.wait()
            said = self._log.read_text(encoding="utf-8", errors="replace")
            if code == 0 and self._file.exists():
                found = read(self._file.read_text(encoding="utf-8", errors="replace"))
                return {_without_process(frames): amount for frames, amount in found.items()}
        first = next((line.strip() for line in said.splitlines() if line.startswith("Error")), f"it ended with {code}")
        raise Unprofiled(f"py-spy: {first[:200]}")


def _without_process(frames: tuple[str, ...]) -> tuple[str, ...]:
    """Processes do the same work: their numbers would keep it apart."""
    kept = tuple(dropwhile(lambda frame: frame.startswith("process "), frames))
    return kept or frames
