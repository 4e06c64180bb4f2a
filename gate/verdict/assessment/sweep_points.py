"""What single scenarios of a sweep measured, run by run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from gate.config.suite import Suite
from gate.config.sweeps import SettingSweep
from gate.load.histogram import Histogram
from gate.record.run import Run
from gate.record.scenario import ScenarioRecord, SearchRecord
from gate.record.telemetry import TelemetryRecord
from gate.stats.ratios import Level, from_counts

_MOST_FAILED = 0.01
"""Share of the requests, beyond which a mean of those that were answered says nothing of how long it takes."""
_LEAST_BEYOND = 10.0
"""Answers beyond a quantile, below which it is a matter of a few."""


@dataclass(frozen=True)
class Measurement:
    """One scenario of one run."""

    setting: float
    value: float
    at_least: bool = False
    highest: float | None = None
    """Of a search: its lowest level that did not hold above the capacity."""
    spread: Level | None = None
    """By parts of its load, where these were counted."""


def measurements(
    suite: Suite, runs: Sequence[Run], sweep: SettingSweep, statistic: str, endpoint: str | None = None
) -> list[Measurement]:
    """Everything that was measured of one statistic, by setting; scenarios that were not reached have nothing.

    Parameters
    ----------
    statistic : str
        ``capacity`` in the unit of the search, ``capacity_rps`` the rate of answers there, ``rate``, or a latency.
    endpoint : str, optional
        Of the mix; without it all of the mix together.
    """
    found = [
        measured
        for name, setting in sweep.values.items()
        for run in runs
        if name in run.reached
        for measured in _measured(suite, run, name, setting, statistic, endpoint)
    ]
    return sorted(found, key=lambda measured: measured.setting)


def _measured(
    suite: Suite, run: Run, name: str, setting: float, statistic: str, endpoint: str | None
) -> Iterator[Measurement]:
    record = run.reached[name]
    if record.search is not None:
        yield from _of_search(record.search, setting, statistic)
    elif statistic == "rate":
        if record.completed and record.elapsed_s > 0:
            rate_rps = record.completed / record.elapsed_s
            yield Measurement(setting, rate_rps, spread=_spread(run.telemetry, name, rate_rps))
    else:
        value_s = _latency(record, statistic, endpoint)
        if value_s is not None:
            yield Measurement(setting, value_s, spread=_of_time(suite, run, name, statistic, endpoint))


def _of_search(search: SearchRecord, setting: float, statistic: str) -> Iterator[Measurement]:
    if statistic == "mean":
        first = min((level.level for level in search.levels), default=None)
        tried = [level for level in search.levels if level.level == first and level.mean_s]
        means = [level.mean_s for level in tried if level.mean_s and level.error_ratio <= _MOST_FAILED]
        if means and len(means) == len(tried):
            yield Measurement(setting, fmean(means))
    elif search.finished and search.capacity is not None:
        highest = lowest_missed(search) if search.is_bounded else None
        if statistic == "capacity":
            yield Measurement(setting, search.capacity, not search.is_bounded, highest)
        elif search.capacity_rps:
            yield Measurement(setting, search.capacity_rps, not search.is_bounded)


def lowest_missed(search: SearchRecord) -> float | None:
    """The level at which a search ended from above; None where all that it tried held."""
    capacity = search.capacity or 0.0
    return min((level.level for level in search.levels if not level.met and level.level > capacity), default=None)


def _latency(record: ScenarioRecord, statistic: str, endpoint: str | None) -> float | None:
    """Requests that failed count as slower than all others, as limits count them; None if it is beyond all answers."""
    part = record if endpoint is None else record.steps.get(endpoint)
    found = Histogram.decode(part.histogram) if part is not None else Histogram()
    if part is None or not found.n:
        return None
    asked = max(found.n, part.sent + part.dropped)
    if statistic == "mean":
        return found.mean() if asked - found.n <= _MOST_FAILED * asked else None
    share = int(statistic.removeprefix("p")) / 100
    place = share * asked / found.n
    return found.quantile(place) if place <= 1 and asked * (1 - share) >= _LEAST_BEYOND else None


def _of_time(suite: Suite, run: Run, name: str, statistic: str, endpoint: str | None) -> Level | None:
    """Of users who do not think: their number is rate times time (Little's law), so that both differ alike."""
    load, record = suite.scenarios[name].load, run.reached[name]
    is_paced = load.is_open or bool(load.think_s) or load.users is None
    if is_paced or statistic != "mean" or endpoint is not None or not record.completed:
        return None
    return _spread(run.telemetry, name, record.completed / record.elapsed_s)


def _spread(telemetry: TelemetryRecord | None, name: str, rate_rps: float) -> Level | None:
    """From the answers that were counted at each reading of telemetry."""
    windows = [window for window in telemetry.windows if window.name == name] if telemetry is not None else []
    if telemetry is None or len(windows) != 1 or not telemetry.series:
        return None
    series = max(telemetry.series.values(), key=lambda each: len(each.at_s))
    inside = [
        (at_s, answered)
        for at_s, answered in zip(series.at_s, series.answered, strict=False)
        if windows[0].from_s <= at_s <= windows[0].to_s
    ]
    found = from_counts(rate_rps, [at_s for at_s, _ in inside], [answered for _, answered in inside])
    return found if found.variance is not None else None
