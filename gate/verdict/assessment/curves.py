"""Curves of throughput over load: of searches and of scenarios that climb, and of scenarios of one mix with blocks.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gate.config.loads import Load
from gate.config.scenario import Scenario
from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.record.endpoint import Block
from gate.record.run import Run
from gate.record.scenario import ScenarioRecord
from gate.verdict.assessment.figures import records_of

LoadUnit = Literal["rate", "users", "under way"]
BLOCKS = "blocks"
LEAST_SETTLED = 0.5
"""Of the time at full load: periods have to cover so much before they stand for it."""


@dataclass(frozen=True)
class Stage:
    """One load, and what it came to."""

    name: str
    """Of the level: stages of one name are the same load, measured again."""
    load: float
    """Requests per second asked for, users, or requests under way: throughput times the time of an answer; of users
    whose requests fail, those who do not think."""
    rate_rps: float
    """Answers as expected, per second."""
    time_s: float
    """Mean time of an answer; in runs of older versions the median."""
    met: bool | None = None
    """Whether the condition of the search held; None of a scenario, which has none."""
    asked_rps: float | None = None
    """Answers as expected that were asked for per second; None where users set the pace."""
    think_s: float = 0.0
    """Pause of a user after each answer."""


@dataclass(frozen=True)
class Curve:
    """Stages of one mix, by load."""

    scenarios: tuple[str, ...]
    of: LoadUnit
    thinks: bool
    """Users pause between requests, so that fewer requests are under way than there are users."""
    stages: tuple[Stage, ...]

    @property
    def names(self) -> frozenset[str]:
        """Of its different loads."""
        return frozenset(stage.name for stage in self.stages)


def curves(suite: Suite, runs: Sequence[Run]) -> Iterator[Curve]:
    """Every search and every scenario that climbs; then every mix of scenarios, with the blocks of its endpoints below.

    Scenarios may have users, users who think, or rates: what they have in common is how many requests are under way.
    """
    for name, scenario in suite.scenarios.items():
        found = [run.reached[name] for run in runs if name in run.reached]
        stages = [stage for record in found for stage in _levels(scenario.load, record)]
        if stages:
            of: LoadUnit = "rate" if scenario.load.is_open else "users"
            yield _curve((name,), of, stages, thinks=bool(scenario.load.think_s))
    for names in _alike(suite):
        records = [(name, run.reached[name]) for name in names for run in runs if name in run.reached]
        stages = [stage for name, record in records for stage in _stage(name, suite.scenarios[name].load, record)]
        if stages:
            stages += _blocks(suite, suite.scenarios[names[0]], runs)
        if len({stage.name for stage in stages}) > 1:
            yield _curve(names, "under way", stages, thinks=False)


def _curve(names: tuple[str, ...], of: LoadUnit, stages: list[Stage], *, thinks: bool) -> Curve:
    return Curve(names, of, thinks=thinks, stages=tuple(sorted(stages, key=lambda stage: stage.load)))


def _levels(load: Load, record: ScenarioRecord) -> Iterator[Stage]:
    """A level that was kept up was asked for what it answered: where requests fail, that is no more than succeeded."""
    for level in record.search.levels if record.search is not None else record.levels:
        time_s = level.mean_s if level.mean_s is not None else level.p50_s
        asked_rps = level.level * (1 - level.failed_ratio) if load.is_open else None
        if time_s is not None and time_s > 0 and level.rate_rps > 0:
            asked_rps = None if asked_rps is None else max(asked_rps, level.rate_rps)
            yield Stage(
                f"{level.level:g}",
                level.level,
                level.rate_rps,
                time_s,
                level.met,
                asked_rps=asked_rps,
                think_s=load.think_s or 0.0,
            )


def _alike(suite: Suite) -> Iterator[tuple[str, ...]]:
    """Names of scenarios that differ in nothing but how much load there is; one alone is beside its blocks."""
    groups: dict[tuple[object, ...], list[str]] = {}
    others = {name for scenario in suite.scenarios.values() for name in scenario.beside}
    for name, scenario in suite.scenarios.items():
        load = scenario.load
        if len(load.levels) == 1 and load.find is None and not scenario.beside and name not in others:
            key = (tuple(sorted(scenario.serve.items())), tuple(sorted(scenario.mix.items())))
            groups.setdefault(key, []).append(name)
    return (tuple(names) for names in groups.values())


def _stage(name: str, load: Load, record: ScenarioRecord) -> Iterator[Stage]:
    """What an open load asked for is counted over the time in which it fell due, less what failed."""
    latency = Histogram.decode(record.histogram)
    is_sound = record.not_reached is None and not record.sockets
    if is_sound and latency.n and record.elapsed_s > 0 and record.completed:
        rate_rps, failed_rps = _settled_rps(load, record) or (
            record.completed / record.elapsed_s,
            sum(record.errors.values()) / record.elapsed_s,
        )
        asked = record.completed + record.dropped
        asked_rps = max(rate_rps, asked / load.for_s) if load.is_open and load.for_s else None
        stage = _under_way(name, rate_rps, latency.mean(), asked_rps, load.think_s or 0.0)
        yield replace(stage, load=max(stage.load, _not_thinking(load, rate_rps + failed_rps))) if failed_rps else stage


def _not_thinking(load: Load, rate_rps: float) -> float:
    """Users whose requests are under way, those that will fail too; 0 where users do not set the pace."""
    return max(load.users) - rate_rps * (load.think_s or 0.0) if load.users else 0.0


def _settled_rps(load: Load, record: ScenarioRecord) -> tuple[float, float] | None:
    """Answers per second while all users were there, those as expected and others: not while they came or went.

    None where users do not set the pace, or where that took less than half of the time.
    """
    if load.is_open or load.for_s is None:
        return None
    begin_s = load.ramp_s or 0.0
    inside = [period for period in record.periods if period.from_s >= begin_s and period.to_s <= load.for_s]
    watched_s = sum(period.to_s - period.from_s for period in inside)
    if watched_s < LEAST_SETTLED * (load.for_s - begin_s):
        return None
    completed, failed = sum(period.completed for period in inside), sum(period.failed for period in inside)
    return completed / watched_s, failed / watched_s


def _blocks(suite: Suite, scenario: Scenario, runs: Sequence[Run]) -> Iterator[Stage]:
    """The mix in blocks, each endpoint at its own rate: nearly without load. A scenario served otherwise has none."""
    if scenario.serve or not set(scenario.mix) <= set(suite.endpoints):
        return
    found = {name: _by_round(runs, name) for name in scenario.mix}
    weight = sum(scenario.mix.values())
    for turn in set.intersection(*(set(blocks) for blocks in found.values())):
        means = {name: blocks[turn].mean_s or 0.0 for name, blocks in found.items()}
        rate_rps = sum(suite.endpoints[name].rate_rps * share for name, share in scenario.mix.items()) / weight
        time_s = sum(means[name] * share for name, share in scenario.mix.items()) / weight
        yield _under_way(BLOCKS, rate_rps, time_s, asked_rps=rate_rps)


def _by_round(runs: Sequence[Run], name: str) -> dict[tuple[int, int], Block]:
    return {
        (number, block.round): block
        for number, run in enumerate(runs)
        for record in records_of([run], name)
        for block in record.blocks
        if block.mean_s and not block.spoiled
    }


def _under_way(name: str, rate_rps: float, time_s: float, asked_rps: float | None, think_s: float = 0.0) -> Stage:
    return Stage(name, rate_rps * time_s, rate_rps, time_s, asked_rps=asked_rps, think_s=think_s)
