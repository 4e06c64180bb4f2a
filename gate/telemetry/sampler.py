"""Reads one source again and again in a thread of its own, while the load runs in other processes.

A source that hangs keeps nobody: its thread is left behind. What was read by then stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

from gate.telemetry.source import Findings, Unread, Watched, in_a_line
from gate.telemetry.timeline import Phase
from gate.telemetry.track import Track, Tracks

BEGIN_S, END_S = 20.0, 30.0
"""Patience with a source that begins, and with one that says what is known at the end."""
_HASTE_S = 0.1


class Sampler:
    """Samples one source until it is ended.

    Parameters
    ----------
    now_s : callable
        The clock of the run.
    phase : callable
        What the preview is loaded with now.
    """

    def __init__(
        self,
        watched: Watched,
        every_s: float,
        now_s: Callable[[], float] = time.monotonic,
        phase: Callable[[], Phase] = Phase,
    ) -> None:
        self._watched = watched
        self._every_s = every_s
        self._now_s = now_s
        self._phase = phase
        self._lock = threading.Lock()
        self._tracks = Tracks(watched.source)
        self._asked = 0
        self._failed = 0
        self._why = ""
        self._findings: Findings | None = None
        self._ending, self._begun, self._hasty = threading.Event(), threading.Event(), threading.Event()
        self._is_looking = True
        self._thread = threading.Thread(target=self._run, name=f"watch {watched.source}", daemon=True)

    def begin(self) -> None:
        """Start, and wait until it was read once, or failed to be, so that counters begin before the load."""
        self._thread.start()
        self._begun.wait(BEGIN_S)

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """Read nothing as long as the context lasts; a reading under way that fails meanwhile is none."""
        self._is_looking = False
        try:
            yield
        finally:
            self._is_looking = True

    def renew(self) -> None:
        """The preview was started anew."""
        self._watched.renew()

    def end(self, *, in_haste: bool = False) -> None:
        """Stop reading; in haste without asking for what is known at the end."""
        if in_haste:
            self._hasty.set()
        self._ending.set()
        if self._thread.ident is not None:  # a signal may have come before it was begun
            self._thread.join(_HASTE_S if in_haste else END_S)

    @property
    def tracks(self) -> dict[str, Track]:
        """What was read by now, with the instant in the middle of each reading; a copy, for reading may go on."""
        with self._lock:
            return deepcopy(self._tracks.found)

    @property
    def findings(self) -> Findings:
        """What is known at the end; nothing if it did not say so in time."""
        with self._lock:
            return self._findings or Findings()

    @property
    def unread(self) -> dict[str, str]:
        """Why it could not be read, by its name; empty if all went well."""
        with self._lock:
            if not self._begun.is_set():
                return {self._watched.source: "it did not answer in time"}
            if not self._why:
                return {}
            often = f" ({self._failed} of {self._asked} readings)" if self._tracks.found else ""
            return {self._watched.source: f"{self._why}{often}"}

    def _run(self) -> None:
        try:
            if self._attempt(self._watched.begin):
                self._begun.set()
                self._read_on()
                if not self._hasty.is_set():
                    self._attempt(self._finish)
        finally:
            self._begun.set()
            self._watched.close()

    def _read_on(self) -> None:
        """Absolute due times, so that a slow reading does not put off the others; what is overdue is left out."""
        due_s = time.monotonic()
        while not self._ending.is_set():
            if self._is_looking:
                self._attempt(self._sample)
            due_s += self._every_s
            late_s = time.monotonic() - due_s
            if late_s > 0:
                due_s += self._every_s * (1 + late_s // self._every_s)
            self._ending.wait(due_s - time.monotonic())

    def _sample(self) -> None:
        before_s, phase = self._now_s(), self._phase()
        values = self._watched.read()
        with self._lock:
            self._tracks.add((before_s + self._now_s()) / 2, values, phase)

    def _finish(self) -> None:
        findings = self._watched.end()
        with self._lock:
            self._findings = findings

    def _attempt(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except Unread as unread:
            why = unread.reason
        except Exception as error:  # what a server or a library may do; told, and never the end of a measurement
            why = in_a_line(f"{type(error).__name__}: {error}")
        else:
            why = ""
        if why and self._begun.is_set() and not self._is_looking:
            return False
        with self._lock:
            self._asked += 1
            self._failed += bool(why)
            self._why = self._why or why
        return not why
