"""From samples to the series of a record. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gate.record.telemetry import MOST_SAMPLES, Series, Source, TelemetryUnit, Window
from gate.telemetry.source import Reading
from gate.telemetry.timeline import Timeline

_STRETCH_S, _LEAST_REQUESTS = 2.0, 10


@dataclass(frozen=True)
class Points:
    """One quantity over time, as it was read."""

    source: Source
    unit: TelemetryUnit
    is_counter: bool
    at_s: list[float] = field(default_factory=list)
    """On the clock of the run."""
    values: list[float] = field(default_factory=list)


def points_of(source: Source, samples: Sequence[tuple[float, Mapping[str, Reading]]]) -> dict[str, Points]:
    """Every quantity of a source by name; values that are no finite numbers are left out."""
    found: dict[str, Points] = {}
    for at_s, readings in samples:
        for name, reading in readings.items():
            points = found.setdefault(name, Points(source, reading.unit, reading.is_counter))
            if math.isfinite(reading.value):
                points.at_s.append(at_s)
                points.values.append(reading.value)
    return {name: points for name, points in found.items() if points.values}


def per_request(total: Points, answered: Sequence[int]) -> Points:
    """Growth of a sum per request answered, at each sample over what came before it.

    Progress of the load is told once a second; over a shorter stretch than two of these a few requests more or less
    would count for much. Where hardly anything was answered there is none.
    """
    made = replace(total, is_counter=False, at_s=[], values=[])
    begin = 0
    for place, at_s in enumerate(total.at_s):
        while begin < place and total.at_s[begin + 1] <= at_s - _STRETCH_S:
            begin += 1
        requests, grown = answered[place] - answered[begin], total.values[place] - total.values[begin]
        if at_s - total.at_s[begin] >= _STRETCH_S and requests >= _LEAST_REQUESTS and grown >= 0:
            made.at_s.append(at_s)
            made.values.append(grown / requests)
    return made


def series_record(
    points: Mapping[str, Points], timeline: Timeline, since_s: float
) -> tuple[list[Window], dict[str, Series]]:
    """Windows and series as they are kept; those that are thinned leave their peaks in the windows."""
    windows = timeline.windows(since_s)
    peaks: dict[str, dict[str, float]] = {window.name: {} for window in windows}
    series = {}
    for name, found in sorted(points.items()):
        at_s = [at - since_s for at in found.at_s]
        every = _stride(len(at_s))
        if every > 1 and not found.is_counter:
            for window in windows:
                inside = [v for at, v in zip(at_s, found.values, strict=True) if window.from_s <= at <= window.to_s]
                if inside:
                    peaks[window.name][name] = max(inside)
        kept = slice(None, None, every)
        series[name] = Series(
            source=found.source,
            unit=found.unit,
            is_counter=found.is_counter,
            at_s=[round(at, 3) for at in at_s[kept]],
            values=[float(f"{value:.12g}") for value in found.values[kept]],
            answered=timeline.answered_by(found.at_s[kept]),
        )
    return [window.model_copy(update={"peaks": peaks[window.name]}) for window in windows], series


def _stride(samples: int) -> int:
    """Every second sample, as often as needed."""
    every = 1
    while -(-samples // every) > MOST_SAMPLES:
        every *= 2
    return every
