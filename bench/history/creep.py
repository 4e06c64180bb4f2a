"""After how many merges a slow creep of one endpoint is told, and how often where nothing creeps.

One run of main is stored per merge, with a duet beside the deployment before; the release was measured three times. The
rule is that of ``gate history``: Holm over all rows, the margin inside the test, the tolerance on the estimate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench.decision.world import Floats, student
from bench.figures import Figure
from bench.history.points import COMMAND, Cell, share
from bench.history.worlds import ENDPOINTS, USUAL, histories, series_in
from gate.baseline.creep import Creep, creeping, row_creep
from gate.baseline.series import Series
from gate.stats.designs import MARGINS

BEFORE, RELEASE, MERGES, EVERY = 10, 3, 40, 2
"""Runs before the release, of it, after it; and merges between two looks."""
ANCHOR = tuple(range(BEFORE, BEFORE + RELEASE))
LEVEL, TOLERANCE = 0.01, 0.03
BLOCKS_SD = 0.0223
"""Of the effect of a duet of 20 blocks of 50 requests (bench/decision/world.py)."""
CREEPS = (0.005, 0.01, 0.02)
HARMLESS, CREEPING = 100, 30
NEVER = MERGES + 1


HINT = "cumulative sum, a hint"
WAYS = {
    "stored runs and duets beside the deployment before": (True, "kept"),
    "stored runs and duets of new deployments": (True, "fresh"),
    "stored runs alone": (True, None),
    "duets beside the deployment before alone": (False, "kept"),
    "duets of new deployments alone": (False, "fresh"),
    HINT: (True, None),
}
"""What a look goes by: whether by stored runs, and by which duets. ``kept``: the base of a duet is the very deployment
that was the candidate of the one before, so that deployments' own effects cancel."""
First = dict[str, int]
"""By way, merges at the first look that told."""


def cells(seed: int, scale: float) -> Iterator[Cell]:
    """Figures by a name of their own, with how to make them."""
    command = COMMAND.format(seed=seed)
    yield _cell("creep, none", max(2, round(scale * HARMLESS)), 0.0, command)
    for creep in CREEPS:
        yield _cell(f"creep, {creep:.1%} a merge", max(2, round(scale * CREEPING)), creep, command)


def _cell(name: str, count: int, creep: float, command: str) -> Cell:
    def measure(rng: np.random.Generator) -> list[Figure]:
        firsts = [_first_told(rng, creep) for _ in range(count)]
        figure = _found if creep else _false
        return [figure(way, creep, [first[way] for first in firsts], command) for way in WAYS]

    return name, measure


def _false(way: str, _creep: float, first: list[int], command: str) -> Figure:
    text = f"creep by {way}: suites of {ENDPOINTS} endpoints in which nothing creeps and one is told in {MERGES} merges"
    return share(text, [merges < NEVER for merges in first], command, "<= 0.02" if way != HINT else None)


def _found(way: str, creep: float, first: list[int], command: str) -> Figure:
    text = f"creep by {way}: merges until +{creep:.1%} a merge of one endpoint is told, median ({NEVER}: never)"
    low, high = (float(np.quantile(first, q, method="inverted_cdf")) for q in (0.1, 0.9))
    return Figure(text, float(np.median(first)), "merges", None, len(first), (low, high), command)


def _first_told(rng: np.random.Generator, creep: float) -> First:
    """When each way first told the endpoint that creeps; any endpoint, if none does."""
    values = histories(rng, USUAL, BEFORE + RELEASE + MERGES, 1)[0, ..., 0]
    values[0, BEFORE + RELEASE :] += math.log1p(creep) * np.arange(1, MERGES + 1)
    duets = {kind: _effects(rng, creep, is_kept=kind == "kept") for kind in ("kept", "fresh")}
    first = dict.fromkeys(WAYS, NEVER)
    for merges in range(EVERY, MERGES + 1, EVERY):
        series = series_in(values[:, : BEFORE + RELEASE + merges])
        rows = {kind: _rows(series, effects[:, :merges]) for kind, effects in duets.items()}
        for way in (way for way in WAYS if first[way] == NEVER):
            told = _told(way, rows)
            if 0 in told if creep else told:
                first[way] = merges
        if creep and max(first.values()) < NEVER:
            break
    return first


def _rows(series: list[Series], effects: Floats) -> list[Creep]:
    return [row_creep(one, ANCHOR, effects[int(one.endpoint)], list(effects)) for one in series]


def _told(way: str, rows: dict[str, list[Creep]]) -> set[int]:
    by_stored, duets = WAYS[way]
    seen = rows[duets or "kept"]
    if way == HINT:
        return {int(row.endpoint) for row in seen if row.hint}
    none = ({} if by_stored else {"stored": None}) | ({} if duets else {"duets": None})
    judged = tuple(replace(row, **none) for row in seen)
    return {int(name) for name, _ in creeping(judged, MARGINS["stored"], lambda _name, _metric: TOLERANCE, LEVEL)}


def _effects(rng: np.random.Generator, creep: float, *, is_kept: bool) -> Floats:
    """What duets of a merge with the one before measure, shape (endpoints, merges)."""
    sd, tails = USUAL.noise.deployment[0], USUAL.noise.tails
    after = student(rng, sd, tails, (ENDPOINTS, MERGES + 1))
    before = after if is_kept else student(rng, sd, tails, (ENDPOINTS, MERGES + 1))
    effects = rng.normal(0, BLOCKS_SD, (ENDPOINTS, MERGES)) + after[:, 1:] - before[:, :-1]
    effects[0] += math.log1p(creep)
    return np.asarray(effects)
