"""How often a lasting change is found, how soon, how often where there is none, and how well its size is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from bench.figures import Figure
from bench.history.rivals import e_divisive, hunter, rank_split
from bench.history.worlds import ENDPOINTS, METRICS, USUAL, WORLDS, World, histories, own_values, series_in
from gate.baseline.series import Series
from gate.stats.changepoints import change_points, noise_sd

BEFORE = 20
STEPS = (0.05, 0.10, 0.20)
NEAR = 1
"""Runs by which a change may be misplaced and still count as found."""
Found = Callable[[np.ndarray, Sequence[int]], list[tuple[int, ...]]]
"""Changes of some endpoints in one history of one metric, shape (endpoints, runs)."""
COMMAND = "python -m bench.history --seed {seed}"


@dataclass(frozen=True)
class Method:
    """One way to find changes."""

    name: str
    find: Found
    histories: int
    """Of twenty endpoints, per cell."""


def _ours(values: np.ndarray, rows: Sequence[int]) -> list[tuple[int, ...]]:
    made = series_in(values)
    return [tuple(change.run for change in made[row].changes) for row in rows]


def _rival(find: Callable[[np.ndarray], tuple[int, ...]]) -> Found:
    def chosen(values: np.ndarray, rows: Sequence[int]) -> list[tuple[int, ...]]:
        own = own_values(values)
        return [find(own[row]) for row in rows]

    return chosen


METHODS = (
    Method("bounded loss, penalty 20", _ours, 100),
    Method("Hunter, p 0.0001", _rival(lambda row: hunter(row, 1e-4)), 50),
    Method("E-divisive, 499 permutations, p 0.002", _rival(lambda row: e_divisive(row, 0.002)), 50),
    Method("ranks, p 0.001", _rival(lambda row: rank_split(row, 1e-3)), 50),
)
SHIPPED = METHODS[0]


def _as_published(values: np.ndarray, rows: Sequence[int]) -> list[tuple[int, ...]]:
    own = own_values(values)
    return [change_points(own[row], noise_sd(own[row]), 2 * math.log(own.shape[1])) for row in rows]


PUBLISHED = Method("bounded loss, penalty 2 log n, each row's own spread (as published)", _as_published, 100)
Cell = tuple[str, Callable[[np.random.Generator], list[Figure]]]


def cells(seed: int, scale: float) -> Iterator[Cell]:
    """Every figure of the study by a name of its own, with how to make it."""
    command = COMMAND.format(seed=seed)
    for method in METHODS:
        count = max(2, round(scale * method.histories))
        for runs in (10, 30, 60):
            yield _false(method, USUAL, runs, count, command)
        for world in WORLDS[1:]:
            yield _false(method, world, 30, count, command)
        for step in STEPS:
            for after in (3, 5, 10):
                yield _power(method, USUAL, step, after, 2 * count, command)
        yield _power(method, WORLDS[2], 0.10, 5, 2 * count, command)
    count = max(2, round(scale * SHIPPED.histories))
    yield _false(SHIPPED, USUAL, 200, max(2, count // 4), command)
    yield _false(SHIPPED, USUAL, 30, count, command, metric="p95")
    for endpoints in (1, 3, 5):
        yield _false(SHIPPED, USUAL, 30, count * ENDPOINTS // endpoints // 2, command, endpoints=endpoints)
    for step in (0.10, 0.20):
        yield _power(SHIPPED, USUAL, step, 5, 2 * count, command, metric="p95")
    yield _coverage(count, command)
    yield _false(PUBLISHED, USUAL, 30, count, command)


def _false(
    method: Method,
    world: World,
    runs: int,
    count: int,
    command: str,
    metric: str = "p50",
    endpoints: int = ENDPOINTS,
) -> Cell:
    few = "" if endpoints == ENDPOINTS else f", {endpoints} endpoint{'s' if endpoints > 1 else ''}"
    text = f"{method.name}: {runs} runs of one row ({metric}{few}), nothing changed, and a change is told, {world.name}"

    def measure(rng: np.random.Generator) -> list[Figure]:
        values = histories(rng, world, runs, count, endpoints)[..., METRICS[metric]]
        found = [bool(changes) for history in values for changes in method.find(history, range(endpoints))]
        is_goal = method is SHIPPED and world is USUAL and endpoints > 1
        return [share(text, found, command, "<= 0.005" if is_goal else None)]

    return text, measure


def _power(
    method: Method, world: World, step: float, after: int, count: int, command: str, metric: str = "p50"
) -> Cell:
    text = f"{method.name}: a step of {step:.0%} ({metric}) that is found with {after} runs after it, {world.name}"

    def measure(rng: np.random.Generator) -> list[Figure]:
        values = histories(rng, world, BEFORE + after, count)[..., METRICS[metric]]
        moved = rng.integers(ENDPOINTS, size=count)
        values[np.arange(count), moved, BEFORE:] += math.log1p(step)
        found = [
            any(abs(change - BEFORE) <= NEAR for change in method.find(history, [row])[0])
            for history, row in zip(values, moved, strict=True)
        ]
        return [share(text, found, command, None)]

    return text, measure


def _coverage(count: int, command: str) -> Cell:
    text = f"{SHIPPED.name}: true size inside its 90 % interval, steps of 10 % that were found after 10 runs"

    def measure(rng: np.random.Generator) -> list[Figure]:
        values = histories(rng, USUAL, BEFORE + 10, 2 * count)[..., METRICS["p50"]]
        moved = rng.integers(ENDPOINTS, size=len(values))
        values[np.arange(len(values)), moved, BEFORE:] += math.log1p(0.10)
        inside = [
            covered
            for history, row in zip(values, moved, strict=True)
            for covered in _covers(series_in(history)[row], math.log1p(0.10))
        ]
        return [share(text, inside, command, ">= 0.85")]

    return text, measure


def _covers(series: Series, truth: float) -> list[bool]:
    """Whether the interval of the change that was made holds its true size; nothing if it was not found."""
    sizes = [change.size for change in series.changes if abs(change.run - BEFORE) <= NEAR]
    return [low <= truth <= high for low, high in (size.interval() for size in sizes)]


def share(text: str, found: list[bool], command: str, goal: str | None) -> Figure:
    """A share with its 95 % Clopper-Pearson interval."""
    x, n = sum(found), len(found)
    low = 0.0 if x == 0 else float(betaincinv(x, n - x + 1, 0.025))
    high = 1.0 if x == n else float(betaincinv(x + 1, n - x, 0.975))
    return Figure(text, x / n, "share", goal, n, (round(low, 5), round(high, 5)), command)
