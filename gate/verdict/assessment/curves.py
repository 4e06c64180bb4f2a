"""Curves of throughput over load: of searches for capacity, and of scenarios with one mix at different loads. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gate.config.scenario import Scenario
from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.record.run import Run
from gate.record.scenario import ScenarioRecord, SearchRecord


@dataclass(frozen=True)
class Stage:
    """One load, and what it came to."""

    load: float
    """Users, or requests per second asked for."""
    rate_rps: float
    """Answers as expected, per second."""
    time_s: float
    """Mean time of an answer; in runs of older versions the median."""
    met: bool | None = None
    """Whether the condition of the search held; None of a scenario, which has none."""


@dataclass(frozen=True)
class Curve:
    """Stages of one mix, by load."""

    scenarios: tuple[str, ...]
    of: Literal["rate", "users"]
    thinks: bool
    """Users pause between requests, so that fewer requests are under way than there are users."""
    stages: tuple[Stage, ...]


def curves(suite: Suite, runs: Sequence[Run]) -> Iterator[Curve]:
    """Every search with several levels, then every mix that several scenarios have at different constant loads."""
    for name, scenario in suite.scenarios.items():
        found = [run.scenarios[name].search for run in runs if name in run.scenarios]
        stages = [stage for search in found if search is not None for stage in _levels(search)]
        if stages:
            of: Literal["rate", "users"] = "users" if scenario.load.find == "max_users" else "rate"
            yield _curve((name,), of, scenario, stages)
    for group in _alike(suite):
        stages = [
            stage
            for name in group
            for run in runs
            if name in run.scenarios
            for stage in _stage(suite.scenarios[name], run.scenarios[name])
        ]
        if len({stage.load for stage in stages}) > 1:
            first = suite.scenarios[group[0]]
            yield _curve(group, "rate" if first.load.is_open else "users", first, stages)


def _curve(names: tuple[str, ...], of: Literal["rate", "users"], scenario: Scenario, stages: list[Stage]) -> Curve:
    ordered = tuple(sorted(stages, key=lambda stage: stage.load))
    return Curve(names, of, thinks=bool(scenario.load.think_s), stages=ordered)


def _levels(search: SearchRecord) -> Iterator[Stage]:
    for level in search.levels:
        time_s = level.mean_s if level.mean_s is not None else level.p50_s
        if time_s is not None and time_s > 0 and level.rate_rps > 0:
            yield Stage(level.level, level.rate_rps, time_s, level.met)


def _alike(suite: Suite) -> Iterator[tuple[str, ...]]:
    """Names of scenarios that differ in nothing but how much load there is."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, scenario in suite.scenarios.items():
        load = scenario.load
        if load.count is None and load.find is None and load.is_constant and not scenario.beside:
            served = tuple(sorted(scenario.serve.items()))
            key = (load.is_open, load.think_s, load.spacing, served, tuple(sorted(scenario.mix.items())))
            groups.setdefault(key, []).append(name)
    return (tuple(names) for names in groups.values() if len(names) > 1)


def _stage(scenario: Scenario, record: ScenarioRecord) -> Iterator[Stage]:
    latency = Histogram.decode(record.histogram)
    if latency.n and record.elapsed_s > 0 and record.completed and not record.sockets:
        yield Stage(scenario.load.levels[0], record.completed / record.elapsed_s, latency.mean())
