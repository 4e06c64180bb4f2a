"""L6: what a client adds to a server's own times at 500 requests per second: quantile seen less quantile logged."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.load import ours, peers
from bench.load.machine import CLIENT_CORE, ending, say, spread, start
from bench.load.peers import Tool
from bench.load.server import Times, serving
from gate.load.histogram import Histogram

COMMAND = "python -m bench.load --only L6"
RATE_RPS, LENGTH_S = 500, 4.0
SERVERS = {"fixed 5 ms": Times(0.005), "log-normal, median 5 ms, sigma 0.5": Times(0.005, 0.5)}
JUDGED = {"p50": 0.5, "p99": 0.99}

Quantiles = dict[str, float]
Reader = Callable[[str], Quantiles]


def tools(url: str) -> dict[str, tuple[Tool, Reader]]:
    """Each at that rate; wrk knows no rate, and with three connections asks about as often."""
    length = f"{LENGTH_S:.0f}s"
    load = {"executor": "constant-arrival-rate", "rate": RATE_RPS, "duration": length, "preAllocatedVUs": 100}
    segment = ours.at_rate(url, RATE_RPS, LENGTH_S)
    return {
        "gate": (ours.tool(segment), _read_ours),
        "k6": (peers.k6(url, load), peers.read_k6),
        "hey": (Tool(["hey", "-z", length, "-c", "50", "-q", str(RATE_RPS // 50), url]), peers.read_hey),
        "wrk, 3 connections": (Tool(["wrk", "-t1", "-c3", f"-d{length}", "--latency", url]), peers.read_wrk),
    }


def run(repeats: int) -> list[Figure]:
    """A row for each kind of server and each quantile: ours less k6's."""
    return [row for kind, times in SERVERS.items() for row in _rows(kind, times, repeats)]


def _rows(kind: str, times: Times, repeats: int) -> list[Figure]:
    added: dict[str, list[Quantiles]] = {
        name: [] for name in peers.installed({n: t for n, (t, _) in tools("").items()})
    }
    for number in range(repeats):
        for name, values in added.items():
            values.append(_added(name, times))
        shown = "; ".join(
            f"{name} {1e3 * values[-1]['p50']:.2f} {1e3 * values[-1]['p99']:.2f}" for name, values in added.items()
        )
        say(f"added, {kind}, {number + 1}/{repeats}, ms at p50 and p99: {shown}")
    return [row for name in JUDGED for row in _judged(kind, name, added)]


def _added(name: str, times: Times) -> Quantiles:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), times, goes_first=True) as server:
        tool, read = tools(server.url)[name]
        with ending(start(tool.argv, CLIENT_CORE, env=tool.env, told=tool.told)) as process:
            report = process.communicate()[0]
        true = sorted(server.took_s())
    seen = read(report)
    return {name: seen[name] - true[math.ceil(q * len(true)) - 1] for name, q in JUDGED.items()}


def _judged(kind: str, name: str, added: dict[str, list[Quantiles]]) -> list[Figure]:
    rows = []
    medians = {who: round(1e3 * median(found[name] for found in values), 3) for who, values in added.items()}
    for who, values in added.items():
        value, interval = spread([1e3 * found[name] for found in values])
        text = f"added latency at {name}, {kind}: {who}"
        rows.append(Figure(text, value, "ms", None, len(values), interval, COMMAND))
    if "k6" in added:
        less = [1e3 * (mine[name] - its[name]) for mine, its in zip(added["gate"], added["k6"], strict=True)]
        value, interval = spread(less)
        text = f"added latency at {name}, {kind}: gate less k6"
        rows.append(Figure(text, value, "ms", "<= 0", len(less), interval, COMMAND, "L6", medians))
    return rows


def _read_ours(report: str) -> Quantiles:
    histogram = Histogram(ours.result_of(report).lanes["page"].histogram)
    return {name: histogram.quantile(q) for name, q in JUDGED.items()}
