"""The way through the stages of one part: whose turn it is, what rounds cost, and how many of them can be paid for."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gate.config.suite import Suite
from gate.measure.counts import most_blocks
from gate.measure.plan import Cost, Round, Step, round_cost, round_steps
from gate.record.plan import Look
from gate.record.value import Arm


@dataclass
class Way:
    """How far a part of a check has come while it is gone through."""

    suite: Suite
    arms: tuple[Arm, ...]
    seeds: Mapping[int, int]
    """Of the run of each pair of this part, by its number."""
    pace: float
    """How many times the nominal time a round really takes."""
    one_by_one: bool = False
    """Each pair takes the place of the one before, so that none is measured again after the next."""
    taken: list[tuple[int, ...]] = field(default_factory=list)
    """Rounds of each pair, by stage."""
    blocks: dict[str, list[int]] = field(default_factory=dict)
    """Blocks of each endpoint on each pair."""

    @property
    def pairs(self) -> int:
        """How many there are."""
        return len(self.seeds)

    def cost(self, names: Collection[str]) -> Cost:
        """What a round of these endpoints takes here."""
        nominal = round_cost(self.suite, names, len(self.arms))
        return Cost(self.pace * nominal.time_s, nominal.requests)

    def steps(self, names: Sequence[str], rounds: int) -> tuple[Step, ...]:
        """The steps of one more stage, its rounds dealt out over the pairs; notes them as taken."""
        steps: list[Step] = []
        before = [sum(each) for each in zip(*self.taken, strict=True)] or [0] * self.pairs
        begun = list(before)
        numbers = list(self.seeds)
        counts = {name: self.blocks.setdefault(name, [0] * self.pairs) for name in names}
        for place in self._deal(rounds):
            which = Round(numbers[place], begun[place], self.seeds[numbers[place]])
            able = {name for name in names if counts[name][place] < most_blocks(self.suite, name)}
            steps += round_steps(self.suite, names, self.arms, which, able)
            begun[place] += 1
            for name in able:
                counts[name][place] += 1
        self.taken.append(tuple(after - done for after, done in zip(begun, before, strict=True)))
        return tuple(steps)

    def _deal(self, rounds: int) -> list[int]:
        """The place of the pair of each round of a stage: all of them in turn.

        Where that cannot be, the first stage goes once through all pairs, and the rest is measured on the last one.
        """
        in_turn = [turn % self.pairs for turn in range(rounds)]
        if not self.one_by_one:
            return in_turn
        return [self.pairs - 1] * rounds if self.taken else sorted(in_turn)


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
