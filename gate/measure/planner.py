"""What to measure next: a pure function of the layout, of the blocks seen so far, and of what the budget had left.

Stages follow each other: some rounds of whatever is suspected still, then a look. Everything is decided anew from the
first stage on each time, so that run files alone tell the whole way again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gate.config.suite import Suite
from gate.measure.counts import most_blocks
from gate.measure.layout import Layout
from gate.measure.plan import Cost, Round, Step, compared, round_cost, round_steps
from gate.measure.suspects import Looks, Part, Seen
from gate.record.run import Look, Why
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


@dataclass
class _Way:
    """How far a part has come while it is gone through."""

    offset: int
    """Number of its first pair."""
    pairs: int
    one_by_one: bool = False
    """Each pair takes the place of the one before, so that none is measured again after the next."""
    stages: list[tuple[int, ...]] = field(default_factory=list)
    """Rounds of each pair, by stage."""
    blocks: dict[str, list[int]] = field(default_factory=dict)
    """Blocks of each endpoint on each pair."""

    def done(self, pair: int) -> int:
        """Rounds of a pair so far."""
        return sum(rounds[pair] for rounds in self.stages)

    def deal(self, rounds: int) -> list[int]:
        """The pair of each round of a stage: all of them in turn.

        Where that cannot be, the first stage goes once through all pairs, and the rest is measured on the last one.
        """
        in_turn = [turn % self.pairs for turn in range(rounds)]
        if not self.one_by_one:
            return in_turn
        return [self.pairs - 1] * rounds if self.stages else sorted(in_turn)


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
    rest = list(looks)
    found = _first(setting, looked, seen, rest)
    if found is not None:
        return found
    if not layout.fresh or not (looked.rows.any() or looked.suite):
        return Stop("as planned" if looked.rows.any() or layout.is_fixed else "decided")
    return _fresh(setting, looked, seen[len(layout.first) :], rest)


def _first(setting: Setting, looked: Looks, seen: Sequence[Floats], looks: list[Look]) -> Stage | Stop | None:
    """Go through the stages on the first deployments; None after the last of them, or if none is needed any more."""
    layout = setting.layout
    way = _Way(0, len(layout.first))
    for number, stage in enumerate(layout.design.first):
        names, rounds = _suspected(setting, looked), stage.rounds
        if not names:
            return None
        if number:
            ahead = [later.rounds for later in (*layout.design.first[number:], *layout.design.fresh)]
            kept = round_cost(setting.suite, setting.names, 2) * (_whole_rounds(layout) if looked.suite else 0)
            rounds = fair_rounds(ahead, 1, affordable(looks[0], round_cost(setting.suite, names, 2), kept))
        if rounds < 1:
            return Stop("budget")
        steps = _steps(setting, way, names, rounds)
        looks.pop(0)
        if not looks:
            return Stage("first", names, names, steps, way.stages[-1], number)
        if layout.is_fixed:
            return None
        looked.after("first", number, Seen(tuple(seen[: way.pairs]), tuple(way.stages)))
    return None


def _fresh(setting: Setting, looked: Looks, seen: Sequence[Floats], looks: list[Look]) -> Stage | Stop:
    """Go through the stages on fresh deployments: suspected rows, then the suite as a whole if it is suspected."""
    layout = setting.layout
    way = _Way(len(layout.first), len(layout.fresh), one_by_one=layout.redeploys)
    kept = round_cost(setting.suite, setting.names, 2) * (_whole_rounds(layout) if looked.suite else 0)
    is_short = False
    for number in range(len(layout.design.fresh)):
        names = _suspected(setting, looked)
        if not names:
            break
        ahead = [later.rounds for later in layout.design.fresh[number:]]
        possible = affordable(looks[0], round_cost(setting.suite, names, 2), kept)
        rounds = fair_rounds(ahead, 1 if number else MIN_BLOCKS * way.pairs, possible)
        is_short = rounds < 1
        if is_short:
            break
        steps = _steps(setting, way, names, rounds)
        looks.pop(0)
        if not looks:
            warm = setting.names if looked.suite else names
            return Stage("fresh", names, warm, steps, way.stages[-1], number)
        looked.after("fresh", number, Seen(tuple(seen), tuple(way.stages)))
    found = _whole(setting, way, looks) if looked.suite else None
    if found is not None:
        return found
    return Stop("budget" if is_short else "as planned" if looked.suite or looked.rows.any() else "decided")


def _whole(setting: Setting, way: _Way, looks: list[Look]) -> Stage | Stop | None:
    """All endpoints on fresh deployments, after the rounds of suspected rows; None if that was done."""
    names = setting.names
    rounds = min(_whole_rounds(setting.layout), affordable(looks[0], round_cost(setting.suite, names, 2), Cost(0.0, 0)))
    if rounds < MIN_BLOCKS * way.pairs:
        return Stop("budget")
    steps = _steps(setting, way, names, rounds)
    looks.pop(0)
    return None if looks else Stage("fresh", names, names, steps, way.stages[-1], None)


def affordable(look: Look, each: Cost, kept: Cost) -> int:
    """Rounds that what is left pays for, after what is kept for later."""
    time_s, requests = look.left_s - kept.time_s, look.left_requests - kept.requests
    if not (time_s > 0 and requests > 0 and each.requests > 0):
        return 0
    return math.floor(min(time_s / each.time_s, requests / each.requests))


def fair_rounds(ahead: Sequence[int], least: int, possible: int) -> int:
    """Rounds of the next stage: all it asks for if the rest of the way can be paid for as well, else its fair share.

    Parameters
    ----------
    ahead : sequence of int
        Rounds that this stage and those after it ask for.
    least : int
        Fewer are of no use.
    possible : int
        Rounds that the budget has left for all of them.

    Returns
    -------
    int
        Zero if the least is not possible.
    """
    rounds = min(ahead[0], max(least, possible * ahead[0] // sum(ahead)))
    return rounds if rounds <= possible else 0


def _whole_rounds(layout: Layout) -> int:
    """Rounds of the suite as a whole on fresh deployments: as many as at first, and enough for each pair."""
    return max(layout.design.first[0].rounds, MIN_BLOCKS * len(layout.fresh)) if layout.fresh else 0


def _suspected(setting: Setting, looked: Looks) -> tuple[str, ...]:
    return tuple(name for name, on in zip(setting.names, looked.endpoints, strict=True) if on)


def _steps(setting: Setting, way: _Way, names: Sequence[str], rounds: int) -> tuple[Step, ...]:
    """Rounds dealt out over the pairs of a part; notes them as measured."""
    steps: list[Step] = []
    begun = [way.done(pair) for pair in range(way.pairs)]
    for pair in way.deal(rounds):
        which = Round(way.offset + pair, begun[pair], setting.seeds[way.offset + pair])
        counts = {name: way.blocks.setdefault(name, [0] * way.pairs) for name in names}
        able = {name for name in names if counts[name][pair] < most_blocks(setting.suite, name)}
        steps += round_steps(setting.suite, names, setting.layout.arms, which, able)
        begun[pair] += 1
        for name in able:
            counts[name][pair] += 1
    way.stages.append(tuple(begun[pair] - way.done(pair) for pair in range(way.pairs)))
    return tuple(steps)
