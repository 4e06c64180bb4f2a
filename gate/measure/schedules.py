"""From the load patterns of the suite to schedules of the engine. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Literal

from gate.config.hours import Hours
from gate.config.loads import HOLD_S, Load
from gate.load.arrivals import Stage
from gate.load.job import Schedule

_Shape = Literal["steps", "ramp", "day"]
_PIECES = 16
"""Straight pieces between two levels of a day: at most 0.25 % of their distance beside the curve."""


def schedule_of(load: Load, seed: int) -> Schedule:
    """When requests of a load are due."""
    if load.count is not None:
        return Schedule(users=load.concurrent or 1, count=load.count, seed=seed)
    think_s = load.think_s or 0.0
    if load.find is not None:
        level, hold_s = load.levels[0], load.for_s or HOLD_S
        if load.is_open:
            return Schedule(level, think_s=think_s, for_s=hold_s, seed=seed, spacing=load.spacing)
        return Schedule(users=int(level), think_s=think_s, for_s=hold_s, seed=seed)
    if load.is_constant:
        users = None if load.users is None else load.users[0]
        return Schedule(load.rate_rps, users, think_s, for_s=load.for_s, seed=seed, spacing=load.spacing)
    return Schedule(
        think_s=think_s,
        seed=seed,
        stages=stages_of(load),
        stages_of="rate" if load.is_open else "users",
        spacing=load.spacing,
    )


def stages_of(load: Load) -> tuple[Stage, ...]:
    """The level of a load over time, as straight pieces that last ``for`` together."""
    levels, for_s = load.levels, load.for_s or 0.0
    if load.hours is not None:
        return tuple(_day(load.hours, for_s, load.shape))
    if load.ramp_s is not None:
        rest_s = for_s - load.ramp_s
        grown = Stage(0.0, levels[0], load.ramp_s)
        return (grown, Stage(levels[0], levels[0], rest_s)) if rest_s > 0 else (grown,)
    if load.shape == "steps":
        return tuple(Stage(level, level, for_s / len(levels)) for level in levels)
    each_s = for_s / (len(levels) - 1)
    return tuple(piece for start, end in itertools.pairwise(levels) for piece in _curve(start, end, each_s, load.shape))


def _day(hours: Hours, for_s: float, shape: _Shape) -> Iterator[Stage]:
    """Every stretch between two times in its share of ``for``; after the last time its rate stays until the end."""
    lengths_s, levels = hours.stretches_s, [level for _, level in hours.knots]
    scale = for_s / math.fsum(lengths_s)
    for level, following, length_s in zip(levels, [*levels[1:], levels[-1]], lengths_s, strict=True):
        if length_s > 0:  # summer time can leave nothing of an hour
            yield from _curve(level, level if shape == "steps" else following, length_s * scale, shape)


def _curve(start: float, end: float, for_s: float, shape: _Shape) -> Iterator[Stage]:
    """From one level to the next, in one piece unless it is smooth."""
    points = [start, end] if shape != "day" else [_between(start, end, at / _PIECES) for at in range(_PIECES + 1)]
    for before, after in itertools.pairwise(points):
        yield Stage(before, after, for_s / (len(points) - 1))


def _between(start: float, end: float, share: float) -> float:
    """Half a wave of the cosine from one level to the next: flat at both."""
    return start + (end - start) * (1 - math.cos(math.pi * share)) / 2
