"""From samples to the series of a record. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gate.record.telemetry import MOST_SAMPLES, Series, Source, TelemetryUnit, Window
from gate.telemetry.source import Reading
from gate.telemetry.timeline import Timeline


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
    """Growth of a sum per request answered, from each sample to the next; none where no request was answered."""
    made = replace(total, is_counter=False, at_s=[], values=[])
    for place in range(1, len(total.values)):
        requests, grown = answered[place] - answered[place - 1], total.values[place] - total.values[place - 1]
        if requests > 0 and grown >= 0:
            made.at_s.append(total.at_s[place])
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
