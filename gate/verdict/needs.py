"""What it would take to see a slowdown of a given size, and why it sometimes cannot be had. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from gate.measure.counts import MAX_ROUNDS
from gate.measure.layout import efforts, rounds_within
from gate.measure.plan import Cost, round_cost
from gate.verdict.afford import duet_design, duet_within, stored_within
from gate.verdict.sight import PAIRS, SetUp, Way, duet_way, stored_way, unlimited_duet

_MOST_RUNS = 30
"""More stored runs sharpen nothing: the candidate's own luck is what is left."""
_MINUTES = (0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 360)
"""Budgets that are tried where there is too little: round figures up to six hours, the longest a job may take."""
_THOUSAND = 1000

Kind = Literal["duet", "stored"]
Why = Literal["unknown", "time", "policy", "varies", "designs"]
"""Nothing is known of the noise; it takes longer than a job may; policy lets such a slowdown pass; what no request
averages away (deployments of the same code, or one run of the preview) is larger; the most thorough design measures too
little."""


@dataclass(frozen=True)
class Option:
    """One way to see it."""

    way: Way
    budget: Cost
    """The least that is needed, of the round figures tried; what there is if that is enough."""
    is_enough: bool
    """What there is is enough."""


@dataclass(frozen=True)
class Obstacle:
    """Why it cannot be had in one of the two ways."""

    kind: Kind
    why: Why
    best: float
    """The smallest slowdown that can be seen on the typical endpoint, a ratio; NaN if nothing is known."""


@dataclass(frozen=True)
class Need:
    """For one metric."""

    metric: int
    see: float
    options: tuple[Option, ...]
    """What is enough already first, then the least budget first; none that takes more deployments and no less."""
    obstacles: tuple[Obstacle, ...]


def most_runs(set_up: SetUp) -> int:
    """Stored runs that a comparison uses at most."""
    return min(_MOST_RUNS, set_up.suite.baselines.window)


def need_of(set_up: SetUp, see: float, metric: int, budget: Cost) -> Need:
    """What it takes to see this slowdown on the typical endpoint, four times in five.

    Parameters
    ----------
    see : float
        The slowdown, a ratio.
    metric : int
        Place in ``METRICS``.
    budget : Cost
        What there is for one pull request.
    """
    wanted = _Wanted(set_up, see, metric, budget)
    duets, stored = list(_duets(wanted)), _stored(wanted)
    options = sorted(
        [*duets, *([stored] if stored else [])],
        key=lambda one: (not one.is_enough, one.budget.time_s, _missing(set_up, one.way), one.way.time_s),
    )
    obstacles = [
        *([] if duets else [Obstacle("duet", *_why_no_duet(wanted))]),
        *([] if stored else [Obstacle("stored", *_why_not_stored(wanted))]),
    ]
    return Need(metric, see, tuple(options), tuple(obstacles))


@dataclass(frozen=True)
class _Wanted:
    set_up: SetUp
    see: float
    metric: int
    budget: Cost

    @property
    def most_runs(self) -> int:
        return most_runs(self.set_up)

    def is_seen(self, way: Way | None) -> bool:
        """NaN is not."""
        return way is not None and way.typical(self.metric) <= self.see

    def larger_budgets(self, arms: int) -> Iterator[Cost]:
        """Nothing of what there is is taken away: requests for the time, time for the requests."""
        whole = round_cost(self.set_up.suite, None, arms)
        for minutes in _MINUTES:
            time_s = 60.0 * minutes
            requests = _THOUSAND * -(-round(time_s / whole.time_s * whole.requests) // _THOUSAND)
            yield Cost(max(time_s, self.budget.time_s), max(requests, self.budget.requests))


def _missing(set_up: SetUp, way: Way) -> int:
    """Deployments that have to be made, or stored runs that are not there yet."""
    return sum(way.pairs) if way.kind == "duet" else max(0, way.runs - set_up.noise.runs)


def _duets(wanted: _Wanted) -> Iterator[Option]:
    """With few deployments first; more of them only where that takes less of the budget."""
    least: tuple[bool, float, int] | None = None
    for pairs in PAIRS:
        within, design = partial(duet_within, wanted.set_up, pairs), partial(duet_design, wanted.set_up, pairs)
        found = _option(wanted, within, design, arms=2)
        if found is None:
            continue
        takes = (not found.is_enough, found.budget.time_s, found.budget.requests)
        if least is None or takes < least:
            yield found
            least = takes
        if found.is_enough:
            return


def _stored(wanted: _Wanted) -> Option | None:
    """The least budget with as many stored runs as are ever used, then the fewest runs with that."""
    within, rounds = (
        partial(stored_within, wanted.set_up, wanted.most_runs),
        partial(rounds_within, wanted.set_up.suite, 1),
    )
    found = _option(wanted, within, rounds, arms=1)
    if found is None:
        return None
    fewer = (stored_within(wanted.set_up, runs, found.budget) for runs in range(1, wanted.most_runs))
    way = next((way for way in fewer if way is not None and wanted.is_seen(way)), found.way)
    return replace(found, way=way)


def _option(
    wanted: _Wanted, within: Callable[[Cost], Way | None], measured: Callable[[Cost], object], arms: int
) -> Option | None:
    """The first budget that is enough; ``measured`` says what one pays for, and no such thing is tried twice."""
    tried: set[object] = set()
    for budget in (wanted.budget, *wanted.larger_budgets(arms)):
        what = measured(budget)
        if what in tried:
            continue
        tried.add(what)
        way = within(budget)
        if way is not None and wanted.is_seen(way):
            return Option(way, budget, is_enough=budget == wanted.budget)
    return None


def _why_no_duet(wanted: _Wanted) -> tuple[Why, float]:
    def best(set_up: SetUp) -> float:
        ways = (duet_way(set_up, effort, pairs) for effort in efforts(set_up.beliefs) for pairs in PAIRS)
        return _least(way.typical(wanted.metric) for way in ways)

    def floor(set_up: SetUp) -> float:
        return _least([best(set_up), *(unlimited_duet(set_up, pairs).typical(wanted.metric) for pairs in PAIRS)])

    return _why(wanted, best, floor)


def _why_not_stored(wanted: _Wanted) -> tuple[Why, float]:
    def best(set_up: SetUp) -> float:
        return stored_way(set_up, wanted.most_runs, MAX_ROUNDS).typical(wanted.metric)

    return _why(wanted, best, best)


def _why(wanted: _Wanted, best: Callable[[SetUp], float], floor: Callable[[SetUp], float]) -> tuple[Why, float]:
    shown = best(wanted.set_up)
    if not np.isfinite(shown):
        return "unknown", shown
    if shown <= wanted.see:
        return "time", shown
    strict = replace(wanted.set_up, is_strict=True)
    if floor(strict) > wanted.see:
        return "varies", floor(wanted.set_up)
    if best(strict) <= wanted.see or floor(wanted.set_up) > wanted.see:
        return "policy", shown
    return "designs", shown


def _least(sizes: Iterable[float]) -> float:
    """NaN if none is known."""
    known = [size for size in sizes if np.isfinite(size)]
    return min(known, default=float("nan"))
