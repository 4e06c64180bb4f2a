"""What to measure next: a pure function of the layout, of the blocks seen so far, and of what the budget had left.

Stages follow each other: some rounds of whatever is suspected still, then a look. Everything is decided anew from the
first stage on each time, so that run files alone tell the whole way again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gate.config.suite import Suite
from gate.measure.counts import MIN_ROUNDS
from gate.measure.layout import FACTOR_ROUNDS, Layout
from gate.measure.plan import Cost, Step, compared
from gate.measure.suspects import Looks, Part, Seen
from gate.measure.way import Way, affordable, fair_rounds
from gate.record.plan import Look, Why
from gate.stats.beliefs import Beliefs
from gate.stats.duet import MIN_BLOCKS
from gate.stats.location import Floats


@dataclass(frozen=True)
class Setting:
    """What is known before anything is measured."""

    suite: Suite
    layout: Layout
    beliefs: Beliefs
    seeds: tuple[int, ...]
    """Of the run of each pair, by number; of pairs that are never measured any."""

    @property
    def names(self) -> tuple[str, ...]:
        """Endpoints, in the order of every array."""
        return compared(self.suite)


@dataclass(frozen=True)
class Stage:
    """Some rounds to be measured now."""

    part: Part
    names: tuple[str, ...]
    """What is measured in it."""
    warm: tuple[str, ...]
    """What has to be warmed up before it, for it and for what may follow in its part."""
    steps: tuple[Step, ...]
    rounds: tuple[int, ...]
    """Of each pair of the part."""
    number: int | None
    """Among the stages of its part, from zero; None for the suite as a whole."""


@dataclass(frozen=True)
class Stop:
    """Nothing more is to be measured."""

    why: Why


def decide(setting: Setting, seen: Sequence[Floats], looks: Sequence[Look]) -> Stage | Stop:
    """The next stage, or why there is none.

    Parameters
    ----------
    seen : sequence of ndarray, one per pair measured so far, shape (endpoints, metrics, rounds)
        Log latency of the candidate minus that of the base, in the order of ``setting.names``, NaN where there is no
        pair of blocks. Rounds beyond those of the stages before are not looked at.
    looks : sequence of Look
        What the budget had left before each stage, the one that is asked for included.
    """
    layout = setting.layout
    watched = np.array([setting.suite.endpoints[name].gate for name in setting.names], dtype=bool)
    looked = Looks(layout.design, setting.beliefs, layout.first, layout.fresh, watched)
    rest, pace = list(looks), _pace(setting, looks)
    found = _first(setting, looked, seen, rest, pace)
    if found is not None:
        return found
    if not layout.fresh or not (looked.rows.any() or looked.suite):
        return Stop("as planned" if looked.rows.any() or layout.is_fixed else "decided")
    return _fresh(setting, looked, seen[len(layout.first) :], rest, pace)


def _pace(setting: Setting, looks: Sequence[Look]) -> float:
    """How long the first stage took, over its nominal time: there are gaps between blocks, and some are repeated."""
    nominal_s = setting.layout.first_s(setting.suite)
    if len(looks) < 2 or not nominal_s > 0:
        return 1.0
    return max(1.0, round((looks[0].left_s - looks[1].left_s) / nominal_s, 2))


def _first(
    setting: Setting, looked: Looks, seen: Sequence[Floats], looks: list[Look], pace: float
) -> Stage | Stop | None:
    """Go through the stages on the first deployments; None after the last of them, or if none is needed any more."""
    layout = setting.layout
    way = _way(setting, "first", pace)
    for number, stage in enumerate(layout.design.first):
        names, rounds = _suspected(setting, looked), stage.rounds
        if not names:
            return None
        if layout.is_fixed:  # a long warm-up takes its time from the rounds, not from whoever waits
            rounds = min(rounds, max(MIN_ROUNDS * way.pairs, affordable(looks[0], way.cost(names), Cost(0.0, 0))))
        if number:
            ahead = [later.rounds for later in (*layout.design.first[number:], *layout.design.fresh)]
            kept = way.cost(setting.names) * (_whole_rounds(layout) if looked.suite else 0)
            rounds = fair_rounds(ahead, 1, affordable(looks[0], way.cost(names), kept))
        if rounds < 1:
            return Stop("budget")
        steps = _steps(layout, way, names, rounds)
        looks.pop(0)
        if not looks:
            return Stage("first", names, names, steps, way.taken[-1], number)
        if layout.is_fixed:
            return None
        looked.after("first", number, Seen(tuple(seen[: way.pairs]), tuple(way.taken)))
    return None


def _steps(layout: Layout, way: Way, names: tuple[str, ...], rounds: int) -> tuple[Step, ...]:
    """A stage of so many rounds; where other runs said what is suspected, most of them of that alone."""
    if layout.after is None:
        return way.steps(names, rounds)
    few = min(rounds, FACTOR_ROUNDS)
    steps = (*way.steps(names, few), *way.steps(layout.after.endpoints, rounds - few))
    way.taken[-2:] = [(rounds,)]
    return steps


def _fresh(setting: Setting, looked: Looks, seen: Sequence[Floats], looks: list[Look], pace: float) -> Stage | Stop:
    """Go through the stages on fresh deployments: suspected rows, then the suite as a whole if it is suspected."""
    layout = setting.layout
    way = _way(setting, "fresh", pace)
    kept = way.cost(setting.names) * (_whole_rounds(layout) if looked.suite else 0)
    is_short = False
    for number in range(len(layout.design.fresh)):
        names = _suspected(setting, looked)
        if not names:
            break
        ahead = [later.rounds for later in layout.design.fresh[number:]]
        possible = affordable(looks[0], way.cost(names), kept)
        rounds = fair_rounds(ahead, 1 if number else MIN_BLOCKS * way.pairs, possible)
        is_short = rounds < 1
        if is_short:
            break
        steps = way.steps(names, rounds)
        looks.pop(0)
        if not looks:
            warm = setting.names if looked.suite else names
            return Stage("fresh", names, warm, steps, way.taken[-1], number)
        looked.after("fresh", number, Seen(tuple(seen), tuple(way.taken)))
    found = _whole(setting, way, looks) if looked.suite else None
    if found is not None:
        return found
    return Stop("budget" if is_short else "as planned" if looked.suite or looked.rows.any() else "decided")


def _whole(setting: Setting, way: Way, looks: list[Look]) -> Stage | Stop | None:
    """All endpoints on fresh deployments, after the rounds of suspected rows; None if that was done."""
    names = setting.names
    rounds = min(_whole_rounds(setting.layout), affordable(looks[0], way.cost(names), Cost(0.0, 0)))
    if rounds < MIN_BLOCKS * way.pairs:
        return Stop("budget")
    steps = way.steps(names, rounds)
    looks.pop(0)
    return None if looks else Stage("fresh", names, names, steps, way.taken[-1], None)


def _way(setting: Setting, part: Part, pace: float) -> Way:
    layout = setting.layout
    first, count = len(layout.first), len(layout.pairs)
    pairs = range(first) if part == "first" else range(first, count)
    one_by_one = part == "fresh" and layout.redeploys
    return Way(setting.suite, layout.arms, {pair: setting.seeds[pair] for pair in pairs}, pace, one_by_one=one_by_one)


def _whole_rounds(layout: Layout) -> int:
    """Rounds of the suite as a whole on fresh deployments: as many as at first, and enough for each pair."""
    return max(layout.design.first[0].rounds, MIN_BLOCKS * len(layout.fresh)) if layout.fresh else 0


def _suspected(setting: Setting, looked: Looks) -> tuple[str, ...]:
    return tuple(name for name, on in zip(setting.names, looked.endpoints, strict=True) if on)
