"""What follows from the journeys of a suite, and from scenarios that run side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gate.config.hooks import unfilled
from gate.config.templates import placeholders

if TYPE_CHECKING:
    from gate.config.endpoint import Endpoint
    from gate.config.sockets import WebSocket
    from gate.config.suite import Suite


def names_in(asked: Endpoint | WebSocket) -> set[str]:
    """Names in braces that a request of an endpoint, or a WebSocket and its message, holds."""
    return placeholders([asked.path, asked.headers, asked.content])


def needed_values(suite: Suite, name: str) -> set[str]:
    """Names that neither data nor setup fills: an earlier step of a journey must extract them."""
    return unfilled(suite, names_in(suite.endpoints[name]))


def only_in_journeys(suite: Suite) -> frozenset[str]:
    """Endpoints that cannot be asked alone, because they need what an earlier step extracts."""
    return frozenset(name for name in suite.endpoints if needed_values(suite, name))


def journeys_with(suite: Suite, name: str) -> Iterator[str]:
    """Journeys that have an endpoint as a step."""
    return (journey for journey, steps in suite.journeys.items() if name in steps)


def steps_of(suite: Suite, member: str) -> tuple[str, ...]:
    """What a member of a mix asks for: the endpoints of a journey, or itself."""
    return tuple(suite.journeys.get(member, (member,)))


def endpoints_of(suite: Suite, scenario: str) -> tuple[str, ...]:
    """Endpoints, or WebSockets, that a scenario asks for, each once."""
    return tuple(dict.fromkeys(step for member in suite.scenarios[scenario].mix for step in steps_of(suite, member)))


def is_of_sockets(suite: Suite, scenario: str) -> bool:
    """Whether a scenario opens WebSockets; then it makes no other requests."""
    return any(member in suite.sockets for member in suite.scenarios[scenario].mix)


def requests_per_arrival(suite: Suite, scenario: str) -> float:
    """Requests that one arrival of a scenario makes on average: more than one where it has journeys."""
    mix = suite.scenarios[scenario].mix
    return sum(weight * len(steps_of(suite, member)) for member, weight in mix.items()) / sum(mix.values())


def peak_rps(suite: Suite, scenarios: Iterable[str]) -> float | None:
    """Highest rate of requests that scenarios ask for together; None where users or counts set the pace."""
    peaks = [(suite.scenarios[name].load.peak_rps, requests_per_arrival(suite, name)) for name in scenarios]
    found = [peak * each for peak, each in peaks if peak is not None]
    return sum(found) if found else None


def side_by_side(suite: Suite) -> list[tuple[str, ...]]:
    """Scenarios that run at the same time, in the order of the suite; most are alone."""
    groups: list[list[str]] = []
    for name, scenario in suite.scenarios.items():
        met = [group for group in groups if {name, *scenario.beside} & _reached(suite, group)]
        if not met:
            groups.append([name])
            continue
        for group in met[1:]:
            met[0].extend(group)
            groups.remove(group)
        met[0].append(name)
    return [tuple(name for name in suite.scenarios if name in group) for group in groups]


def _reached(suite: Suite, group: Iterable[str]) -> set[str]:
    return {other for name in group for other in (name, *suite.scenarios[name].beside)}


def steady_rps(suite: Suite, scenario: str) -> float | None:
    """The rate of requests that a scenario asks for all the time; None where it changes, or answers decide it."""
    load = suite.scenarios[scenario].load
    has_journeys = any(member in suite.journeys for member in suite.scenarios[scenario].mix)
    return load.rate_rps if load.is_constant and load.find is None and not has_journeys else None


def without_steps(suite: Suite) -> Suite:
    """The suite with those endpoints alone that can be asked alone: what may be compared."""
    hidden = only_in_journeys(suite)
    alone = {name: endpoint for name, endpoint in suite.endpoints.items() if name not in hidden}
    return suite.model_copy(update={"endpoints": alone}) if hidden else suite
