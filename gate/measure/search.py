"""A search for the highest load that still meets an objective: which level to try next, and what was found. Pure.

Levels grow by a factor until one misses; then the gap between the last that met and the first that missed is halved on
a logarithmic scale. A level that missed once is tried a second time before it counts, for a single stall of the runner
is no limit of the preview. A level that the load generator could not make says nothing: there the search ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

GROWTH = 1.6
PRECISION = 1.1
"""The search ends when what missed is at most so many times what met."""
TRIES = 2
"""A level counts as missed after so many misses."""


@dataclass(frozen=True)
class Point:
    """One level as it was measured."""

    level: float
    """Requests per second, or users."""
    rate_rps: float
    """Answers per second, as expected; at a rate that was kept up, the level times what each arrival got."""
    p50_s: float
    p95_s: float
    error_ratio: float
    met: bool
    mean_s: float = math.nan
    errors: Mapping[str, int] = field(default_factory=dict)
    """By kind."""
    dropped: int = 0
    """Never sent; they are in the ratio."""


@dataclass(frozen=True)
class Found:
    """What a search came to."""

    capacity: float | None
    """The highest level that met the objective; None if not even the first did, or the search was cut short."""
    is_bounded: bool
    """False: no level missed, up to the limit of the search or of the generator: the capacity is at least this."""
    points: tuple[Point, ...]
    """In the order they were measured."""
    unmade: float | None = None
    """The level that the generator could not make, at which the search ended."""


class _Unmade(Exception):
    """The generator could not make a level."""

    def __init__(self, level: float) -> None:
        self.level = level


def search(start: float, limit: float, measure: Callable[[float], Point | None], *, whole: bool = False) -> Found:
    """Find the highest level in ``[start, limit]`` that meets the objective.

    Parameters
    ----------
    start, limit : float
        First level tried and highest level allowed; ``0 < start <= limit``.
    measure : callable
        Measures one level; None if the generator could not make it.
    whole : bool
        Levels are whole numbers (users).
    """
    points, held, missed = list[Point](), list[float](), list[float]()
    unmade = None

    def meets(level: float) -> bool:
        tried = list[Point]()
        for _ in range(TRIES):
            point = measure(level)
            tried += [] if point is None else [point]
            if point is not None and point.met:
                break
        is_met = any(point.met for point in tried)
        if len(tried) < TRIES and not is_met:
            raise _Unmade(level)
        points.extend(tried)
        (held if is_met else missed).append(level)
        return is_met

    try:
        for level in _growing(start, limit, whole=whole):
            if not meets(level):
                break
        if held and missed:
            _bisect(held[-1], missed[-1], meets, whole=whole)
    except _Unmade as stopped:
        unmade = stopped.level
    return Found(max(held, default=None), bool(missed), tuple(points), unmade)


def _growing(start: float, limit: float, *, whole: bool) -> Iterator[float]:
    level = start
    while level < limit:
        yield level
        level = max(level + 1, float(round(level * GROWTH))) if whole else level * GROWTH
    yield limit


def _bisect(met: float, missed: float, meets: Callable[[float], bool], *, whole: bool) -> None:
    while missed / met > PRECISION and not (whole and missed - met <= 1):
        middle = math.sqrt(met * missed)
        if whole:
            middle = float(min(max(round(middle), met + 1), missed - 1))
        if meets(middle):
            met = middle
        else:
            missed = middle
