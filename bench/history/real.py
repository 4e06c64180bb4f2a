"""Change points in a real history of five years (bench/data): HTTP servers on hosted machines, mean latency per run.

Nothing in it is labelled, so nothing is right or wrong: machines and runtimes changed as well as servers. Where the
version of a server stayed the same over thirty runs and a change is told, it is one of these, or a false one. Told
together with many others in one run it is one of the machine.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from bench.decision.fastify import HistoryRun, read_history
from bench.figures import Figure
from bench.history.points import COMMAND, Cell, share
from gate.baseline.series import common_variance, levels_of, series_of
from gate.stats.shared import separate

RUNS, LEAST = 30, 20
"""Runs of a stretch, and values that a server must have in it."""
TOGETHER = 3
"""Rows that change in one run from which the machine is behind it."""


def cells(seed: int, _scale: float) -> Iterator[Cell]:
    """One cell with all figures of the real history."""
    command = COMMAND.format(seed=seed)

    def measure(_rng: np.random.Generator) -> list[Figure]:
        runs = read_history()
        stretches = [runs[begin : begin + RUNS] for begin in range(0, len(runs) - RUNS + 1, RUNS)]
        seen = [row for stretch in stretches for row in _rows(stretch)]
        same = [bool(changes) for is_same, changes, _ in seen if is_same]
        alone = [bool(changes - together) for is_same, changes, together in seen if is_same]
        what = f"real history, stretches of {RUNS} runs of a server whose version stayed the same"
        return [
            share(f"{what}: a change is told", same, command, None),
            share(f"{what}: a change is told and not of {TOGETHER} servers in one run", alone, command, None),
        ]

    yield "real history", measure


def _rows(stretch: list[HistoryRun]) -> list[tuple[bool, set[int], set[int]]]:
    """By server: whether its version stayed, the runs at which it changed, and those at which several did."""
    names = sorted({name for run in stretch for name in run.latency_s})
    values = np.array(
        [[math.log(run.latency_s[name]) if name in run.latency_s else math.nan for run in stretch] for name in names]
    )
    names = [name for name, row in zip(names, values, strict=True) if np.isfinite(row).sum() >= LEAST]
    own = separate(values[np.isfinite(values).sum(axis=1) >= LEAST], levels_of).own
    prior = common_variance(own)
    found = {}
    for name, row in zip(names, own, strict=True):
        series = series_of(name, "p50", row, prior, ())
        found[name] = {change.run for change in series.changes} if series is not None else set()
    often = Counter(at for changes in found.values() for at in changes)
    together = {at for at, count in often.items() if count >= TOGETHER}
    versions = {name: {run.version[name] for run in stretch if name in run.version} for name in names}
    return [(len(versions[name]) == 1, changes, together) for name, changes in found.items()]
