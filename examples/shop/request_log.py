"""The server's own log: one JSON line per request, timed around the whole application."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ENDPOINT_KEY = "shop.endpoint"


class RequestLog:
    """WSGI middleware that appends a line to a file after each request.

    The application says which endpoint it was by setting `ENDPOINT_KEY` in the WSGI environment.
    """

    def __init__(self, application: WSGIApplication, path: Path) -> None:
        self._application = application
        # Workers share the file: with O_APPEND and one write per line, lines never mix.
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request and log it."""
        status = 0

        def note_status(
            line: str, headers: list[tuple[str, str]], error: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            nonlocal status
            status = int(line.split(" ", 1)[0])
            return start_response(line, headers, error)

        started = time.perf_counter()
        body = self._application(environ, note_status)
        duration = time.perf_counter() - started
        entry = {
            "at": round(time.time(), 3),
            "endpoint": environ.get(ENDPOINT_KEY, "unmatched"),
            "status": status,
            "duration_ms": round(duration * 1000, 3),
        }
        os.write(self._file, json.dumps(entry).encode() + b"\n")
        return body
