"""What must fit between probes, the table of the environment and the rest of a suite. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gate.config import hints
from gate.config.asking import Asking, asked_beside
from gate.config.checks import Location, Misfit, columns, not_unique, unknown
from gate.config.hooks import given_by_setup
from gate.config.journeys import needed_values
from gate.config.templates import placeholders, unique_placeholders

if TYPE_CHECKING:
    from gate.config.probes import Probe
    from gate.config.suite import Suite


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything in probes and about that does not fit."""
    for asking in asked_beside(suite):
        yield from _asking(suite, asking)
    seen: dict[str, str] = {}
    for index, probe in enumerate(suite.probes):
        here: Location = ("probes", index)
        if probe.slug in seen:
            message = f"has the row id of {seen[probe.slug]!r}, {probe.slug}; give it another name"
            yield Misfit((*here, "name"), message)
        seen.setdefault(probe.slug, probe.name)
        yield from _names(suite, here, probe)
        yield from _elsewhere(suite, here, probe)


def _asking(suite: Suite, asking: Asking) -> Iterator[Misfit]:
    if asking.identity is not None and asking.identity not in suite.identities:
        place = (*asking.location, "identity")
        yield unknown(place, "identity", "identities", asking.identity, suite.identities)
    fixed = {*asking.given, *given_by_setup(suite)}
    for place, value in asking.sent:
        for name in sorted(placeholders(value)):
            if name not in fixed and name.partition(".")[0] not in suite.data:
                yield _unfilled(place, name, {*fixed, *suite.data})
        yield from columns(suite, place, value)
        yield from not_unique(place, value)
    for place, value in asking.wanted:
        for name in sorted(placeholders(value) - fixed - set(asking.extract)):
            yield _unfilled(place, name, fixed)
        if unique_placeholders(value):
            yield Misfit(place, "holds double braces, which are new with every request; no answer could equal them")
    for name in asking.extract:
        if name in suite.data or name in given_by_setup(suite):
            place = (*asking.location, "extract", name)
            yield Misfit(place, "has a name that stands for something else already; give it another name")


def _unfilled(place: Location, name: str, known: set[str]) -> Misfit:
    cure = hints.cure(name, known, none=f"extract it in an earlier step: extract: {{{name}: $.{name}}}")
    return Misfit(place, f"uses {{{name}}}, which nothing gives it; {cure}", also=(("setup",), ("data",)))


def _names(suite: Suite, here: Location, probe: Probe) -> Iterator[Misfit]:
    """Endpoints that it is about."""
    if probe.growth is not None and probe.growth.endpoint is not None:
        yield from _grown(suite, (*here, "growth", "endpoint"), probe.growth.endpoint)
    for index, name in enumerate(probe.tally.of if probe.tally is not None else ()):
        if name not in suite.endpoints:
            yield unknown((*here, "tally", "of", index), "endpoint", "endpoints", name, suite.endpoints)


def _grown(suite: Suite, place: Location, name: str) -> Iterator[Misfit]:
    endpoint = suite.endpoints.get(name)
    if endpoint is None:
        yield unknown(place, "endpoint", "endpoints", name, suite.endpoints)
    elif endpoint.graphql is not None or endpoint.method != "GET":
        yield Misfit(place, f"names {name}, which is no GET; write growth.request: GET /path?size={{items}}")
    elif needed_values(suite, name):
        yield Misfit(place, f"names {name}, which needs an earlier step of a journey; write growth.request")


def _elsewhere(suite: Suite, here: Location, probe: Probe) -> Iterator[Misfit]:
    """What has to be there besides the deployment."""
    if probe.command is not None and suite.preview.serve is None:
        message = "runs beside an application that the gate starts; name it as preview.serve, or take the command out"
        yield Misfit((*here, "command"), message, also=(("preview", "serve"),))
    if probe.postgres is not None and suite.telemetry.postgres is None:
        message = "looks into a database that is not named; write telemetry.postgres: {dsn: ${DATABASE_URL}}"
        yield Misfit((*here, "postgres"), message, also=(("telemetry", "postgres"),))
