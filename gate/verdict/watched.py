"""What telemetry says of one objective: a value with its bounds, or why there is none. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gate.record.telemetry import Series, Summed, TelemetryRecord, Window
from gate.stats.growth import Climb, Growth, climb, growth
from gate.verdict.share_means import WITNESSES, mean_share

LEAST_LEAK_BYTES = 100.0
"""Growth per request that matters where the suite names none."""
_LONGEST_HOLE = 0.25
"""Part of a window that may pass without a reading; what happened in a longer one nobody knows."""


_LEAST_READINGS = 2
_NOTHING = "{} is a share of what happened between two readings, and nothing did"


@dataclass(frozen=True)
class Seen:
    """A value as it was seen; NaN where nothing was measured, with the reason."""

    value: float = math.nan
    lo: float = -math.inf
    hi: float = math.inf
    """One-sided 95 % bounds of a fit; equal to the value where every reading counts."""
    n: int = 0
    """Readings or answers behind it."""
    why_not: str = ""
    climb: Climb | None = None
    """Of a question whether there is a leak."""
    limit: float = math.nan
    """Of a question whether it is back: the highest that is; NaN of every other, whose limit the suite says."""
    told: str = ""
    """The same in words."""


def exactly(value: float, n: int) -> Seen:
    """A value that is no estimate."""
    return Seen(value, value, value, n)


def of_series(record: TelemetryRecord, name: str, statistic: str, scenario: str | None, least: float) -> Seen:
    """A statistic of a series while a scenario ran, or from the first request to the last.

    Parameters
    ----------
    statistic : str
        As the suite names it, or ``leak``.
    least : float
        Growth per request that a leak is.
    """
    series = record.series.get(name)
    if series is None:
        was_read = WITNESSES.get(name) in record.series
        return Seen(why_not=_NOTHING.format(name) if was_read else why_unread(record, name))
    window = _window(record.windows, scenario)
    if window is None:
        return Seen(why_not="no load was made in that time")
    if not window.answered:
        return Seen(why_not=f"no request was answered in that time, so {name} was not seen under load")
    found = _within(name, series, window, series.load if scenario is None else window.sums.get(name))
    is_growth = statistic in ("leak", "growth_per_request", "growth_per_s")
    witness = record.series.get(WITNESSES.get(name, name), series)
    n, hole_s = _cover(witness, window, None if is_growth or witness is not series else found.all_of)
    if n < _LEAST_READINGS or not hole_s <= _LONGEST_HOLE * (window.to_s - window.from_s):
        return Seen(why_not=f"{name} was read {n} times in {window.to_s - window.from_s:.0f} s: too few")
    if not found.values and found.all_of is None:
        return Seen(why_not=_NOTHING.format(name))
    if is_growth:
        x = found.at_s if statistic == "growth_per_s" else found.answered
        return _grown(x, found.values, least if statistic == "leak" else None)
    value = (_OF_COUNTERS if series.is_counter else _OF_LEVELS)[statistic](found)
    if name in WITNESSES and statistic == "mean":
        weighed = mean_share(series, window.from_s, window.to_s)
        value = weighed if math.isfinite(weighed) else value
    if not math.isfinite(value):
        return Seen(why_not=f"of {name} too few readings are kept to see {statistic}")
    return exactly(value, len(found.values) if found.all_of is None else found.all_of.n)


def why_unread(record: TelemetryRecord, name: str) -> str:
    """Why a series is not there: its own reason, or that of a source."""
    reasons = [record.unread[name]] if name in record.unread else []
    source = name.partition(".")[0]
    source = source if source in ("postgres", "redis", "processes") else "prometheus"
    reasons += [record.unread[source]] if source in record.unread else []
    return f"{name} could not be read: {reasons[0]}" if reasons else f"{name} was never told"


def _window(windows: Sequence[Window], scenario: str | None) -> Window | None:
    """That of a scenario; of everything from the first to the last."""
    if scenario is not None:
        return next((window for window in windows if window.name == scenario), None)
    if not windows:
        return None
    peaks: dict[str, float] = {}
    for window in windows:
        for name, peak in window.peaks.items():
            peaks[name] = max(peak, peaks.get(name, -math.inf))
    return Window(
        name="run",
        from_s=min(window.from_s for window in windows),
        to_s=max(window.to_s for window in windows),
        answered=sum(window.answered for window in windows),
        peaks=peaks,
    )


def _grown(x: Sequence[float], values: Sequence[float], least: float | None) -> Seen:
    if least is None:
        return _bounded(growth(x, values), len(values))
    found = climb(x, values, least)
    seen = _bounded(found.growth, len(values))
    return Seen(seen.value, seen.lo, seen.hi, seen.n, seen.why_not, found)


def _bounded(found: Growth, n: int) -> Seen:
    if not math.isfinite(found.slope):
        return Seen(n=n, why_not="too few readings to see growth")
    return Seen(found.slope, found.lo, found.hi, n)


@dataclass(frozen=True)
class _Readings:
    """What was read of a series in some time."""

    at_s: list[float]
    values: list[float]
    answered: list[float]
    all_of: Summed | None
    """What every reading came to, where these are only some of them."""
    peak: float
    """The largest of all, in runs of older versions."""


def _within(name: str, series: Series, window: Window, all_of: Summed | None) -> _Readings:
    inside = _places(series, window)
    return _Readings(
        at_s=[series.at_s[place] for place in inside],
        values=[series.values[place] for place in inside],
        answered=[float(series.answered[place]) for place in inside],
        all_of=all_of,
        peak=window.peaks.get(name, -math.inf),
    )


def _places(series: Series, window: Window) -> list[int]:
    return [place for place, at_s in enumerate(series.at_s) if window.from_s <= at_s <= window.to_s]


def _cover(series: Series, window: Window, all_of: Summed | None) -> tuple[int, float]:
    """Readings within a window, and the longest time of it that passed without one."""
    if all_of is not None:
        return all_of.n, max(all_of.hole_s, all_of.from_s - window.from_s, window.to_s - all_of.to_s)
    at_s = [series.at_s[place] for place in _places(series, window)]
    return len(at_s), max(b - a for a, b in pairwise([window.from_s, *at_s, window.to_s]))


_Statistic = Callable[[_Readings], float]


def _mean(found: _Readings) -> float:
    return found.all_of.mean if found.all_of is not None else math.fsum(found.values) / len(found.values)


def _most(found: _Readings) -> float:
    return max([found.peak, *found.values] if found.all_of is None else [found.all_of.most])


def _last(found: _Readings) -> float:
    return found.all_of.last if found.all_of is not None else found.values[-1]


def _rise(found: _Readings) -> float:
    return _last(found) - (found.all_of.first if found.all_of is not None else found.values[0])


def _mean_rate(found: _Readings) -> float:
    ends = (found.at_s[0], found.at_s[-1]) if found.all_of is None else (found.all_of.from_s, found.all_of.to_s)
    return _rise(found) / (ends[1] - ends[0])


def _highest_rate(found: _Readings) -> float:
    """From one reading to the next; of those that are kept of many, which are farther apart, it would be too low."""
    if found.all_of is not None:
        return math.nan if found.all_of.steepest is None else found.all_of.steepest
    steps = zip(pairwise(found.at_s), pairwise(found.values), strict=True)
    return max(((v2 - v1) / (t2 - t1) for (t1, t2), (v1, v2) in steps if t2 > t1), default=math.nan)


_OF_LEVELS: dict[str, _Statistic] = {"max": _most, "mean": _mean, "last": _last, "rise": _rise}
_OF_COUNTERS: dict[str, _Statistic] = {"max": _highest_rate, "mean": _mean_rate, "rise": _rise}


def is_falling(series: Series) -> bool:
    """Whether a counter fell, as one does whose process was started anew: then no difference of it means anything."""
    falls = any(later < sooner for sooner, later in pairwise(series.values))
    return series.is_counter and (falls or (series.whole is not None and series.whole.falls > 0))
