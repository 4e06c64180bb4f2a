"""What must fit between WebSockets, what fills them, and the scenarios that open them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gate.config.checks import Location, Misfit, columns, not_unique, unknown
from gate.config.hooks import given_by_setup, unfilled
from gate.config.journeys import is_of_sockets, names_in
from gate.config.objectives import OF_CONNECTIONS
from gate.config.templates import placeholders

if TYPE_CHECKING:
    from gate.config.scenario import Scenario
    from gate.config.sockets import WebSocket
    from gate.config.suite import Suite

_WITHOUT_ANSWERS = frozenset({*OF_CONNECTIONS, "error_rate", "success"})
"""Objectives that say something of connections over which nothing is said."""


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything in WebSockets, and in scenarios because of them, that does not fit together."""
    for name, socket in suite.sockets.items():
        yield from _named(suite, name)
        yield from _filled(suite, name, socket)
    for name, scenario in suite.scenarios.items():
        yield from _beside(suite, name, scenario)
        if not is_of_sockets(suite, name):
            yield from _of_requests(name, scenario)
            continue
        yield from _mixed(suite, name, scenario)
        yield from _load(suite, name, scenario)
        yield from _judged(suite, name, scenario)


def as_step(place: Location, name: str) -> Misfit:
    """A WebSocket in a journey."""
    return Misfit(
        place, f"names the WebSocket {name!r}, and journeys are of endpoints; name it in the mix of a scenario"
    )


def _named(suite: Suite, name: str) -> Iterator[Misfit]:
    here: Location = ("sockets", name)
    for kind, section in (("an endpoint", suite.endpoints), ("a journey", suite.journeys)):
        if name in section:
            yield Misfit(here, f"has the name of {kind}, so a mix could mean either; give it another name")
            return
    if not any(name in scenario.mix for scenario in suite.scenarios.values()):
        message = "is measured nowhere: no scenario has it; name it in the mix of one: mix: {%s: 1}"
        yield Misfit(here, message % name, also=(("scenarios",),))


def _filled(suite: Suite, name: str, socket: WebSocket) -> Iterator[Misfit]:
    here: Location = ("sockets", name)
    if socket.identity is not None and socket.identity not in suite.identities:
        yield unknown((*here, "identity"), "identity", "identities", socket.identity, suite.identities)
        return
    given = suite.identities[socket.identity].values if socket.identity is not None else frozenset()
    for name_twice in sorted(given & names_in(socket) & suite.data.keys()):
        message = f"uses {{{name_twice}}}, which is data and what the login of {socket.identity} extracts; rename one"
        yield Misfit(here, message, also=(("data", name_twice), ("identities",)))
    sent: list[tuple[Location, object]] = [((*here, "connect"), socket.connect), ((*here, "message"), socket.message)]
    sent += [((*here, "headers", header), text) for header, text in socket.headers.items()]
    for place, value in sent:
        for text in sorted(unfilled(suite, placeholders(value)) - given):
            misfit = unknown(place, "data", "data", text, [*suite.data, *given_by_setup(suite), *given])
            yield replace(misfit, also=(*misfit.also, ("setup",)))
        yield from columns(suite, place, value)
        yield from not_unique(place, value)


def _beside(suite: Suite, name: str, scenario: Scenario) -> Iterator[Misfit]:
    for index, other in enumerate(scenario.beside):
        if other in suite.scenarios and is_of_sockets(suite, other) != is_of_sockets(suite, name):
            message = f"runs WebSockets and requests at the same time, {name} and {other}; take beside out"
            also: tuple[Location, ...] = (("scenarios", other), ("scenarios", name, "mix"), ("sockets",))
            yield Misfit(("scenarios", name, "beside", index), message, also=also)


def _mixed(suite: Suite, name: str, scenario: Scenario) -> Iterator[Misfit]:
    for member in scenario.mix:
        if member in suite.endpoints or member in suite.journeys:
            message = "is asked for in a mix of WebSockets; give requests and WebSockets a scenario each"
            yield Misfit(("scenarios", name, "mix", member), message, also=(("sockets",),))


def _load(suite: Suite, name: str, scenario: Scenario) -> Iterator[Misfit]:
    load = scenario.load
    place: Location = ("scenarios", name, "load")
    silent = next((each for each in scenario.mix if each in suite.sockets and not suite.sockets[each].speaks), None)
    also: tuple[Location, ...] = (("sockets", silent or ""),)
    if load.find == "max_rate":
        message = (
            "searches for a rate of WebSockets, which a user keeps open; write find: max_users, and users as levels"
        )
        yield Misfit((*place, "find"), message)
    elif silent is not None and load.find is not None:
        message = f"searches by answers, and {silent} has no message that asks for any; give it a message"
        yield Misfit((*place, "find"), message, also=also)
    elif silent is not None and load.count is not None:
        message = f"counts answers, and {silent} has no message that asks for any; write {{users: 10, for: 60s}}"
        yield Misfit((*place, "count"), message, also=also)
    elif silent is not None and load.users is not None and sorted(load.users) != load.users:
        message = f"has fewer users later, and connections of {silent}, without a message, are held to the end"
        yield Misfit((*place, "users"), f"{message}; let users only grow", also=also)


def _judged(suite: Suite, name: str, scenario: Scenario) -> Iterator[Misfit]:
    if any(suite.sockets[member].speaks for member in scenario.mix if member in suite.sockets):
        return
    known = _WITHOUT_ANSWERS | ({"rate"} if scenario.load.is_open else set())
    for statistic in sorted(scenario.objectives.limits().keys() - known - {"capacity"}):
        message = (
            "judges answers, and no WebSocket of the mix has a message that asks for any"
            "; write connect_p95, lost_connections, error_rate or success"
        )
        also: tuple[Location, ...] = (*(("sockets", member) for member in scenario.mix), ("scenarios", name, "mix"))
        yield Misfit(("scenarios", name, "objectives", statistic), message, also=also)


def _of_requests(name: str, scenario: Scenario) -> Iterator[Misfit]:
    for statistic in sorted(scenario.objectives.limits().keys() & OF_CONNECTIONS):
        message = "judges connections, and the mix has no WebSocket to keep any; take it out"
        also: tuple[Location, ...] = (("sockets",), ("scenarios", name, "mix"))
        yield Misfit(("scenarios", name, "objectives", statistic), message, also=also)
