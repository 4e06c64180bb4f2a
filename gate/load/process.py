"""One load worker as the gate sees it: lines in, lines out, and a clear word when it dies."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
import tempfile

from gate.errors import NotMeasured
from gate.load.pipe import NOBODY, STOP

_PATIENCE_S = 1.0


class Process:
    """A worker with an empty environment, in a session of its own: Ctrl-C reaches the gate, and the gate ends it.

    Parameters
    ----------
    silence_s : float
        A worker of which nothing is heard for so long, or that reads nothing, is lost.
    """

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s
        self._folder = _folder()
        places = [] if self._folder is None else [self._folder]
        self._popen = subprocess.Popen(  # noqa: S603 - our own interpreter, and a folder made above
            [sys.executable, "-I", "-m", "gate.load.worker", *places],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},
            bufsize=0,
            start_new_session=True,
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._stdin, self._stdout = self._popen.stdin, self._popen.stdout
        os.set_blocking(
            self._stdin.fileno(), False
        )  # a worker that is stopped reads nothing, and a segment may be long
        self._rest = b""
        self.known_rows: set[str] = set()
        """Keys of the rows that it was given."""

    @property
    def pid(self) -> int:
        return self._popen.pid

    def fileno(self) -> int:
        """Readable when the worker has said something, or died."""
        return self._stdout.fileno()

    def write(self, line: str) -> None:
        """Give it one line.

        Raises
        ------
        NotMeasured
            If it is dead, or reads nothing.
        """
        data, room = memoryview(line.encode()), select.poll()
        room.register(self._stdin, select.POLLOUT)
        while data:
            if not room.poll(self._silence_s * 1000):
                raise self.silent(self._silence_s)
            try:
                data = data[os.write(self._stdin.fileno(), data) :]
            except BrokenPipeError:
                raise self._lost() from None

    def lines(self) -> list[str]:
        """The lines that are whole by now; waits for something to read, and may give none.

        Raises
        ------
        NotMeasured
            If it died.
        """
        piece = os.read(self._stdout.fileno(), 1 << 16)
        if not piece:
            raise self._lost()
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [line.decode() for line in lines]

    def stop(self) -> None:
        """Ask it to end the segment under way."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, STOP)

    def end(self, *, at_once: bool) -> None:
        """End it: by the end of its input, and if it does not listen or ``at_once`` by force."""
        with contextlib.suppress(BrokenPipeError):  # it died with a segment half written
            self._stdin.close()
        if at_once:
            self._popen.terminate()
        try:
            self._popen.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._stdout.close()
        if self._folder is not None:  # the worker does so too, unless it was killed
            shutil.rmtree(self._folder, ignore_errors=True)

    def silent(self, for_s: float) -> NotMeasured:
        """What to raise about a worker of which nothing was heard for so long."""
        return NotMeasured(
            f"the load worker (process {self.pid}) said nothing for {for_s:.0f} s in the middle of a measurement: it is"
            " stopped, stuck, or gets no processor time",
            "nothing of it is used; run again on a larger or quieter runner, and report it if the runner was idle",
        )

    def _lost(self) -> NotMeasured:
        try:
            code = self._popen.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:  # it closed its pipes and lives on
            self._popen.kill()
            code = self._popen.wait()
        return NotMeasured(
            f"the load worker ended with code {code} in the middle of a measurement",
            "nothing of it is used; run again, and report the lines above if it happens twice",
        )


def _folder() -> str | None:
    """A place for the files of a worker, its own; None on a machine that has no place."""
    try:
        name = tempfile.mkdtemp(prefix="gate-")
        if os.getuid() == 0:
            os.chown(name, NOBODY, NOBODY)
    except OSError:
        return None
    return name
