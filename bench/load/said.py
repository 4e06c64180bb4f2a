"""What reading ``Server-Timing`` and sending trace context cost: processor time per request, with and without."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.load import ours
from bench.load.machine import say, spread
from bench.load.nginx import nginx
from gate.load.job import Segment
from gate.load.trace import prefix_of

COMMAND = "python -m bench.load --only said"
_REQUESTS, _USERS = 30_000, 50


def run(repeats: int) -> list[Figure]:
    """Microseconds of each, taking turns, and the ratios.

    Raises
    ------
    SystemExit
        If what was read is not what was said.
    """
    costs: dict[str, list[float]] = {"plain": [], "reading": [], "tracing": []}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with nginx(Path(folder)) as server:
            segment = ours.counted(f"{server.plain}said", _USERS, _REQUESTS)
            for number in range(repeats):
                for kind, values in costs.items():
                    trace = prefix_of("0123456789ab", number) if kind == "tracing" else ""
                    values.append(_cost_us(replace(segment, server_timing=kind == "reading", trace=trace)))
                shown = ", ".join(f"{kind} {values[-1]:.1f}" for kind, values in costs.items())
                say(f"said {number + 1}/{repeats}, µs: {shown}")
    return [
        _ratio("CPU per request when Server-Timing is read, over when it is not", costs["plain"], costs["reading"]),
        _ratio("CPU per request when trace context is sent, over when it is not", costs["plain"], costs["tracing"]),
    ]


def _ratio(what: str, without: list[float], having: list[float]) -> Figure:
    value, interval = spread([one / plain for plain, one in zip(without, having, strict=True)])
    peers = {"without, µs": round(median(without), 2), "with, µs": round(median(having), 2)}
    return Figure(what, value, "ratio", None, len(without), interval, COMMAND, peers=peers)


def _cost_us(segment: Segment) -> float:
    result = ours.drive(segment)
    page = result.lanes["page"]
    if page.server.looked and page.server.queries != {7: page.completed}:
        raise SystemExit(f"nginx says 7 queries in each of {page.completed} answers, read was {page.server.queries}")
    return 1e6 * result.cpu_s / page.completed
