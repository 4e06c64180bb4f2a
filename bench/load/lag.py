"""L7: how late requests are sent, and that a rate the generator cannot keep is said so, not measured."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bench.figures import Figure
from bench.load import ours
from bench.load.machine import CLIENT_CORE, say, spread
from bench.load.nginx import nginx
from gate.load.engine import Engine
from gate.load.health import busy_complaints, complaints, health_of, late_complaints
from gate.load.histogram import Histogram

COMMAND = "python -m bench.load --only L7"
RATES_RPS = (500, 2000, 5000)
LENGTH_S = 3.0
BEYOND = 1.5
"""Times what one worker can do at most."""
BEYOND_S = 1.0


def run(repeats: int) -> list[Figure]:
    """A row for each rate, and one for a rate beyond what a worker can do."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with nginx(Path(folder)) as server:
            return [*_lags(server.plain, repeats), _beyond(server.plain, repeats)]


def _lags(url: str, repeats: int) -> list[Figure]:
    lags: dict[int, list[float]] = {rate: [] for rate in RATES_RPS}
    for number in range(repeats):
        for rate, values in lags.items():
            result = ours.drive(ours.at_rate(url, rate, LENGTH_S, "poisson", number))
            values.append(1e3 * Histogram(result.lag).quantile(0.99))
        say(f"lag {number + 1}/{repeats}, p99 in ms: {', '.join(f'{r}/s {v[-1]:.3f}' for r, v in lags.items())}")
    rows = []
    for rate, values in lags.items():
        value, interval = spread(values)
        rows.append(Figure(f"send lag p99 at {rate}/s", value, "ms", "<= 0.2", len(values), interval, COMMAND, "L7"))
    return rows


def _beyond(url: str, repeats: int) -> Figure:
    """Runs at more than a worker can send, with the check before the load left out: how many are declared."""
    declared = 0
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {CLIENT_CORE})  # the worker inherits it
    try:
        with Engine() as engine:
            rate = BEYOND * engine.capacity_rps()
            for seed in range(repeats):
                result = engine.run(ours.at_rate(url, rate, BEYOND_S, "poisson", seed))
                notices = complaints(health_of([result], 0, 0), 1)
                notices += busy_complaints("beyond", result) + late_complaints("beyond", result)
                say(f"{rate:.0f}/s: {', '.join(notice.code for notice in notices) or 'no complaint'}")
                declared += bool(notices)
    finally:
        os.sched_setaffinity(0, own)
    text = f"runs at {BEYOND:g} times a worker's capacity that are declared not measured"
    return Figure(text, declared / repeats, "ratio", "== 1", repeats, None, COMMAND, "L7")
