"""The log of a job: what is printed, and the commands for the runner that stand in it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TextIO
from urllib.parse import quote

from gate.lines import safe_line, safe_lines

MAX_ANNOTATIONS = 10
"""Of each level; the runner drops what is beyond."""


class Log:
    """The log of the job: every line harmless, and the only place that writes commands for the runner.

    Parameters
    ----------
    stream : TextIO
        Standard output. A closed one loses lines, never the verdict.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._annotations: dict[str, int] = {}

    def print(self, text: str) -> None:
        """Write text, whoever worded it."""
        for line in safe_lines(text):
            self._write(line)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what is printed inside."""
        self._command("group", safe_line(title))
        try:
            yield
        finally:
            self._command("endgroup", "")

    def annotate(self, level: Literal["error", "warning", "notice"], title: str, message: str) -> None:
        """Put a message on the page of the run; beyond ten of a level it is only printed."""
        self._annotations[level] = self._annotations.get(level, 0) + 1
        if self._annotations[level] > MAX_ANNOTATIONS:
            self.print(f"{level}: {title}: {message}")
            return
        text = "\n".join(safe_lines(message))
        self._command(f"{level} title={_property(safe_line(title))}", text)

    def mask(self, secret: str) -> None:
        """Have the runner hide a secret, also in the forms it takes in URLs and headers."""
        forms = {secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()}
        for form in sorted(form for form in forms if form.strip()):
            self._command("add-mask", form)

    def _command(self, command: str, data: str) -> None:
        self._write(f"::{command}::{_data(data)}")

    def _write(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except UnicodeEncodeError:
            self._write(line.encode("ascii", "backslashreplace").decode("ascii"))
        except (OSError, ValueError):
            return


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
