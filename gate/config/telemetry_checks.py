"""What must fit between telemetry, the preview that it watches, and its objectives. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gate.config import hints
from gate.config.checks import Location, Misfit, unknown
from gate.config.quantities import Quantity, quantities, timed, watched
from gate.config.telemetry import TelemetryObjective
from gate.config.templates import placeholders, unique_placeholders

if TYPE_CHECKING:
    from gate.config.suite import Suite

_HERE: Location = ("telemetry",)
_OF_ANSWERS = ("max", "mean")
"""Statistics of what answers say one by one: there is no order in it."""
_LEAST_READINGS = 4
"""In a rest, of which the second half counts."""
_LIKE = {"bytes": "100B", "ratio": "99%", "count": "10", "s": "10ms", "per_s": "5/s"}


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything in telemetry that does not fit together."""
    telemetry = suite.telemetry
    if telemetry.processes and suite.preview.serve is None:
        message = "watches processes, and only those of preview.serve are known; take it out, or add preview.serve"
        yield Misfit((*_HERE, "processes"), message, also=(("preview", "serve"),))
    yield from _environment_only(suite)
    yield from _pool(suite)
    yield from _rest(suite)
    known, seen = quantities(suite), Counter[str]()
    for index, objective in enumerate(telemetry.objectives):
        here: Location = (*_HERE, "objectives", index)
        row = f"{objective.scenario or '*'}/{objective.of}/{objective.judged}"
        seen[row] += 1
        if seen[row] == 2:
            yield Misfit(here, f"is the second objective on {objective.judged} of {objective.of}; keep one of each")
        if objective.scenario is not None and objective.scenario not in suite.scenarios:
            yield unknown((*here, "scenario"), "scenario", "scenarios", objective.scenario, suite.scenarios)
        if objective.leak is not None:
            yield from _constant((*here, "leak"), suite, objective.scenario)
        if objective.of in known:
            yield from _fits(here, objective, known[objective.of], is_timed=objective.of in timed(suite))
        else:
            cure = hints.cure(objective.of, known, none="add a source, such as prometheus")
            yield Misfit((*here, "of"), f"names {objective.of!r}, which nothing watches; {cure}", also=_sources())


def _constant(here: Location, suite: Suite, name: str | None) -> Iterator[Misfit]:
    """Of a load that changes nobody can tell a leak from what more requests at a time take."""
    if name is None:
        if suite.scenarios:
            message = "asks whether it leaks over the whole run, in which the load changes; add scenario"
            yield Misfit(here, message, also=(("scenarios",),))
        return
    load = suite.scenarios[name].load if name in suite.scenarios else None
    if load is not None and (load.find is not None or load.hours is not None or len(load.levels) > 1):
        message = f"asks whether it leaks under a load that changes; give {name} one rate or one number of users"
        yield Misfit(here, message, also=(("scenarios", name, "load"),))


def _sources() -> tuple[Location, ...]:
    keys = ("prometheus", "postgres", "redis", "processes", "pool", "server_timing")
    return (*((*_HERE, key) for key in keys), ("endpoints",))


def _fits(here: Location, objective: TelemetryObjective, of: Quantity, *, is_timed: bool) -> Iterator[Misfit]:
    judged = objective.judged
    if is_timed and judged not in _OF_ANSWERS:
        yield Misfit((*here, "of"), f"asks for {judged} of what each answer says by itself; there are max and mean")
        return
    if objective.back is not None and not of.is_counter:
        if objective.back.unit not in ("ratio", of.unit):
            like = _LIKE[of.unit]
            message = f"is neither a share nor in the unit of {objective.of}; write it like 10% or {like}"
            yield Misfit((*here, "back"), message)
        return
    if of.is_counter and judged not in ("rise", "mean", "max"):
        message = f"asks for {judged} of a counter, which always rises; there are rise, and mean and max of its rate"
        yield Misfit((*here, "of"), message)
        return
    wanted = unit_of(objective, of)
    for key, amount in (("most", objective.most), ("least", objective.least)):
        if amount is not None and amount.unit != wanted:
            yield Misfit((*here, key), f"is not in the unit of {objective.of}; write it like {_LIKE[wanted]}")


def _rest(suite: Suite) -> Iterator[Misfit]:
    """What is asked of a rest, and whether there is one, long enough to be read."""
    telemetry, asks = suite.telemetry, [o.back is not None for o in suite.telemetry.objectives]
    if any(asks) and telemetry.rest_s is None:
        message = "asks what is left after a rest, and there is none; add telemetry.rest, such as 30s"
        yield Misfit((*_HERE, "objectives", asks.index(True), "back"), message)
    if telemetry.rest_s is None:
        return
    if not suite.scenarios or not telemetry.watches:
        lacks = "there are none" if telemetry.watches else "nothing is watched"
        message = f"has the preview left alone around scenarios to see what is left, and {lacks}; take it out"
        yield Misfit((*_HERE, "rest"), message)
    elif telemetry.rest_s < _LEAST_READINGS * telemetry.every_s:
        message = f"is too short for {_LEAST_READINGS} readings; raise it, or lower telemetry.every"
        yield Misfit((*_HERE, "rest"), message, also=((*_HERE, "every"),))


def unit_of(objective: TelemetryObjective, of: Quantity) -> str:
    """Unit that a limit is written in: a counter's rate in its unit per second, of seconds a share."""
    if not of.is_counter or objective.judged == "rise":
        return of.unit
    return {"count": "per_s", "s": "ratio"}.get(of.unit, of.unit)


def _environment_only(suite: Suite) -> Iterator[Misfit]:
    telemetry = suite.telemetry
    sent: Mapping[Location, str | None] = {
        ("prometheus", "url"): telemetry.prometheus.url if telemetry.prometheus else None,
        ("postgres", "dsn"): telemetry.postgres.dsn if telemetry.postgres else None,
        ("redis", "url"): telemetry.redis.url if telemetry.redis else None,
    }
    for place, value in sent.items():
        if placeholders(value) or unique_placeholders(value):
            message = "holds a name in braces, which nothing fills here; only ${NAME} may stand in it"
            yield Misfit((*_HERE, *place), message)


def _pool(suite: Suite) -> Iterator[Misfit]:
    pool = suite.telemetry.pool
    if pool is None:
        return
    known = watched(suite.telemetry.model_copy(update={"pool": None}))
    for key, named in (("size", pool.size), ("in_use", pool.in_use), ("wait", pool.wait)):
        if named is None:
            continue
        place: Location = (*_HERE, "pool", key, "series")
        if named.series not in known:
            cure = hints.cure(named.series, known, none="add a source, such as prometheus")
            yield Misfit(place, f"names {named.series!r}, which nothing watches; {cure}", also=_sources()[:4])
        elif key == "wait" and known[named.series] != Quantity("s", is_counter=True):
            message = "is no sum of seconds; name a metric that ends in _seconds_sum or _seconds_total"
            yield Misfit(place, message)
