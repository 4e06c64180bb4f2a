"""What must fit between the parts of a suite, beyond what each part can say about itself.

Pure. Every check yields all its misfits, so that a person mends a suite once and not one error at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from gate.config import hints
from gate.config.hooks import given_by_setup, unfilled
from gate.config.journeys import journeys_with, needed_values
from gate.config.templates import UNIQUE_VALUES, placeholders, unique_placeholders
from gate.units import format_rate

if TYPE_CHECKING:
    from gate.config.endpoint import Endpoint
    from gate.config.suite import Suite

Location: TypeAlias = tuple[str | int, ...]

MOST_MISFITS = 50
"""More are not looked for: each costs a search for the name that was meant, and people read twenty."""

WAIVABLE = frozenset({"p50", "p95"})
"""Metrics that a waiver covers: of every loaded endpoint, and only those that are compared."""


@dataclass(frozen=True)
class Misfit:
    """One problem between parts of the suite, at the place where it should be mended."""

    location: Location
    message: str
    """What is wrong; then, after a semicolon, the cure."""
    also: tuple[Location, ...] = ()
    """Other places it follows from: if one of them could not be read, the misfit means nothing."""


class MisplacedError(ValueError):
    """Misfits of a suite that is otherwise well-formed."""

    def __init__(self, misfits: list[Misfit]) -> None:
        super().__init__("\n".join(f"{'.'.join(map(str, item.location))}: {item.message}" for item in misfits))
        self.misfits = misfits


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything in the suite that does not fit together."""
    for name, endpoint in suite.endpoints.items():
        yield from _references(suite, name, endpoint)
        yield from _rates(suite, name, endpoint)
    yield from _dots(suite)
    yield from _identities(suite)
    yield from _environment_only(suite)
    yield from _waivers(suite)
    yield from _targets(suite)


def unknown(location: Location, kind: str, section: str, name: str, known: Iterable[str]) -> Misfit:
    """A name that nothing in the suite has, with the one that was probably meant."""
    cure = hints.cure(name, known, none=f"there are no {section}")
    message = f"names the {kind} {name!r}, which does not exist; {cure}"
    # A mix may also name a journey or a WebSocket; where that could not be read, its name is no misfit.
    return Misfit(location, message, also=((section, name), ("journeys", name), ("sockets", name)))


def _dots(suite: Suite) -> Iterator[Misfit]:
    for name in suite.data:
        if "." in name:
            yield Misfit(("data", name), "has a dot in its name, which stands before a column; write '_' in its place")


def not_unique(location: Location, value: object) -> Iterator[Misfit]:
    """Double braces that hold what nothing fills."""
    for name in sorted(unique_placeholders(value) - set(UNIQUE_VALUES)):
        shown = name if name.isprintable() and len(name) <= 40 else "..."
        yield Misfit(location, f"holds {{{{{shown}}}}}, which nothing fills; there are {{{{seq}}}} and {{{{uuid}}}}")


def _references(suite: Suite, name: str, endpoint: Endpoint) -> Iterator[Misfit]:
    here = ("endpoints", name)
    if endpoint.identity is not None and endpoint.identity not in suite.identities:
        yield unknown((*here, "identity"), "identity", "identities", endpoint.identity, suite.identities)
    if endpoint.class_name is not None and endpoint.class_name not in suite.classes:
        yield unknown((*here, "class"), "class", "classes", endpoint.class_name, suite.classes)
    yield from _against(suite, name, endpoint)
    for place, value in _sent(here, endpoint):
        yield from _placeholders(suite, name, place, value)
        yield from not_unique(place, value)


def _against(suite: Suite, name: str, endpoint: Endpoint) -> Iterator[Misfit]:
    """An endpoint that is told beside one that is not there, or of which one is not measured by itself."""
    if endpoint.against is None:
        return
    here, other = ("endpoints", name, "against"), suite.endpoints.get(endpoint.against)
    if other is None:
        yield unknown(here, "endpoint", "endpoints", endpoint.against, suite.endpoints)
        return
    alone = [each for each in (name, endpoint.against) if not _is_measured_alone(suite, each)]
    if endpoint.against == name:
        yield Misfit(here, "names the endpoint itself; name another one, or take against out")
    elif alone:
        message = f"cannot be told: {alone[0]} is not put under load by itself; take against out"
        yield Misfit(here, message, also=(("endpoints", alone[0]), ("setup",)))


def _is_measured_alone(suite: Suite, name: str) -> bool:
    return suite.endpoints[name].is_loaded and not needed_values(suite, name)


def _sent(here: Location, endpoint: Endpoint) -> Iterator[tuple[Location, object]]:
    if endpoint.graphql is not None:
        yield (*here, "graphql", "path"), endpoint.graphql.path
        yield (*here, "graphql", "variables"), endpoint.graphql.variables
    else:
        yield (*here, "request"), endpoint.path
        yield (*here, "json"), endpoint.json_body
    for header, value in endpoint.headers.items():
        yield (*here, "headers", header), value


def _placeholders(suite: Suite, name: str, place: Location, value: object) -> Iterator[Misfit]:
    if not any(
        journeys_with(suite, name)
    ):  # there an earlier step may extract it, which is looked at journey by journey
        for text in sorted(unfilled(suite, placeholders(value))):
            misfit = unknown(place, "data", "data", text, [*suite.data, *given_by_setup(suite)])
            yield replace(misfit, also=(*misfit.also, ("setup",)))
    yield from columns(suite, place, value)


def columns(suite: Suite, place: Location, value: object) -> Iterator[Misfit]:
    """Names of data that do not say which column is meant, or ask a single value for one."""
    for text in sorted(placeholders(value)):
        source, _, column = text.partition(".")
        data = suite.data.get(source)
        if data is None:
            continue
        also: tuple[Location, ...] = (("data", source),)
        if data.file is not None and data.column is None and not column:
            message = f"holds {{{text}}}, of which {data.file} has several columns; name one, such as {{{text}.id}}"
            yield Misfit(place, message, also=also)
        elif column and (data.range is not None or data.column is not None):
            message = f"asks for a column of {source}, which is a single value; write {{{source}}}"
            yield Misfit(place, message, also=also)


def _rates(suite: Suite, name: str, endpoint: Endpoint) -> Iterator[Misfit]:
    if endpoint.class_name is not None and endpoint.class_name not in suite.classes:
        return
    if needed_values(suite, name):  # measured only in journeys
        return
    objectives = suite.objectives_of(name)
    place = ("endpoints", name, "objectives" if endpoint.objectives.limits() else "class")
    class_place = ("classes", endpoint.class_name or "")
    if not endpoint.is_loaded:
        if objectives:
            message = (
                f"has objectives that nothing judges: a {endpoint.method} without mutates is asked once, not loaded"
                "; add mutates: true, or take the objectives out"
            )
            yield Misfit(place, message, also=(class_place, ("endpoints", name, "mutates")))
        return
    rate, most = endpoint.rate_rps, suite.policy.max_rate_rps
    if rate > most:
        message = (
            f"is to be loaded at {format_rate(rate)}, which policy.max_rate of {format_rate(most)} never lets happen"
            "; lower its rate or raise max_rate"
        )
        yield Misfit(("endpoints", name, "rate"), message, also=(("policy", "max_rate"),))
    wanted = objectives.get("rate", 0.0)
    if wanted > rate:
        own = endpoint.objectives.rate is not None
        message = (
            f"asks for {format_rate(wanted)} answers of an endpoint that is loaded at {format_rate(rate)}"
            "; raise its rate or lower the objective"
        )
        at: Location = ("endpoints", name, "objectives", "rate") if own else ("endpoints", name, "class")
        yield Misfit(at, message, also=(class_place, ("endpoints", name, "rate")))


def _identities(suite: Suite) -> Iterator[Misfit]:
    for name, identity in suite.identities.items():
        here: Location = ("identities", name)
        extracted: set[str] = set()
        for index, step in enumerate(identity.login):
            at = (*here, "login", index)
            sent: list[tuple[Location, object]] = [((*at, "request"), step.request), ((*at, "json"), step.json_body)]
            sent += [((*at, "headers", header), value) for header, value in step.headers.items()]
            for place, value in sent:
                yield from _not_extracted(place, value, extracted, (*here, "login"))
                yield from not_unique(place, value)
            extracted |= set(step.extract)
        for header, text in identity.headers.items():
            place = (*here, "headers", header)
            yield from _not_extracted(place, text, extracted, (*here, "login"))
            if unique_placeholders(text):
                yield Misfit(place, "holds double braces, but is made once; write it into the headers of the endpoints")


def _not_extracted(place: Location, value: object, extracted: set[str], login: Location) -> Iterator[Misfit]:
    for name in sorted(placeholders(value) - extracted):
        cure = hints.cure(name, extracted, none="extract it in an earlier step of the login: extract: {token: $.token}")
        yield Misfit(place, f"uses {{{name}}}, which no earlier step of its login extracts; {cure}", also=(login,))


def _environment_only(suite: Suite) -> Iterator[Misfit]:
    preview = suite.preview
    sent: list[tuple[Location, object]] = [(("preview", "headers", key), text) for key, text in preview.headers.items()]
    sent.append((("preview", "ready", "path"), preview.ready.path))
    sent.append((("preview", "commit", "path"), preview.commit.path if preview.commit else None))
    for place, value in sent:
        if placeholders(value) or unique_placeholders(value):
            yield Misfit(place, "holds a name in braces, which nothing fills here; only ${NAME} may stand in it")


def _waivers(suite: Suite) -> Iterator[Misfit]:
    seen: Counter[str] = Counter()
    for index, waiver in enumerate(suite.policy.waivers):
        place = ("policy", "waivers", index, "row")
        of_suite, name, metric = waiver.row.split("/")
        seen[waiver.row] += 1
        endpoint = suite.endpoints.get(name)
        if of_suite != suite.name:
            message = f"names a row of the suite {of_suite!r}; this suite is {suite.name}"
            yield Misfit(place, message, also=(("suite",),))
        elif endpoint is None:
            yield unknown(place, "endpoint", "endpoints", name, suite.endpoints)
        elif metric not in WAIVABLE:
            message = f"names the metric {metric!r}, but a waiver covers latencies only; {hints.cure(metric, WAIVABLE)}"
            yield Misfit(place, message)
        elif not endpoint.is_loaded or needed_values(suite, name):
            message = f"names a latency of {name}, which is not loaded by itself; take the waiver out"
            yield Misfit(place, message, also=(("endpoints", name), ("setup",)))
        if seen[waiver.row] == 2:
            yield Misfit(place, f"waives {waiver.row} a second time; keep one waiver for each row")


def _targets(suite: Suite) -> Iterator[Misfit]:
    urls, bases = suite.preview.url or [], suite.preview.base or []
    for key, texts in (("url", urls), ("base", bases)):
        if len(set(texts)) < len(texts):
            message = "names one deployment twice, which would count as two independent ones; keep one"
            yield Misfit(("preview", key), message)
    if set(urls) & set(bases):
        yield Misfit(("preview", "base"), "is also the url, which would be compared with itself; name another one")
