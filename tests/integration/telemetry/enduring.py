"""An application that is asked for long: it keeps what it should give back, slows down, or has tokens that end."""

from __future__ import annotations

import base64
import itertools
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIFE_S = float(os.environ.get("LIFE_S", "2"))
SLOWER_S = float(os.environ.get("SLOWER_S", "0"))
OPAQUE = os.environ.get("OPAQUE") == "1"
KEPT: list[object] = []
ENDS: dict[str, float] = {}
NUMBERS = itertools.count()
LOCK = threading.Lock()


def token() -> str:
    """A new one, known until it ends; a JSON web token says when."""
    now = time.time()
    claims = json.dumps({"iat": now, "exp": now + LIFE_S, "n": next(NUMBERS)}).encode()
    made = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"
    if OPAQUE:
        made = base64.urlsafe_b64encode(claims).decode().rstrip("=")
    ENDS[made] = time.monotonic() + LIFE_S
    return made


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._answer(200, json.dumps({"token": token()}).encode())

    def do_GET(self) -> None:
        status = 200
        with LOCK:
            number = next(NUMBERS)
            if self.path == "/kept" and number % 5 == 0 and len(KEPT) < 900:
                KEPT.append(os.open(os.devnull, os.O_RDONLY))
            if self.path == "/kept" and number % 100 == 0 and len(KEPT) < 900:
                import psycopg

                KEPT.append(psycopg.connect(os.environ["DATABASE_URL"]))
        if self.path == "/slower":
            time.sleep(0.004 + number * SLOWER_S)
        if self.path == "/me" and not ENDS.get(self.headers.get("X-Token", ""), 0.0) > time.monotonic():
            status = 401
        self._answer(status, b"ok")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
