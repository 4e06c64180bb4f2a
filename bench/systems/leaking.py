"""An application that keeps a given number of bytes of every request: for ever, or of the last few thousand.

``PORT=8000 python leaking.py 1000 [MOST]``; tells Prometheus of its memory at ``/metrics``.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SIZE, MOST = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None
KEPT: deque[bytes] = deque(maxlen=MOST)


class Handler(BaseHTTPRequestHandler):
    """Answers anything; keeps what it was told to keep."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer."""
        body = b"ok"
        if self.path == "/metrics":
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            body = f"process_resident_memory_bytes {resident}\n".encode()
        elif SIZE:
            KEPT.append(os.urandom(SIZE))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
