"""What must fit between scenarios, journeys and the endpoints they ask for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gate.config.checks import Location, Misfit, unknown
from gate.config.journeys import (
    journeys_with,
    needed_values,
    only_in_journeys,
    peak_rps,
    requests_per_arrival,
    side_by_side,
    steps_of,
)
from gate.config.socket_checks import as_step
from gate.units import format_rate

if TYPE_CHECKING:
    from gate.config.loads import Load
    from gate.config.scenario import Scenario
    from gate.config.suite import Suite

MOST_USERS = 1000
"""Of scenarios that run at the same time, together."""


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything in journeys and scenarios that does not fit together."""
    for name, steps in suite.journeys.items():
        yield from _journey(suite, name, steps)
    yield from _measured_nowhere(suite)
    for name in (name for name in suite.scenarios if name in suite.endpoints):
        message = "has the name of an endpoint, whose rows its own would be mixed up with; give it another name"
        yield Misfit(("scenarios", name), message, also=(("endpoints", name),))
    for name, scenario in suite.scenarios.items():
        yield from _mix(suite, name, scenario)
        yield from _searched(suite, name, scenario)
        yield from _beside(suite, name, scenario)
    known = suite.endpoints.keys() | suite.journeys.keys() | suite.sockets.keys()
    if all(member in known for scenario in suite.scenarios.values() for member in scenario.mix):
        yield from rate_misfits(suite)


def _journey(suite: Suite, name: str, steps: list[str]) -> Iterator[Misfit]:
    here: Location = ("journeys", name)
    if name in suite.endpoints:
        yield Misfit(here, "has the name of an endpoint, so a mix could mean either; give it another name")
    extracted: set[str] = set()
    for index, step in enumerate(steps):
        place = (*here, index)
        endpoint = suite.endpoints.get(step)
        if endpoint is None:
            yield (
                as_step(place, step)
                if step in suite.sockets
                else unknown(place, "endpoint", "endpoints", step, suite.endpoints)
            )
            continue
        if not endpoint.is_loaded:
            message = f"{step} is a {endpoint.method} without mutates, which is never loaded; add mutates: true to it"
            yield Misfit(place, message, also=(("endpoints", step),))
        for value in sorted(needed_values(suite, step) - extracted):
            message = (
                f"{step} uses {{{value}}}, which is no data and which no earlier step of this journey extracts"
                f"; add extract: {{{value}: $.{value}}} to an earlier step"
            )
            yield Misfit(place, message, also=(("endpoints",), ("data",), ("setup",)))
        extracted |= set(endpoint.extract)


def _measured_nowhere(suite: Suite) -> Iterator[Misfit]:
    asked = {member for scenario in suite.scenarios.values() for member in scenario.mix}
    for name in sorted(only_in_journeys(suite)):
        journeys = list(journeys_with(suite, name))
        here: Location = ("endpoints", name)
        if journeys and not asked & set(journeys):
            message = "is measured nowhere: only a journey can ask for it, and no scenario has one; name one in a mix"
            yield Misfit(here, message, also=(("scenarios",), ("journeys",), ("setup",)))
        own, shared = suite.endpoints[name].objectives, suite.endpoints[name].class_name or ""
        if journeys and (own.limits() or (shared in suite.classes and suite.classes[shared].limits())):
            message = (
                "has objectives that nothing judges: it is only measured as a step of journeys"
                "; write them into the scenario"
            )
            key = "objectives" if own.limits() else "class"
            yield Misfit((*here, key), message, also=(("journeys",), ("classes", shared), ("setup",)))


def _mix(suite: Suite, name: str, scenario: Scenario) -> Iterator[Misfit]:
    for member in scenario.mix:
        place = ("scenarios", name, "mix", member)
        if member in suite.journeys or member in suite.sockets:
            continue
        endpoint = suite.endpoints.get(member)
        if endpoint is None:
            yield unknown(place, "endpoint", "endpoints", member, {*suite.endpoints, *suite.journeys, *suite.sockets})
        elif not endpoint.is_loaded:
            message = f"is a {endpoint.method} without mutates, which is never loaded; add mutates: true to it"
            yield Misfit(place, message, also=(("endpoints", member),))
        elif needed_values(suite, member) and list(journeys_with(suite, member)):
            value = min(needed_values(suite, member))
            message = f"uses {{{value}}}, which only an earlier step of a journey extracts; name the journey instead"
            yield Misfit(place, message, also=(("endpoints", member), ("journeys",), ("setup",)))


def _searched(suite: Suite, name: str, scenario: Scenario) -> Iterator[Misfit]:
    """A search asks as often as it takes: one that ends at a count has found the count, not the capacity."""
    for member in scenario.mix if scenario.load.find is not None else ():
        for step in steps_of(suite, member):
            if step in suite.endpoints and suite.endpoints[step].max_count is not None:
                message = f"asks for {step}, whose max_count would end the search; take it out of the mix"
                yield Misfit(("scenarios", name, "mix", member), message, also=(("endpoints", step), ("journeys",)))


def _beside(suite: Suite, name: str, scenario: Scenario) -> Iterator[Misfit]:
    for index, other in enumerate(scenario.beside):
        place = ("scenarios", name, "beside", index)
        if any(suite.scenarios[one].load.find for one in (name, other) if one in suite.scenarios):
            yield Misfit(place, "runs at the same time as a search, which would find another capacity; take beside out")
        elif any(suite.scenarios[one].load.stretch_s for one in (name, other) if one in suite.scenarios):
            yield Misfit(
                place, "runs at the same time as a scenario in stretches, with gaps between; take one of them out"
            )
        elif other == name:
            yield Misfit(place, "names the scenario itself; name another one, or take beside out")
        elif other not in suite.scenarios:
            yield unknown(place, "scenario", "scenarios", other, suite.scenarios)
        elif suite.scenarios[other].beside and suite.scenarios[other].beside[0] != other:
            first = suite.scenarios[other].beside[0]
            message = f"names {other!r}, which itself runs beside {first!r}; name {first!r} in both"
            yield Misfit(place, message, also=(("scenarios", other),))


def rate_misfits(suite: Suite) -> Iterator[Misfit]:
    """Loads that are more than may be, and rates that are asked for and cannot be reached."""
    for group in side_by_side(suite):
        last = suite.scenarios[group[-1]].load
        here: Location = ("scenarios", group[-1], "load")
        rate, most = peak_rps(suite, group), suite.policy.max_rate_rps
        if rate is not None and rate > most * (1 + 1e-9):
            key = next(key for key, given in _peaks(last).items() if given is not None)
            who = "asks" if len(group) == 1 else f"and {', '.join(group[:-1])} at the same time ask"
            each = requests_per_arrival(suite, group[0]) if len(group) == 1 else 1.0
            steps = f" ({each:.3g} requests for each arrival)" if each > 1 else ""
            message = (
                f"{who} for {format_rate(rate)}{steps}, above policy.max_rate of {format_rate(most)}"
                "; lower the rate or raise max_rate"
            )
            yield Misfit((*here, key) if last.is_open else here, message, also=(("policy", "max_rate"),))
        users = sum(max(load.levels) for name in group if (load := suite.scenarios[name].load).users)
        if users > MOST_USERS:
            message = f"has {users:.0f} users with those beside it; together they may have {MOST_USERS}"
            yield Misfit((*here, "users") if last.users else here, message)
        for name in group:
            yield from _objective(suite, name, is_alone=len(group) == 1)


def _peaks(load: Load) -> dict[str, object]:
    """The keys that say the highest rate, with what they hold; the last of them always holds something."""
    return {"rates": load.rates_rps, "hours": load.hours, "limit": load.find, "rate": load.rate_rps or 0.0}


def _objective(suite: Suite, name: str, *, is_alone: bool) -> Iterator[Misfit]:
    scenario = suite.scenarios[name]
    yield from _judged_of_searches(suite, name)
    wanted, rate = scenario.objectives.rate, peak_rps(suite, [name])
    place, load = ("scenarios", name, "objectives", "rate"), ("scenarios", name, "load")
    if wanted is not None and rate is not None and wanted > rate:
        message = f"asks for {format_rate(wanted)} answers of a load of {format_rate(rate)}; raise its load"
        yield Misfit(place, message, also=(load,))
    if wanted is not None and scenario.load.count is not None and not is_alone:
        yield Misfit(
            place, "asks for a rate of a count that runs beside others, which has no time of its own; take it out"
        )


def _judged_of_searches(suite: Suite, name: str) -> Iterator[Misfit]:
    """A search drives the preview beyond what it can do: only its capacity can be judged, and of nothing else."""
    scenario = suite.scenarios[name]
    place, load = ("scenarios", name, "objectives"), ("scenarios", name, "load")
    others = sorted(scenario.objectives.limits().keys() - {"capacity"})
    if scenario.load.find is not None and others:
        message = (
            "says nothing of a search, which goes on until the preview is too slow; write capacity, or take it out"
        )
        yield Misfit((*place, others[0]), message, also=(load,))
    if scenario.load.find is None and scenario.objectives.capacity is not None:
        message = "asks for a capacity, which only a search finds; write load: {find: max_rate, ...}, or take it out"
        yield Misfit((*place, "capacity"), message, also=(load,))
    wanted, limit = scenario.objectives.capacity, scenario.load.limit
    if wanted is not None and limit is not None and scenario.load.find == "max_rate":
        most = limit * requests_per_arrival(suite, name)
        if wanted > most * (1 + 1e-9):
            message = f"asks for {format_rate(wanted)} of a search that ends at {format_rate(most)}; raise its limit"
            yield Misfit((*place, "capacity"), message, also=((*load, "limit"),))
