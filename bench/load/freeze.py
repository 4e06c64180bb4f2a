"""L5: who sees that a server stops for two seconds in the middle of ten, at 100 requests per second.

The truth follows from the schedule alone: an arrival in the freeze waits for what is left of it, and is then served
like any other.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.load import ours, peers
from bench.load.machine import CLIENT_CORE, ending, say, spread, start
from bench.load.peers import QUANTILES, Tool
from bench.load.server import Freeze, Running, Times, serving
from gate.load.arrivals import Spacing, arrivals, constant
from gate.load.histogram import Histogram

COMMAND = "python -m bench.load --only L5"
RATE_RPS, LENGTH_S = 100.0, 10.0
FREEZE = Freeze(at_s=4.0, for_s=2.0)
TIMES = Times(0.010)
SPACINGS: tuple[Spacing, ...] = ("even", "poisson")
SHOWN = ("p50", "p90", "p99")
"""Quantiles that every peer reports."""

Quantiles = dict[str, float]


def truth(dues: Sequence[float]) -> Quantiles:
    """True latencies by quantile (nearest rank), in seconds; the freeze is counted from the first arrival."""
    begin = dues[0] + FREEZE.at_s
    end = begin + FREEZE.for_s
    true = sorted(_true_s(due, begin, end) for due in dues)
    return {name: true[math.ceil(q * len(true)) - 1] for name, q in QUANTILES.items()}


def _true_s(due: float, begin: float, end: float) -> float:
    if begin <= due < end:
        return end - due + TIMES.median_s
    is_caught = due < begin < due + TIMES.median_s
    return end - due if is_caught else TIMES.median_s


def tools(url: str) -> dict[str, tuple[Tool, Callable[[str], Quantiles]]]:
    """Each peer at 100 requests per second as far as it can be told so, with the reader of its report."""
    open_rate = {"executor": "constant-arrival-rate", "rate": int(RATE_RPS), "duration": f"{LENGTH_S:.0f}s"}
    users = {"executor": "constant-vus", "vus": 10, "duration": f"{LENGTH_S:.0f}s"}
    length = f"{LENGTH_S:.0f}s"
    return {
        "k6 arrival rate, 250 VUs": (peers.k6(url, {**open_rate, "preAllocatedVUs": 250}), peers.read_k6),
        "k6 arrival rate, 10 VUs": (peers.k6(url, {**open_rate, "preAllocatedVUs": 10}), peers.read_k6),
        "k6 10 VUs, paced": (peers.k6(url, users, pace_s=0.1), peers.read_k6),
        "Locust 10 x constant_throughput(10)": (peers.locust(url, 10, LENGTH_S, 10.0), peers.read_locust),
        "hey -c 10 -q 10": (Tool(["hey", "-z", length, "-c", "10", "-q", "10", url]), peers.read_hey),
        "wrk -c 10, no rate": (Tool(["wrk", "-t1", "-c10", f"-d{length}", "--latency", url]), peers.read_wrk),
    }


def run(repeats: int) -> list[Figure]:
    """Ours with even and Poisson arrivals, and the peers beside it."""
    errors: dict[tuple[Spacing, str], list[float]] = {(s, name): [] for s in SPACINGS for name in QUANTILES}
    seen: dict[str, list[Quantiles]] = {}
    for number in range(repeats):
        for spacing in SPACINGS:
            dues = list(arrivals(constant(RATE_RPS, LENGTH_S), number, spacing=spacing))
            true, found = truth(dues), _ours(spacing, number)
            seen.setdefault(f"true, {spacing}", []).append(true)
            seen.setdefault(f"gate, {spacing}", []).append(found)
            for name in QUANTILES:
                errors[spacing, name].append(abs(found[name] / true[name] - 1))
        for name, found in _peers().items():
            seen.setdefault(name, []).append(found)
        shown = "; ".join(f"{name} p95 {1e3 * values[-1].get('p95', math.nan):.0f}" for name, values in seen.items())
        say(f"freeze {number + 1}/{repeats}, ms: {shown}")
    rows = [_row(spacing, name, values, seen) for (spacing, name), values in errors.items()]
    return [*rows, *(_peer_row(who, name, values) for who, values in seen.items() for name in SHOWN)]


def _ours(spacing: Spacing, seed: int) -> Quantiles:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), TIMES, FREEZE) as server:
        page = ours.drive(ours.at_rate(server.url, RATE_RPS, LENGTH_S, spacing, seed)).lanes["page"]
    return {name: Histogram(page.histogram).quantile(q) for name, q in QUANTILES.items()}


def _peers() -> dict[str, Quantiles]:
    """All at the same time, each against a server of its own: none takes more than a little of its core."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers: dict[str, Running] = {}
        readers: dict[str, Callable[[str], Quantiles]] = {}
        running = {}
        for name in peers.installed({name: tool for name, (tool, _) in tools("").items()}):
            servers[name] = stack.enter_context(serving(Path(folder), TIMES, FREEZE))
            tool, readers[name] = tools(servers[name].url)[name]
            running[name] = stack.enter_context(ending(start(tool.argv, CLIENT_CORE, env=tool.env)))
        return {name: readers[name](process.communicate()[0]) for name, process in running.items()}


def _row(spacing: Spacing, name: str, errors: list[float], seen: dict[str, list[Quantiles]]) -> Figure:
    value, interval = spread(errors)
    shown = {
        who: round(1e3 * median(found[name] for found in values), 2)
        for who, values in seen.items()
        if name in values[0] and (spacing == "even" or who.endswith("poisson")) and not who.endswith(_other(spacing))
    }
    text = f"freeze of 2 s, {spacing} arrivals: relative error of {name} (peers in ms)"
    return Figure(text, value, "ratio", "<= 0.05", len(errors), interval, COMMAND, "L5", shown)


def _peer_row(who: str, name: str, values: list[Quantiles]) -> Figure:
    value, interval = spread([1e3 * found[name] for found in values])
    return Figure(f"freeze of 2 s: {name}, {who}", value, "ms", None, len(values), interval, COMMAND)


def _other(spacing: Spacing) -> str:
    return ", poisson" if spacing == "even" else ", even"
