"""How a check is laid out before anything is measured: how thoroughly, and on which deployments at first and afresh."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gate.config.suite import Suite
from gate.errors import UsageError
from gate.measure.counts import MAX_ROUNDS, MIN_ROUNDS, check_counts
from gate.measure.plan import Cost, compared, round_cost, warmup_cost
from gate.record.value import Arm
from gate.stats.beliefs import Beliefs
from gate.stats.constants import DUETS
from gate.stats.designs import DuetDesign, Stage
from gate.stats.duet import MIN_BLOCKS, Deployed
from gate.units import format_count

FIXED, CONFIRM = "fixed", "confirm"
"""Efforts of layouts that measure their rounds without looking; the second what runs before it made suspect."""
FACTOR_ROUNDS = 3
"""Of endpoints that are not suspected: with fewer they would not say what the runner does to all."""
FIRST_SHARE = 0.6
"""Of the budget that the first stage may take: what it suspects has to be measured again."""
MOST_FIXED_PAIRS = 4
"""Pairs without looks for which limits were computed."""
_EFFORTS, _WIDE_EFFORTS = ("thorough", "quick", "short"), ("wide", "short")
WIDE_SIGMA = 0.02
"""Where deployments differ more than this, more requests tell little: the stages are others, and where fresh pairs are
made there are two."""


@dataclass(frozen=True)
class Suspicion:
    """What runs on other runners leave to be confirmed or cleared."""

    runs: tuple[str, ...]
    """Their ids."""
    endpoints: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Stages, and the pairs of deployments that they are measured on."""

    design: DuetDesign
    first: tuple[Deployed, ...]
    fresh: tuple[Deployed, ...] = ()
    redeploys: bool = False
    """The fresh pairs are not there yet: they are made by the redeploy hook, one after the other."""
    arms: tuple[Arm, ...] = ("candidate", "base")
    after: Suspicion | None = None

    @property
    def name(self) -> str:
        """Of the design; ``fixed`` or ``confirm`` and the number of pairs where nothing is looked at."""
        effort = CONFIRM if self.after is not None else FIXED
        return f"{effort} {len(self.first)}" if self.is_fixed else self.design.name

    @property
    def is_fixed(self) -> bool:
        """Whether the rounds are measured without looking."""
        return self.design.effort == FIXED

    @property
    def pairs(self) -> tuple[Deployed, ...]:
        """All pairs by number."""
        return (*self.first, *self.fresh)

    def most_rounds(self, pair: int) -> int:
        """Rounds that a pair may come to, over all its stages."""
        design, is_first = self.design, pair < len(self.first)
        stages = [stage.rounds for stage in (design.first if is_first else design.fresh)]
        if not is_first:
            stages.append(design.first[0].rounds)
        pairs = len(self.first if is_first else self.fresh)
        return sum(math.ceil(rounds / pairs) for rounds in stages)

    def first_s(self, suite: Suite) -> float:
        """Time that the first stage takes at the endpoints' own rates, seconds."""
        return self.design.first[0].rounds * round_cost(suite, None, len(self.arms)).time_s

    def longest_s(self, suite: Suite) -> float:
        """Time at the endpoints' own rates that all blocks together may take, seconds."""
        first_s = self.first_s(suite)
        return first_s if self.is_fixed else max(first_s, suite.policy.budget.time_s)


@dataclass(frozen=True)
class AtHand:
    """The deployments there are."""

    pairs: tuple[Deployed, ...]
    has_hook: bool = False
    """Whether fresh deployments of the preview can be made."""
    base_too: bool = False
    """Whether the hook makes fresh deployments of the base as well."""


def lay_out_duet(suite: Suite, at_hand: AtHand, beliefs: Beliefs) -> Layout:
    """The most thorough design that the budget and the deployments allow.

    Raises
    ------
    UsageError
        If the budget does not reach for the least number of rounds, or ``max_count`` leaves nothing for a scenario or
        for the objectives of an endpoint.
    """
    check_counts(suite)
    cost = round_cost(suite, None, arms=2)
    if not compared(suite):
        return _fixed(1, at_hand.pairs[:1], ("candidate", "base"))
    budget = suite.policy.budget
    affordable = FIRST_SHARE * min(budget.time_s / cost.time_s, budget.requests / cost.requests)
    for effort in efforts(beliefs):
        for first, fresh in _splits(at_hand, beliefs):
            design = next(d for d in DUETS if d.name == f"{effort} {first}+{fresh}")
            if MIN_BLOCKS * first <= design.first[0].rounds <= affordable:
                return _staged(design, at_hand)
    rounds = fixed_rounds(suite, arms=2)
    pairs = at_hand.pairs[: max(1, min(MOST_FIXED_PAIRS, rounds // MIN_ROUNDS))]
    return _fixed(rounds, pairs, ("candidate", "base"))


def lay_out_same_code(suite: Suite) -> Layout:
    """One pair of deployments without looks: what is learnt from it must not depend on what it showed.

    Raises
    ------
    UsageError
        As for a duet.
    """
    check_counts(suite)
    rounds = fixed_rounds(suite, arms=2) if compared(suite) else 1
    return _fixed(rounds, (Deployed(0, 0),), ("candidate", "base"))


def lay_out_stored(suite: Suite, number: int = 0, after: Suspicion | None = None) -> Layout:
    """One run of one preview, without looks.

    Parameters
    ----------
    number : int
        Of the preview, if there are several of the same commit.
    after : Suspicion, optional
        What other runs made suspect: of everything else only a few rounds are measured.

    Raises
    ------
    UsageError
        As for a duet.
    """
    check_counts(suite)
    rounds = fixed_rounds(suite, arms=1) if compared(suite) else 1
    return replace(_fixed(rounds, (Deployed(number, 0),), ("candidate",)), after=after)


def fixed_rounds(suite: Suite, arms: int) -> int:
    """Rounds that the budget allows where nothing is looked at, over all pairs of deployments.

    Raises
    ------
    UsageError
        If they are too few for a verdict.
    """
    budget, cost, warm = suite.policy.budget, round_cost(suite, None, arms), warmup_cost(suite, arms)
    rounds = rounds_within(suite, arms, Cost(budget.time_s, budget.requests))
    if rounds < MIN_ROUNDS:
        raise UsageError(
            f"the budget allows {format_count(rounds, 'round')} of {cost.time_s:.0f} s and {cost.requests} requests"
            f" beside the warm-up;"
            f" a verdict needs at least {MIN_ROUNDS}",
            f"set policy.budget to {{time: {math.ceil(MIN_ROUNDS * cost.time_s + warm.time_s)}s,"
            f" requests: {MIN_ROUNDS * cost.requests + warm.requests}}} or more, or raise policy.max_rate if the"
            " preview can take it",
        )
    return rounds


def rounds_within(suite: Suite, arms: int, budget: Cost) -> int:
    """Rounds that a budget pays for where nothing is looked at, after the least warm-up of one pair of deployments."""
    cost, warm = round_cost(suite, None, arms), warmup_cost(suite, arms)
    by_time, by_requests = (
        (budget.time_s - warm.time_s) / cost.time_s,
        (budget.requests - warm.requests) / cost.requests,
    )
    return max(0, math.floor(min(by_time, by_requests, MAX_ROUNDS)))


def number_deployments(pairs: Sequence[tuple[str, str]]) -> tuple[Deployed, ...]:
    """Numbers of the deployments behind pairs of origins (candidate, base): one origin is one deployment.

    Raises
    ------
    UsageError
        If a preview is named twice: measured twice it would count as two.
    """
    candidates = list(dict.fromkeys(candidate for candidate, _ in pairs))
    bases = list(dict.fromkeys(base for _, base in pairs))
    if len(candidates) < len(pairs):
        raise UsageError(
            f"of {len(pairs)} previews only {len(candidates)} are different",
            "name each deployment once: two measurements of one are not two deployments",
        )
    return tuple(Deployed(candidates.index(candidate), bases.index(base)) for candidate, base in pairs)


def efforts(beliefs: Beliefs) -> tuple[str, ...]:
    """Of designs in stages, the most thorough first."""
    return _WIDE_EFFORTS if _is_wide(beliefs) else _EFFORTS


def _is_wide(beliefs: Beliefs) -> bool:
    return float(beliefs.sigma_dep[:, 0].max(initial=0.0)) > WIDE_SIGMA


def _splits(at_hand: AtHand, beliefs: Beliefs) -> list[tuple[int, int]]:
    """Pairs at first and afresh, as the table of designs knows them; the best first."""
    count = len(at_hand.pairs)
    if count == 1:
        if not at_hand.has_hook:
            return [(1, 0)]
        return [(1, 2 if _is_wide(beliefs) else 1)]
    return {2: [(1, 1)], 3: [(1, 2)]}.get(count, [(2, 2), (1, 2)])


def _staged(design: DuetDesign, at_hand: AtHand) -> Layout:
    """Deployments for a design; those beyond its own join the fresh ones."""
    first, others = at_hand.pairs[: design.first_pairs], at_hand.pairs[design.first_pairs :]
    if others or not design.fresh:
        return Layout(design, first, others)
    after = range(1, design.fresh_pairs + 1)
    made = tuple(Deployed(first[0].candidate + n, first[0].base + (n if at_hand.base_too else 0)) for n in after)
    return Layout(design, first, made, redeploys=True)


def fixed_design(rounds: int, pairs: int) -> DuetDesign:
    """So many rounds, over all pairs together, after which nothing is suspected: there is no look."""
    return DuetDesign(FIXED, (Stage(rounds, (math.inf, math.inf)),), (), first_pairs=pairs)


def _fixed(rounds: int, pairs: tuple[Deployed, ...], arms: tuple[Arm, ...]) -> Layout:
    return Layout(fixed_design(rounds, len(pairs)), pairs, arms=arms)
