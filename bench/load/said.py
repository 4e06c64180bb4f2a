"""What reading ``Server-Timing`` costs: processor time of a worker per request, with it and without."""

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

COMMAND = "python -m bench.load --only said"
_REQUESTS, _USERS = 30_000, 50


def run(repeats: int) -> list[Figure]:
    """Microseconds of each, taking turns, and the ratio.

    Raises
    ------
    SystemExit
        If what was read is not what was said.
    """
    costs: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with nginx(Path(folder)) as server:
            segment = ours.counted(f"{server.plain}said", _USERS, _REQUESTS)
            for number in range(repeats):
                for reads, values in costs.items():
                    values.append(_cost_us(replace(segment, server_timing=reads)))
                shown = ", ".join(f"{values[-1]:.1f}" for values in costs.values())
                say(f"said {number + 1}/{repeats}, µs without and with reading: {shown}")
    value, interval = spread([read / plain for plain, read in zip(*costs.values(), strict=True)])
    peers = {"without, µs": round(median(costs[False]), 2), "with, µs": round(median(costs[True]), 2)}
    what = "CPU per request when Server-Timing is read, over when it is not"
    return [Figure(what, value, "ratio", None, repeats, interval, COMMAND, peers=peers)]


def _cost_us(segment: Segment) -> float:
    result = ours.drive(segment)
    page = result.lanes["page"]
    if page.server.looked and page.server.queries != {7: page.completed}:
        raise SystemExit(f"nginx says 7 queries in each of {page.completed} answers, read was {page.server.queries}")
    return 1e6 * result.cpu_s / page.completed
