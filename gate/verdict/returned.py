"""Whether what the load took is given back: levels of telemetry at rest, before the scenarios and after them. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from gate.config.amounts import Amount
from gate.record.telemetry import Rests, Source, TelemetryRecord, TelemetryUnit
from gate.units import format_duration, format_rate, format_ratio, format_size
from gate.verdict.watched import Seen, of_series, why_unread

_HALF = 0.5
_WORDS = {"none": ", and no longer growing by the end: kept, not leaked", "leak": ", and growing to the end"}
_FORMATS: dict[TelemetryUnit, Callable[[float], str]] = {
    "bytes": format_size,
    "ratio": format_ratio,
    "s": format_duration,
    "per_s": format_rate,
    "count": lambda number: f"{number:,.6g}",
}


def allowed(before: float, back: Amount) -> float:
    """The highest level that is back where it was."""
    return before * (1 + back.value) if back.unit == "ratio" else before + back.value


def of_rests(record: TelemetryRecord, name: str, scenario: str | None, back: Amount) -> Seen:
    """The level after a scenario, or after all, with the limit that the one before makes, told in words."""
    series, rests = record.series.get(name), record.rests.get(scenario or "*")
    if series is None:
        return Seen(why_not=why_unread(record, name))
    if rests is None:
        why = record.unread.get("rest", "there was none")
        return Seen(why_not=f"{name} was not read in a rest: {why}")
    if not any(window.answered for window in record.windows if scenario in (None, window.name)):
        return Seen(why_not=f"{name}: nothing was answered between the rests, so nothing had to be given back")
    before, after = (rest.levels.get(name, math.nan) for rest in (rests.before, rests.after))
    if not (math.isfinite(before) and math.isfinite(after)):
        return Seen(why_not=f"{name} was not read in both rests")
    fallen = next(_fallen(record, series.source, rests), None)
    if fallen is not None:
        return Seen(why_not=f"{name}: its process was started anew between the rests, for {fallen}, a counter, fell")
    limit = allowed(before, back)
    shown, is_back = _FORMATS[series.unit], after <= limit
    told = f"{name}: {shown(before)} before the load, {shown(after)} after it"
    told += ": back" if is_back else f": NOT back{_kept(record, name, scenario, after - before)}"
    return Seen(after, after, after, 2, limit=limit, told=told)


def _fallen(record: TelemetryRecord, source: Source, rests: Rests) -> Iterator[str]:
    """Counters of a source that fell from one rest to the other: what they count of began anew, and holds less."""
    from_s, to_s = rests.before.from_s, rests.after.to_s
    between = [window for window in record.windows if from_s <= window.from_s and window.to_s <= to_s]
    for name, series in record.series.items():
        if series.source != source or not series.is_counter:
            continue
        kept = [v for at_s, v in zip(series.at_s, series.values, strict=True) if from_s <= at_s <= to_s]
        falls = sum(window.sums[name].falls for window in between if name in window.sums)
        if falls or any(later < sooner for sooner, later in pairwise(kept)):
            yield name


def _kept(record: TelemetryRecord, name: str, scenario: str | None, more: float) -> str:
    """Whether what stays had ceased to grow by the end of the load: half of its mean growth is what would matter."""
    answered = sum(window.answered for window in record.windows if scenario in (None, window.name))
    if not (more > 0 and answered > 0):
        return ""
    climb = of_series(record, name, "leak", scenario, _HALF * more / answered).climb
    return _WORDS.get(climb.kind, "") if climb is not None else ""
