"""What a program says, kept in a file of bounded size, with its last lines at hand."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path
from typing import IO

MOST_BYTES = 5_000_000
"""Of the file; what comes after it is read and forgotten, so that the program never waits for a reader."""
_LAST_LINES, _LONGEST_LINE = 12, 300


class Output:
    """Reads a pipe to its end in a thread of its own.

    Parameters
    ----------
    file : Path
        Made anew; several programs one after the other may be given the same, which then goes on.
    """

    def __init__(self, pipe: IO[bytes], file: Path, *, goes_on: bool = False) -> None:
        self._pipe = pipe
        self._file = file.open("ab" if goes_on else "wb")
        self._left = MOST_BYTES - self._file.tell()
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._thread = threading.Thread(target=self._read, name="output of the preview", daemon=True)
        self._thread.start()

    def last(self, patience_s: float = 1.0) -> str:
        """The last lines, as one text; waits for what is still in the pipe, but not for long."""
        self._thread.join(patience_s)
        return "\n".join(self._last)

    def _read(self) -> None:
        with self._file, self._pipe:
            for line in iter(lambda: self._pipe.readline(65536), b""):
                self._keep(line)

    def _keep(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            self._last.append("".join(c if c.isprintable() else " " for c in text)[:_LONGEST_LINE])
        if self._left > 0:
            self._file.write(line[: self._left])
            self._file.flush()
            self._left -= len(line)
