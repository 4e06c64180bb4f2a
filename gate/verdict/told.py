"""What the server said under load, gathered from runs for a report: told, not judged. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from gate.record.run import Run
from gate.record.telemetry import Series, Statement, TelemetryRecord
from gate.verdict.details import Watched

MOST_STATEMENTS = 10


def watched(runs: Sequence[Run], renamed: Collection[str] = ()) -> Iterator[Watched]:
    """Every series of the run that watched, while load was made; counters by their rate.

    Parameters
    ----------
    renamed : collection of str
        Series that are told under another name already.
    """
    record = _record(runs)
    if record is None or not record.windows:
        return
    from_s = min(window.from_s for window in record.windows)
    to_s = max(window.to_s for window in record.windows)
    for name, series in record.series.items():
        values = list(_values(series, from_s, to_s))
        if values and name not in renamed:
            yield Watched(
                name=name,
                source=series.source,
                unit=series.unit,
                is_counter=series.is_counter,
                least=min(values),
                mean=math.fsum(values) / len(values),
                most=max(values),
                n=len(values),
            )


def statements(runs: Sequence[Run]) -> list[Statement]:
    """Those that took the most time, without the lines of their plans, which are in the run."""
    record = _record(runs)
    found = record.statements[:MOST_STATEMENTS] if record is not None else []
    return [statement.model_copy(update={"plan": []}) for statement in found]


def _record(runs: Sequence[Run]) -> TelemetryRecord | None:
    return next((run.telemetry for run in runs if run.telemetry is not None), None)


def _values(series: Series, from_s: float, to_s: float) -> Iterator[float]:
    """Of a level what was read, of a counter its rate from one reading to the next."""
    inside = [(at, value) for at, value in zip(series.at_s, series.values, strict=True) if from_s <= at <= to_s]
    if not series.is_counter:
        yield from (value for _, value in inside)
        return
    for (sooner, before), (later, after) in pairwise(inside):
        if later > sooner and after >= before:
            yield (after - before) / (later - sooner)
