"""Runs of scenarios that differ in a setting, made by laws that are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gate.config.suite import Suite
from gate.record.run import Run
from gate.record.scenario import Level, ScenarioRecord, SearchRecord
from gate.record.telemetry import Series, TelemetryRecord, Window
from tests.builders import run_of, scenario_of, suite_of

ALIKE = "mix: {home: 1}"


def suite_over(
    setting: str, values: Sequence[float], load: str = "{users: 8, for: 30s}", more: str = "", objectives: str = ""
) -> Suite:
    """One scenario for each value: ``s0``, ``s1`` and so on."""
    wanted = f", objectives: {objectives}" if objectives else ""
    scenarios = "".join(
        f'  s{n}: {{load: {load}, {ALIKE}, serve: {{{setting}: "{value:.12g}"}}{wanted}}}\n'
        for n, value in enumerate(values)
    )
    return suite_of(f"preview: {{serve: ./run.sh}}\nscenarios:\n{scenarios}{more}", ("home", "list"))


def answered(suite: Suite, name: str, latency_s: float, rate_rps: float = 50.0) -> ScenarioRecord:
    """A scenario of one load."""
    record = scenario_of(suite, name, latency_s)
    return record.model_copy(update={"elapsed_s": record.completed / rate_rps})


def level(load: float, *, met: bool = True, mean_s: float = 0.1) -> Level:
    return Level(level=load, rate_rps=load, p50_s=mean_s, p95_s=2 * mean_s, error_ratio=0.0, met=met, mean_s=mean_s)


def searched(suite: Suite, name: str, capacity: float | None, *, bounded: bool = True, mean_s: float = 0.1):
    """A search that ended within a tenth above its capacity."""
    tried = [level(1.0, met=capacity is not None, mean_s=mean_s)]
    if capacity is not None:
        tried += [level(capacity), *([level(1.1 * capacity, met=False)] if bounded else [])]
    search = SearchRecord(
        until="p95 <= 500ms", capacity=capacity, capacity_rps=capacity, is_bounded=bounded, knee=None, levels=tried
    )
    return scenario_of(suite, name).model_copy(update={"search": search, "executor": "find"})


def run(suite: Suite, records: Mapping[str, ScenarioRecord], telemetry: TelemetryRecord | None = None) -> Run:
    return run_of(suite, scenarios=records).model_copy(update={"telemetry": telemetry})


def counted(
    names: Mapping[str, float],
    rates_rps: Mapping[str, Sequence[float]],
    cores: float | None = None,
    *,
    follows: bool = True,
) -> TelemetryRecord:
    """Telemetry of scenarios one after the other: processes by the setting, and answers at these rates by second."""
    at_s: list[float] = []
    counts: list[float] = []
    answers: list[int] = []
    windows = []
    total = 0.0
    for name, setting in names.items():
        begin = float(len(at_s))
        for rate in rates_rps[name]:
            at_s.append(float(len(at_s)))
            total += rate
            answers.append(math.floor(total))
            counts.append(2 + setting if follows else 3)
        windows.append(Window(name=name, from_s=begin, to_s=at_s[-1], answered=1))
    series = Series(source="processes", unit="count", at_s=at_s, values=counts, answered=answers)
    facts = {} if cores is None else {"processes.cores": cores}
    return TelemetryRecord(windows=windows, series={"processes.count": series}, facts=facts)
