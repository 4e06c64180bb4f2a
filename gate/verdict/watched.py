"""What telemetry says of one objective: a value with its bounds, or why there is none. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.record.telemetry import Series, TelemetryRecord, Window
from gate.stats.growth import Climb, Growth, climb, growth

LEAST_LEAK_BYTES = 100.0
"""Growth per request that matters where the suite names none."""
_LONGEST_HOLE = 0.25
"""Part of a window that may pass without a reading; what happened in a longer one nobody knows."""


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
        return Seen(why_not=why_unread(record, name))
    window = _window(record.windows, scenario)
    if window is None:
        return Seen(why_not="no load was made in that time")
    inside = [place for place, at_s in enumerate(series.at_s) if window.from_s <= at_s <= window.to_s]
    at_s = [series.at_s[place] for place in inside]
    hole_s = max((b - a for a, b in zip([window.from_s, *at_s], [*at_s, window.to_s], strict=True)), default=math.inf)
    if len(inside) < 2 or not hole_s <= _LONGEST_HOLE * (window.to_s - window.from_s):
        return Seen(why_not=f"{name} was read {len(inside)} times in {window.to_s - window.from_s:.0f} s: too few")
    values = [series.values[place] for place in inside]
    if statistic in ("leak", "growth_per_request", "growth_per_s"):
        answered = [float(series.answered[place]) for place in inside]
        return _grown(answered if statistic != "growth_per_s" else at_s, values, None if statistic != "leak" else least)
    peak = window.peaks.get(name, -math.inf)
    return exactly((_OF_COUNTERS if series.is_counter else _OF_LEVELS)[statistic](at_s, values, peak), len(inside))


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


_Statistic = Callable[[Sequence[float], Sequence[float], float], float]


def _mean_rate(at_s: Sequence[float], values: Sequence[float], _peak: float) -> float:
    return (values[-1] - values[0]) / (at_s[-1] - at_s[0])


def _highest_rate(at_s: Sequence[float], values: Sequence[float], _peak: float) -> float:
    steps = zip(at_s, at_s[1:], values, values[1:], strict=False)
    return max(((v2 - v1) / (t2 - t1) for t1, t2, v1, v2 in steps if t2 > t1), default=math.nan)


def _rise(_at_s: Sequence[float], values: Sequence[float], _peak: float) -> float:
    return values[-1] - values[0]


_OF_LEVELS: dict[str, _Statistic] = {
    "max": lambda _at_s, values, peak: max(*values, peak),
    "mean": lambda _at_s, values, _peak: math.fsum(values) / len(values),
    "last": lambda _at_s, values, _peak: values[-1],
    "rise": _rise,
}
_OF_COUNTERS: dict[str, _Statistic] = {"max": _highest_rate, "mean": _mean_rate, "rise": _rise}


def is_falling(series: Series) -> bool:
    """Whether a counter fell, as one does whose process was started anew: then no difference of it means anything."""
    return series.is_counter and any(
        later < sooner for sooner, later in zip(series.values, series.values[1:], strict=False)
    )
