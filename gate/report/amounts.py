"""Numbers of a row as text, each in its unit."""

from __future__ import annotations

from collections.abc import Callable

from gate.report.words import metric_name
from gate.units import format_duration, format_rate, format_ratio, format_size
from gate.verdict.telemetry_rows import AT_LEAST, BACK, LEAK, PREFIX
from gate.verdict.values import Row

NOTHING = "–"
_FORMATS: dict[str, Callable[[float], str]] = {
    "s": format_duration,
    "ratio": format_ratio,
    "rps": format_rate,
    "bytes": format_size,
    "count": lambda number: f"{number:,.0f}" if number == round(number) else f"{number:,.3g}",
}
_TIMES = 2.0
"""From here a change is told as a factor: people read ``×39`` more easily than ``+3800 %``."""
_AT_LEAST = ("rate", "success", "capacity", "expiries")


def amount(value: float | None, unit: str) -> str:
    """One value, or a dash."""
    return NOTHING if value is None else _FORMATS[unit](value)


def bounded(row: Row) -> str:
    """The candidate's value with its one-sided 95 % bounds, as far as there are any."""
    value = amount(row.candidate, row.unit)
    if row.lo is not None and row.hi is not None:
        return f"{value} ({amount(row.lo, row.unit)} to {amount(row.hi, row.unit)})"
    if row.lo is not None:
        return f"{value} (at least {amount(row.lo, row.unit)})"
    return f"{value} (at most {amount(row.hi, row.unit)})" if row.hi is not None else value


def objective(row: Row) -> str:
    """An objective as people say it: ``p95 at most 200 ms``."""
    if row.metric.startswith(PREFIX):
        return _watched(row)
    statistic = row.metric.removeprefix("limit:")
    side = "at least" if statistic in _AT_LEAST else "at most"
    an_hour = " an hour" if statistic == "degradation" else ""
    return f"{statistic.replace('_', ' ')} {side} {amount(row.limit, row.unit)}{an_hour}"


def _watched(row: Row) -> str:
    limit, test = amount(row.limit, row.unit), row.trail.test if row.trail is not None else ""
    if test == LEAK:
        return f"{metric_name(row.metric)} of {limit} per request: none"
    if test == BACK:
        return f"{metric_name(row.metric)} to {limit}"
    return f"{metric_name(row.metric)} {'at least' if test == AT_LEAST else 'at most'} {limit}"


def change(row: Row) -> str:
    """A change with its 90 % interval."""
    if row.change is None:
        return NOTHING
    if row.change_lo is None or row.change_hi is None:
        return signed(row.change)
    lo, hi = signed(row.change_lo), signed(row.change_hi)
    return f"{signed(row.change)} ({lo.removesuffix(' %') if hi.endswith(' %') else lo} to {hi})"


def signed(ratio: float) -> str:
    """A change: in percent, as a factor where it is large."""
    return f"×{1 + ratio:.3g}" if ratio >= _TIMES else format_ratio(ratio, signed=True)


def slower(row: Row) -> str:
    """How much slower in words, with the measured values where they are known."""
    ratio = row.change or 0.0
    words = f"{1 + ratio:.3g} times as slow as" if ratio >= _TIMES else f"{format_ratio(ratio)} slower than"
    seen = ""
    if row.baseline is not None and row.candidate is not None:
        seen = f" ({amount(row.candidate, row.unit)}, was {amount(row.baseline, row.unit)})"
    return f"{words} main{seen}"


def detectable(row: Row) -> str:
    """The smallest slowdown (of errors: share) that would have been caught."""
    if row.detectable is None:
        return NOTHING
    if row.metric == "errors":
        return format_ratio(row.detectable)
    return signed(row.detectable) if row.detectable < 10 else "more than ×10"
