"""From the load patterns of the suite to schedules of the engine. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Literal

from gate.config.loads import HOLD_S, Load
from gate.load.arrivals import Stage
from gate.load.job import Schedule

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
    if load.ramp_s is not None:
        rest_s = for_s - load.ramp_s
        grown = Stage(0.0, levels[0], load.ramp_s)
        return (grown, Stage(levels[0], levels[0], rest_s)) if rest_s > 0 else (grown,)
    return tuple(_shaped(levels, for_s, load.shape))


def _shaped(levels: Sequence[float], for_s: float, shape: Literal["steps", "ramp", "day"]) -> Iterator[Stage]:
    if shape == "steps":
        for level in levels:
            yield Stage(level, level, for_s / len(levels))
        return
    each_s = for_s / (len(levels) - 1)
    for start, end in itertools.pairwise(levels):
        points = [start, end] if shape == "ramp" else [_between(start, end, at / _PIECES) for at in range(_PIECES + 1)]
        for before, after in itertools.pairwise(points):
            yield Stage(before, after, each_s / (len(points) - 1))


def _between(start: float, end: float, share: float) -> float:
    """Half a wave of the cosine from one level to the next: flat at both."""
    return start + (end - start) * (1 - math.cos(math.pi * share)) / 2
