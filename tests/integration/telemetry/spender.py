"""A small application that spends most of its time in one function, and most of its memory in another."""

from __future__ import annotations

import ctypes
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEPT: list[object] = []
CACHED: dict[int, bytes] = {number: os.urandom(1000) for number in range(10_000)}
"""Taken before any load."""


def burn() -> int:
    total = 0
    for number in range(30_000):
        total += number * number
    return total


def keep_many_small() -> None:
    kept: list[dict[str, int]] = []
    for number in range(60):  # no comprehension, which is a function of its own before Python 3.12
        kept.append({"number": number})
    KEPT.append(kept)


def keep_one_large() -> None:
    KEPT.append(os.urandom(2_000))


def give_back() -> int:
    return len(os.urandom(500_000))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        burn()
        give_back()
        keep_one_large()
        keep_many_small()
        body = os.environ.get("ANSWER", "ok").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    if "undumpable" in sys.argv:
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: nobody without a right to may look into it
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
