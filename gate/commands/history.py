"""`gate history`: how every row of main developed, from stored runs alone. It never judges."""

from __future__ import annotations

import math
from functools import partial

from gate.baseline.creep import creep_since, creeping, find_anchor
from gate.baseline.history import APPLICATION, by_environment, history_of
from gate.baseline.store import Store
from gate.baseline.window import read_window
from gate.commands.effects import Effects
from gate.commands.outputs import pretty
from gate.config.suite import Suite
from gate.errors import ExitCode, UsageError
from gate.record.run import Run
from gate.report.history import HistoryClass, HistoryFile, class_of
from gate.report.history_text import history_text
from gate.stats.designs import MARGINS

_WINDOW = 67
"""Of the store: three times as many runs are read, about 200."""
_MOST_NAMED = 5
_SHORT = 12


def run(suite: Suite, store: Store, effects: Effects, *, anchor: str | None, as_json: bool) -> ExitCode:
    """Read the stored runs and tell, for each environment class, levels, changes and what came since the anchor.

    Raises
    ------
    BaselineError
        If a stored run cannot be read.
    UsageError
        If the anchor names no commit of the stored runs, or several.
    """
    runs = read_window(store, suite.name, max(_WINDOW, math.ceil(suite.baselines.window)))
    if anchor is not None and runs:
        _check_anchor(runs, anchor)
    file = HistoryFile(
        tool=effects.tool,
        suite=suite.name,
        anchor=anchor,
        classes=[_class(suite, of_class, anchor) for of_class in by_environment(runs).values()],
    )
    effects.console.show(pretty(file).decode() if as_json else history_text(file))
    return ExitCode.APPROVED


def _check_anchor(runs: list[Run], anchor: str) -> None:
    commits = {runs[index].commit for index in find_anchor(runs, anchor)}
    if len(commits) != 1:
        seen = f"{len(commits)} commits" if commits else "no commit"
        raise UsageError(f"{anchor!r} is {seen} of the stored runs", f"stored are, newest first: {_commits(runs)}")


def _class(suite: Suite, runs: tuple[Run, ...], anchor: str | None) -> HistoryClass:
    history = history_of(runs)
    at = find_anchor(runs, anchor) if anchor is not None else ()
    if not at:
        return class_of(suite.name, history)
    creeps = creep_since(history, at)
    tolerance_of = partial(_tolerance, suite)
    told = creeping(creeps, MARGINS["stored"], tolerance_of, suite.policy.false_block_rate)
    return class_of(suite.name, history, at, creeps, told)


def _tolerance(suite: Suite, endpoint: str, metric: str) -> float:
    """The suite's; that of all endpoints for what they share, and for endpoints that it no longer has."""
    if endpoint == APPLICATION or endpoint not in suite.endpoints:
        return suite.tolerance_of_all(metric)
    return suite.tolerance_of(endpoint, metric)


def _commits(runs: list[Run]) -> str:
    known = dict.fromkeys(run.commit[:_SHORT] for run in reversed(runs) if run.commit is not None)
    return ", ".join(list(known)[:_MOST_NAMED]) or "none of a known commit"
