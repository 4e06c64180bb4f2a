"""Whether a server that a replay blocked stayed slower: then it had changed, whatever its version says."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from bench.decision.fastify import HistoryRun
from bench.decision.stored_replay import Case
from bench.decision.world import Floats
from gate.stats.stored import compare_stored

LATER = 6
"""Runs after the last one that was judged."""
LEAST_LATER = 3
LEAST_SHARE = 0.5
"""Of the change that was blocked."""


def lasts(history: Sequence[HistoryRun], case: Case, server: str) -> bool:
    """Whether most of the change is still there in the runs that come next, as long as the version is the same.

    Of too few such runs nothing is known, which counts as no.
    """
    begin = history.index(case.candidates[-1]) + 1
    version = case.candidates[0].version[server]
    later = [run for run in history[begin : begin + LATER] if run.version.get(server) == version]
    names = sorted(case.candidates[0].latency_s)
    old = log_table(names, case.stored)

    def effect(run: HistoryRun) -> float:
        rows = compare_stored(old[:, np.newaxis], log_table(names, [run])[:, np.newaxis]).rows
        return float(rows.effect[names.index(server), 0])

    if len(later) < LEAST_LATER:
        return False
    return median(map(effect, later)) >= LEAST_SHARE * effect(case.candidates[0])


def log_table(names: Sequence[str], runs: Sequence[HistoryRun]) -> Floats:
    """Log latency by server and run, NaN where there is none."""
    return np.log([[run.latency_s.get(name, np.nan) for run in runs] for name in names])
