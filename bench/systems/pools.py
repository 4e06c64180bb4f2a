"""Y1: the size of a pool, told from outside by the curve of throughput over users, beside the configured one."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure
from gate.cli import main

COMMAND = "python -m bench.systems pools"
SIZES = (5, 10, 20, 40)
WORK_S = 0.2
_MOST_WAITING = 5
"""Users for each place in the pool at the highest level."""
SUITE = """
suite: pooled
preview: {{ready: {{path: /, status: 200}}}}
endpoints: {{work: {{request: GET /, rate: 20/s}}}}
scenarios:
  most: {{load: {{find: max_users, until: "p95 <= {until_ms}ms", from: 1, limit: {limit}, for: 4s}}, mix: {{work: 1}}}}
policy: {{max_rate: 1000/s, budget: {{time: 30s}}}}
"""


def study() -> list[Figure]:
    """One row for each size."""
    return [_figure(size, _bottleneck(size)) for size in SIZES]


def _bottleneck(size: int) -> dict[str, float]:
    """Of a whole check of such a server: what its verdict says."""
    with tempfile.TemporaryDirectory() as place, pooled(size) as url:
        folder = Path(place)
        until_ms = 2 * _MOST_WAITING * WORK_S * 1000
        (folder / "gate.yml").write_text(SUITE.format(until_ms=f"{until_ms:.0f}", limit=_MOST_WAITING * size))
        main(["check", "--suite", str(folder / "gate.yml"), "--preview", url, "--out", str(folder / "out")])
        (found,) = json.loads((folder / "out" / "verdict.json").read_text())["assessment"]["bottlenecks"]
    return {name: value for name, value in found.items() if isinstance(value, float)}


def _figure(size: int, found: dict[str, float]) -> Figure:
    off = [abs(found[name] / size - 1) for name in ("served_lo", "served_hi") if name in found]
    return Figure(
        figure=f"pool of {size}: implied size {found['served_at_once']:.2f}, off by",
        value=100 * abs(found["served_at_once"] / size - 1),
        unit="%",
        goal="<= 10",
        n=1,
        interval=(0.0, 100 * max(off)) if off else None,
        command=COMMAND,
        id="Y1",
    )


@contextmanager
def pooled(size: int, work_s: float = WORK_S) -> Iterator[str]:
    """The address of a server with a pool of this size, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = int(place.getsockname()[1])
    command = [sys.executable, "-m", "bench.systems.pooled", str(port), str(size), str(work_s)]
    process = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")
