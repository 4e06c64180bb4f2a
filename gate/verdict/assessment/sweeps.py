"""Scaling over a setting of the preview: scenarios of the same load and mix, served with other values of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal

from gate.config import sweeps as config
from gate.config.suite import Suite
from gate.config.sweeps import SettingSweep, statistics_of
from gate.record.run import Run
from gate.record.telemetry import TelemetryRecord
from gate.stats import laws
from gate.stats.ratios import Level, Times, levels, times
from gate.verdict.assessment.sweep_points import Measurement, measurements
from gate.verdict.assessment.watch import telemetry_of
from gate.verdict.swept import Sweep, SweepPoint, SweepUnit

CONFIDENCE = 0.9
PROCESSORS = "processes.cores"
"""Fact of telemetry."""
_COUNT = "processes.count"
_Statistic = Literal["capacity", "rate", "mean"]
_Bounds = Literal["repeats", "batches", "search"]


def sweeps(suite: Suite, runs: Sequence[Run]) -> Iterator[Sweep]:
    """Of every setting that scenarios differ in alone: what the preview can do, and how long an answer takes."""
    for sweep in config.sweeps(suite):
        load = suite.scenarios[next(iter(sweep.values))].load
        statistics: tuple[_Statistic, ...] = ("capacity", "rate", "mean")
        for statistic in statistics:
            if statistic in statistics_of(load) or statistic == "mean":
                found = measurements(suite, runs, sweep, statistic)
                if len({each.setting for each in found}) > 1:
                    of_users = load.find == "max_users"
                    unit: SweepUnit = (
                        "s" if statistic == "mean" else "users" if statistic == "capacity" and of_users else "rps"
                    )
                    yield _sweep(sweep, statistic, unit, found, telemetry_of(runs))


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
    is_read_back = _is_read_back(sweep, telemetry)
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
        is_read_back=is_read_back,
        processors=int(processors) if processors is not None else None,
        beyond_processors=[
            setting
            for setting in sorted(set(sweep.values.values()))
            if is_read_back and processors is not None and setting > processors
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


def _is_read_back(sweep: SettingSweep, telemetry: TelemetryRecord | None) -> bool:
    """Whether the number of processes followed the setting one by one: then it is one, and it took effect."""
    series = telemetry.series.get(_COUNT) if telemetry is not None else None
    if telemetry is None or series is None:
        return False
    others = set[float]()
    for window in telemetry.windows:
        if window.name not in sweep.values:
            continue
        inside = [
            n for at_s, n in zip(series.at_s, series.values, strict=False) if window.from_s <= at_s <= window.to_s
        ]
        others.add(sorted(inside)[len(inside) // 2] - sweep.values[window.name] if inside else math.nan)
    seen = {window.name for window in telemetry.windows}
    return len(others) == 1 and set(sweep.values) <= seen
