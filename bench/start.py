"""How soon the gate answers: `gate --help`, and what `gate check` costs besides load and waiting.

``python -m bench.start``. Everything runs on loopback; about a minute.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from bench.figures import Figure, publish

COMMAND = "python -m bench.start"
SUITE = (
    """\
suite: start
endpoints:
"""
    + "".join(f"  e{n}: {{request: GET /e{n}, rate: 100/s, objectives: {{p95: 1s}}}}\n" for n in range(10))
    + """\
policy: {max_rate: 200/s, budget: {time: 9s}}
"""
)


class Quick(BaseHTTPRequestHandler):
    """Answers at once."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one packet

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def help_seconds(repeats: int = 15) -> list[float]:
    """Wall times of `gate --help`."""
    return sorted(_timed([sys.executable, "-m", "gate", "--help"]) for _ in range(repeats))


def overhead_seconds(folder: Path, repeats: int = 5) -> list[float]:
    """Wall time of `gate check` less what its run file says was spent waiting for the preview and under load."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quick)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "gate.yml").write_text(SUITE, encoding="utf-8")
    (folder / "none").mkdir()
    spent = []
    for number in range(repeats):
        out = folder / str(number)
        command = ["check", "--suite", str(folder / "gate.yml"), "--baselines", str(folder / "none"), "--out", str(out)]
        url = f"http://127.0.0.1:{server.server_address[1]}"
        wall = _timed([sys.executable, "-m", "gate", *command, "--preview", url])
        (record,) = (json.loads(path.read_text(encoding="utf-8"))["run"] for path in out.glob("run-*.json"))
        spent.append(wall - record["elapsed_s"] - record["ready_after_s"])
    server.shutdown()
    server.server_close()
    return sorted(spent)


def _timed(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> int:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as folder:
        helps, overheads = help_seconds(), overhead_seconds(Path(folder))
    figures = [
        Figure("gate --help, median", median(helps), "s", "<= 0.3", len(helps), (helps[0], helps[-1]), COMMAND, "S1"),
        Figure(
            "gate check besides load and waiting, 10 endpoints, median",
            median(overheads),
            "s",
            "<= 2",
            len(overheads),
            (overheads[0], overheads[-1]),
            COMMAND,
            "S2",
        ),
    ]
    return 0 if publish("start", figures) else 1


if __name__ == "__main__":
    sys.exit(main())
