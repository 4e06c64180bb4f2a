"""Telemetry in figures: each series summed up, and how full resources were during each stretch of load. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from gate.config.suite import Suite
from gate.record.run import Run
from gate.record.telemetry import Series, TelemetryRecord, Window
from gate.stats.growth import LEAST_STRETCHES, growth
from gate.verdict.beheld import Held, Watch, Watched
from gate.verdict.loaded import ResourceUse
from gate.verdict.share_means import WITNESSES, mean_share

FULL_RATIO = 0.95
"""From this share on all of it is in use: samples are taken at instants, between which a place is handed on."""


@dataclass(frozen=True)
class Resource:
    """Something that there is so much of and no more."""

    name: str
    in_use: str
    size: str
    """Names of series; a size may be a fact as well."""


POOL = Resource("connection pool", "pool.in_use", "pool.size")
PROCESSORS = Resource("processors", "processes.machine_cpu", "processes.cores")
"""Of the machine, whoever used them."""
PREVIEW_ALONE = Resource("processors (by the preview alone)", "processes.cpu", "processes.cores")
RESOURCES = (
    POOL,
    Resource("connections of PostgreSQL", "postgres.connections", "postgres.max_connections"),
    PROCESSORS,
    PREVIEW_ALONE,
)


def telemetry_of(runs: Sequence[Run]) -> TelemetryRecord | None:
    """What was watched in the run that made the scenarios; None if nobody asked."""
    return next((run.telemetry for run in runs if run.telemetry is not None), None)


def watch(record: TelemetryRecord, renamed: Collection[str] = ()) -> Watch:
    """Every series over the whole run, and what was read once.

    Parameters
    ----------
    renamed : collection of str
        Series that are told under another name already.
    """
    shown = sorted((name, series) for name, series in record.series.items() if series.values and name not in renamed)
    return Watch(
        series=[_watched(name, series, record) for name, series in shown],
        statements=record.statements,
        relations=record.relations,
        database_bytes=record.database_bytes,
        facts=record.facts,
        unread=record.unread,
    )


def renamed_in(suite: Suite) -> frozenset[str]:
    """Series of a suite that are told under the names of the pool."""
    return suite.telemetry.pool.renamed if suite.telemetry.pool is not None else frozenset()


def resource_use(record: TelemetryRecord) -> Iterator[ResourceUse]:
    """Of every resource whose use and size were both read, in every stretch of load that has samples."""
    watched = [(resource, record.series[resource.in_use]) for resource in RESOURCES if resource.in_use in record.series]
    for resource, used in watched:
        for name in dict.fromkeys(window.name for window in record.windows):
            windows = [window for window in record.windows if window.name == name]
            found, size = _within(used, windows), _size(record, resource.size, windows)
            if found and size is not None and size > 0:
                full = sum(value >= FULL_RATIO * size for value in found)
                yield ResourceUse(
                    resource=resource.name,
                    window=name,
                    most=max(found),
                    size=size,
                    full_ratio=full / len(found),
                    n=len(found),
                )


def _watched(name: str, series: Series, record: TelemetryRecord) -> Watched:
    values, whole = series.values, series.whole
    return Watched(
        name=name,
        source=series.source,
        unit=series.unit,
        n=len(values) if whole is None else whole.n,
        first=values[0] if whole is None else whole.first,
        last=values[-1] if whole is None else whole.last,
        least=min(values) if whole is None else whole.least,
        mean=_mean(name, series),
        most=max(values) if whole is None else whole.most,
        is_counter=series.is_counter,
        held=[
            Held(around=around, before=rests.before.levels[name], after=rests.after.levels[name])
            for around, rests in record.rests.items()
            if name in rests.before.levels and name in rests.after.levels
        ],
        rising=None if series.is_counter else _is_rising(series),
    )


def _mean(name: str, series: Series) -> float:
    weighed = mean_share(series) if name in WITNESSES else math.nan
    if math.isfinite(weighed):
        return weighed
    return fmean(series.values) if series.whole is None else series.whole.mean


def _is_rising(series: Series) -> bool | None:
    found = growth(series.at_s, series.values)
    return None if found.n < LEAST_STRETCHES - 1 else found.lo > 0


def _size(record: TelemetryRecord, name: str, windows: Sequence[Window]) -> float | None:
    """The most it may be: as the series says meanwhile, for scenarios may be served otherwise; else as configured."""
    series = record.series.get(name)
    meanwhile = _within(series, windows) if series is not None else []
    return max(meanwhile) if meanwhile else record.facts.get(name)


def _within(series: Series, windows: Sequence[Window]) -> list[float]:
    """Values in some stretches of load; of what only rises how fast it did, such as seconds of processors a second."""
    points = list(zip(series.at_s, series.values, strict=False))
    if series.is_counter:
        points = [(b[0], (b[1] - a[1]) / (b[0] - a[0])) for a, b in pairwise(points) if b[0] > a[0]]
    return [value for at_s, value in points if any(window.from_s <= at_s <= window.to_s for window in windows)]
