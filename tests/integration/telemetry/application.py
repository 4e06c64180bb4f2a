"""A small application that tells Prometheus of its memory: one path leaks 1 kB a request, one fills a bounded cache."""

from __future__ import annotations

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CACHED = 2_000
LEAKED: list[bytes] = []
CACHE: dict[int, bytes] = {}
ANSWERED = [0]
LOCK = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        with LOCK:
            ANSWERED[0] += 1
            number = ANSWERED[0]
            if self.path == "/leak":
                LEAKED.append(os.urandom(1000))
            elif self.path == "/cache":
                CACHE[number % CACHED] = os.urandom(1000)
        if self.path == "/die":
            os._exit(3)
        body = metrics() if self.path == "/metrics" else os.environ.get("ANSWER", "ok").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if "traceparent" in self.headers:
            self.send_header("X-Trace", self.headers["traceparent"])
            if (log := os.environ.get("TRACES")) is not None and self.path != "/metrics":
                with LOCK, Path(log).open("a") as file:
                    file.write(self.headers["traceparent"] + " " + self.headers.get("tracestate", "") + "\n")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def metrics() -> bytes:
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return (
        "# TYPE process_resident_memory_bytes gauge\n"
        f"process_resident_memory_bytes {resident}\n"
        "# TYPE pool_wait_seconds summary\n"
        f'pool_wait_seconds_sum{{pool="main"}} {ANSWERED[0] * 0.002}\n'
        f'pool_size{{pool="main"}} 20\npool_in_use{{pool="main"}} 7\n'
        f"requests_total {ANSWERED[0]}\n"
    ).encode()


if __name__ == "__main__":
    sys.stdout.write(f"application with {sys.argv[1:]}\n")
    sys.stdout.flush()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
