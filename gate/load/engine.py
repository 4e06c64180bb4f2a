"""The gate's side of the load worker: starts it, hands it segments, and notices when it dies."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from types import TracebackType
from typing import Self

from gate.errors import NotMeasured
from gate.load.job import Segment, SegmentResult, result_from_json, to_json


class Engine:
    """A load worker in a process of its own; use as a context manager.

    The worker starts with an empty environment in a session of its own: Ctrl-C reaches the gate, and the gate ends
    the worker.
    """

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "gate.load.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it died with a segment half written
                self._process.stdin.close()
        if kind is not None:
            self._process.kill()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    def run(self, segment: Segment) -> SegmentResult:
        """Drive one segment.

        Raises
        ------
        NotMeasured
            If the worker died; nothing of the segment may be used then.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise NotMeasured("the load worker has no pipes")
        try:
            stdin.write(to_json(segment) + "\n")
            stdin.flush()
        except BrokenPipeError:
            raise self._lost() from None
        line = stdout.readline()
        if not line.endswith("\n"):
            raise self._lost()
        return result_from_json(line)

    def _lost(self) -> NotMeasured:
        return NotMeasured(
            f"the load worker ended with code {self._process.wait(timeout=5)} in the middle of a measurement",
            "nothing of it is used; run again, and report the lines above if it happens twice",
        )
