"""Everything that probes and the table of the environment ask, request by request, with its places. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.config.checks import Location
    from gate.config.expectations import ProbeExpect
    from gate.config.probe_requests import Body
    from gate.config.probes import Probe
    from gate.config.suite import Suite

ITEMS = "items"
"""Name in braces that stands for the number of items in a request of growth."""


@dataclass(frozen=True)
class Asking:
    """One request."""

    location: Location
    identity: str | None
    sent: tuple[tuple[Location, object], ...]
    """What may hold placeholders of any kind, with its places."""
    wanted: tuple[tuple[Location, object], ...] = ()
    """What its answer is compared with: names of data mean nothing there."""
    given: frozenset[str] = frozenset()
    """Names that are filled by then, beside data and setup."""
    extract: Mapping[str, str] = field(default_factory=dict)


def asked_beside(suite: Suite) -> Iterator[Asking]:
    """In the order of the suite; a growth of an endpoint asks nothing that the endpoint does not say."""
    for name, line in suite.about.items():
        if line.request is not None:
            here: Location = ("about", name)
            yield Asking(here, line.identity, _sent(here, line.request, line.headers))
    for index, probe in enumerate(suite.probes):
        yield from _of_probe(("probes", index), probe)


def _of_probe(here: Location, probe: Probe) -> Iterator[Asking]:
    if probe.request is not None:
        sent = _sent(here, probe.request, probe.headers, probe.json_body, probe.body)
        wanted = (*_wanted((*here, "expect"), probe.expect), *_wanted((*here, "some"), probe.some))
        yield Asking(here, probe.identity, sent, wanted)
    if probe.growth is not None and probe.growth.request is not None:
        growth, below = probe.growth, (*here, "growth")
        sent = _sent(below, growth.request, growth.headers)
        yield Asking(below, growth.identity, sent, given=frozenset({ITEMS}))
    if probe.tally is not None:
        below = (*here, "tally")
        yield Asking(below, probe.tally.identity, _sent(below, probe.tally.request, probe.tally.headers))
    if probe.socket is not None:
        knock, below = probe.socket, (*here, "socket")
        headers = _headers(below, knock.headers)
        yield Asking(below, knock.identity, (((*below, "connect"), knock.connect), *headers))
    given: set[str] = set()
    for number, step in enumerate(probe.steps):
        below = (*here, "steps", number)
        sent = _sent(below, step.request, step.headers, step.json_body, step.body)
        wanted = _wanted((*below, "expect"), step.expect)
        yield Asking(below, step.identity, sent, wanted, frozenset(given), step.extract)
        given |= set(step.extract)


def _sent(
    here: Location, request: str | None, headers: Mapping[str, str], json: object = None, body: Body | None = None
) -> tuple[tuple[Location, object], ...]:
    found: list[tuple[Location, object]] = [((*here, "request"), request), ((*here, "json"), json)]
    if body is not None:
        found.append(((*here, "body"), body.text))
    return (*found, *_headers(here, headers))


def _headers(here: Location, headers: Mapping[str, str]) -> tuple[tuple[Location, object], ...]:
    return tuple(((*here, "headers", name), text) for name, text in headers.items())


def _wanted(here: Location, expect: ProbeExpect | None) -> tuple[tuple[Location, object], ...]:
    if expect is None:
        return ()
    members = (((*here, "json", path), value) for path, value in expect.json_members.items())
    headers = (((*here, "headers", name), value) for name, value in expect.headers.items())
    return (*members, *headers)
