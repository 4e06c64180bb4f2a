"""Text on the terminal or in a CI log, harmless and without secrets."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from gate.lines import safe_lines

if TYPE_CHECKING:
    from gate.config.environment import Redactor

_LONGEST_LINE = 20_000
LIVE_EVERY_S = 5.0
"""Between two lines of progress in a log."""


def lenient(stream: TextIO) -> TextIO:
    """The stream, writing what its encoding does not know as an escape: a terminal's alphabet is no bug."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


class StreamConsole:
    """Prints results on one stream and progress on another; on a terminal progress stays on one line."""

    def __init__(self, out: TextIO, err: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said_s = 0.0
        self._out = out
        self._err = err
        self._redactors: list[Redactor] = []
        self._line_open = False

    def hide(self, redactor: Redactor) -> None:
        """Keep these values out of everything printed from now on."""
        self._redactors.append(redactor)

    def say(self, text: str) -> None:
        """Progress; nobody has to read it."""
        line = self._clean(text)
        self._said_s = self._clock()
        with contextlib.suppress(BrokenPipeError):
            if self._err.isatty():
                self._err.write(f"\r\x1b[K{line}")
                self._line_open = True
            else:
                self._err.write(f"{line}\n")
            self._err.flush()

    def live(self, text: str) -> None:
        """How things stand: rewritten in place on a terminal, a line every few seconds in a log."""
        if self._err.isatty() or self._clock() - self._said_s >= LIVE_EVERY_S:
            self.say(text)

    def warn(self, text: str) -> None:
        """What must not be overlooked: a line that stays, on a terminal as well."""
        self._end_line()
        with contextlib.suppress(BrokenPipeError):
            self._err.write(f"{self._clean(text)}\n")
            self._err.flush()

    def show(self, text: str) -> None:
        """A result."""
        self._end_line()
        self._out.write("\n".join(self._clean(line) for line in text.split("\n")))
        self._out.flush()

    def problem(self, text: str) -> None:
        """Why the command ends badly."""
        self._end_line()
        self._err.write("\n".join(self._clean(line) for line in f"gate: {text}".split("\n")) + "\n")
        self._err.flush()

    def _end_line(self) -> None:
        if self._line_open:
            self._err.write("\r\x1b[K")
            self._line_open = False

    def _clean(self, line: str) -> str:
        for redactor in self._redactors:
            line = redactor.redact(line)
        # A CI runner reads commands from logs; control characters could also move a terminal's cursor.
        return "".join(safe_lines(line, _LONGEST_LINE))
