"""Scaling over a setting of the preview: scenarios of the same load and mix, served with other values of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import median
from typing import Literal

from gate.config import sweeps as config
from gate.config.loads import Load
from gate.config.suite import Suite
from gate.config.sweeps import SettingSweep, statistics_of
from gate.record.run import Run
from gate.record.telemetry import Series, TelemetryRecord, Window
from gate.stats import laws
from gate.stats.ratios import Level, Times, levels, times
from gate.verdict.assessment.sweep_points import Measurement, measurements
from gate.verdict.assessment.watch import telemetry_of
from gate.verdict.swept import Sweep, SweepPoint, SweepUnit

CONFIDENCE = 0.9
PROCESSORS = "processes.cores"
"""Fact of telemetry."""
_COUNT = "processes.count"
_CLOSE_RATIO = 0.1
"""Of what a setting says to what was read: rows are added while load goes on."""
_Statistic = Literal["capacity", "rate", "mean"]
_Bounds = Literal["repeats", "batches", "search"]


def sweeps(suite: Suite, runs: Sequence[Run]) -> Iterator[Sweep]:
    """Of every setting that scenarios differ in alone: what the preview can do, and how long an answer takes."""
    telemetry = telemetry_of(runs)
    for sweep in config.sweeps(suite):
        load = suite.scenarios[next(iter(sweep.values))].load
        for statistic in _statistics(load):
            found = measurements(suite, runs, sweep, statistic)
            if len({each.setting for each in found}) > 1:
                made = _sweep(sweep, statistic, _unit(load, statistic), found, telemetry)
                yield made.model_copy(update={"of_search": load.find is not None})


def _statistics(load: Load) -> tuple[_Statistic, ...]:
    """What there is of the preview's own making, and always the time of an answer."""
    measured = statistics_of(load)
    return ("capacity", "mean") if "capacity" in measured else ("rate", "mean") if "rate" in measured else ("mean",)


def _unit(load: Load, statistic: _Statistic) -> SweepUnit:
    if statistic == "mean":
        return "s"
    return "users" if load.find == "max_users" else "rps"


def _sweep(
    sweep: SettingSweep,
    statistic: _Statistic,
    unit: SweepUnit,
    found: Sequence[Measurement],
    telemetry: TelemetryRecord | None,
) -> Sweep:
    groups = [list(group) for _, group in groupby(found, key=lambda each: each.setting)]
    compared, bounds_from = _compared(groups)
    exact = [each for each in found if not each.at_least]
    law = laws.fit("power", [each.setting for each in exact], [each.value for each in exact])
    lo, hi = law.slope_bounds(CONFIDENCE) if law is not None else (None, None)
    read_back = _followed_by(sweep, telemetry)
    processors = telemetry.facts.get(PROCESSORS) if telemetry is not None else None
    return Sweep(
        setting=sweep.setting,
        scenarios=list(sweep.values),
        statistic=statistic,
        unit=unit,
        points=[
            _point(group, groups[0], value, grows=statistic != "mean" and _grows(compared))
            for group, value in zip(groups, compared, strict=True)
        ],
        bounds_from=bounds_from,
        exponent=law.slope if law is not None else None,
        exponent_lo=lo,
        exponent_hi=hi,
        read_back=read_back,
        processors=int(processors) if processors is not None else None,
        beyond_processors=[
            setting
            for setting in sorted(set(sweep.values.values()))
            if read_back == _COUNT and processors is not None and setting > processors
        ],
    )


def _point(group: Sequence[Measurement], first: Sequence[Measurement], found: Times, *, grows: bool) -> SweepPoint:
    setting, at_least = group[0].setting, any(each.at_least for each in group)
    is_open = at_least or any(each.at_least for each in first)
    is_first = group[0].setting == first[0].setting
    return SweepPoint(
        setting=setting,
        n=len(group),
        value=math.exp(math.fsum(math.log(each.value) for each in group) / len(group)),
        at_least=at_least,
        times=None if is_open else found.value,
        times_lo=None if is_open or is_first else found.lo,
        times_hi=None if is_open or is_first else found.hi,
        efficiency_ratio=None if is_open or not grows else found.value * first[0].setting / setting,
    )


def _compared(groups: Sequence[Sequence[Measurement]]) -> tuple[list[Times], _Bounds | None]:
    """Each setting over the lowest one, with bounds from the best that there is to tell them by."""
    pooled = levels([[each.value for each in group] for group in groups])
    if pooled[0].variance is not None:
        return [times(level, pooled[0], CONFIDENCE) for level in pooled], "repeats"
    single = [group[0] for group in groups]
    if all(each.spread is not None for each in single):
        spread = [replace(each.spread or Level(0.0), mean=math.log(each.value)) for each in single]
        return [times(level, spread[0], CONFIDENCE) for level in spread], "batches"
    plain = [times(level, pooled[0]) for level in pooled]
    first = single[0]
    if first.highest is None or not all(each.highest is not None for each in single):
        return plain, None
    return [
        Times(value.value, each.value / first.highest, (each.highest or each.value) / first.value)
        for each, value in zip(single, plain, strict=True)
    ], "search"


def _grows(compared: Sequence[Times]) -> bool:
    """Whether the highest setting makes more than the lowest, beyond its bounds: else there is no efficiency."""
    last = compared[-1]
    return (last.value if last.lo is None else last.lo) > 1


def _followed_by(sweep: SettingSweep, telemetry: TelemetryRecord | None) -> str | None:
    """The series that shows that the setting took effect: one process more for each one more, or a level as large."""
    if telemetry is None:
        return None
    for name in sorted(telemetry.series, key=lambda name: name != _COUNT):
        series = telemetry.series[name]
        seen = {} if series.is_counter else _levels(series, telemetry.windows, sweep)
        if set(seen) != set(sweep.values):
            continue
        if name == _COUNT and len({seen[other] - setting for other, setting in sweep.values.items()}) == 1:
            return name
        if all(abs(seen[other] - setting) <= _CLOSE_RATIO * setting for other, setting in sweep.values.items()):
            return name
    return None


def _levels(series: Series, windows: Sequence[Window], sweep: SettingSweep) -> dict[str, float]:
    """Median of a series during each scenario of a sweep."""
    found = dict[str, float]()
    for window in windows:
        inside = [
            v for at_s, v in zip(series.at_s, series.values, strict=False) if window.from_s <= at_s <= window.to_s
        ]
        if inside and window.name in sweep.values:
            found[window.name] = median(inside)
    return found
