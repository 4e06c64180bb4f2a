"""Whether profiles leave something to measure, and no more than may be. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gate.config import hints
from gate.config.checks import Location, Misfit
from gate.config.journeys import side_by_side
from gate.config.loads import MOST_COUNT, MOST_S
from gate.config.scaling import chosen, sized, sized_load
from gate.config.scenario_checks import MOST_USERS, rate_misfits
from gate.errors import UsageError
from gate.units import format_duration

if TYPE_CHECKING:
    from gate.config.suite import Suite

LEAST_S = 1.0
"""What is shorter says nothing of how a preview stands up to load."""


def scaled(suite: Suite, name: str) -> Suite:
    """The suite in the size of a profile.

    Raises
    ------
    UsageError
        If there is no such profile.
    """
    if name not in suite.profiles:
        cure = hints.cure(name, suite.profiles, none="it has none; write profiles: {ci: {time: 5%, rates: 20%}}")
        raise UsageError(f"the suite {suite.name} has no profile {name!r}", cure)
    return sized(suite, name)


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything in the profiles of a suite that does not fit its scenarios."""
    for name in suite.profiles:
        unknown = list(_unknown(suite, name))
        torn = [] if unknown else list(_torn(suite, name))
        wrong = [*unknown, *torn] or [
            misfit for other in chosen(suite, suite.profiles[name]) for misfit in _size(suite, name, other)
        ]
        yield from wrong or _rates(suite, name)


def _unknown(suite: Suite, name: str) -> Iterator[Misfit]:
    if not suite.scenarios:
        message = "has nothing to make larger or smaller: the suite has no scenarios; add some, or take it out"
        yield Misfit(("profiles", name), message, also=(("scenarios",),))
        return
    for index, other in enumerate(suite.profiles[name].scenarios or ()):
        if other not in suite.scenarios:
            cure = hints.cure(other, suite.scenarios)
            message = f"names the scenario {other!r}, which does not exist; {cure}"
            yield Misfit(("profiles", name, "scenarios", index), message, also=(("scenarios", other),))


def _torn(suite: Suite, name: str) -> Iterator[Misfit]:
    """A scenario without those beside it would be another one."""
    kept = chosen(suite, suite.profiles[name])
    for group in side_by_side(suite):
        inside, outside = [one for one in group if one in kept], [one for one in group if one not in kept]
        if inside and outside:
            message = f"leaves out {', '.join(outside)}, at the same time as {inside[0]}; name all of them, or none"
            yield Misfit(("profiles", name, "scenarios"), message, also=(("scenarios",),))


def _size(suite: Suite, name: str, scenario: str) -> Iterator[Misfit]:
    here: Location = ("profiles", name)
    also: tuple[Location, ...] = (("scenarios", scenario),)
    load = sized_load(suite.scenarios[scenario].load, suite.profiles[name])
    if load.find is None and load.for_s is not None and not LEAST_S <= load.for_s <= MOST_S:
        bound = f"less than {LEAST_S:.0f} s" if load.for_s < LEAST_S else "more than a day"
        message = (
            f"makes {scenario} last {format_duration(load.for_s)}, {bound}; {_mend(scenario, load.for_s > MOST_S)}"
        )
        yield Misfit((*here, "time"), message, also)
    several = [("users", users, MOST_USERS) for users in load.users or ()]
    several += [("users", int(load.limit or 0), MOST_USERS)] if load.find == "max_users" else []
    several += [] if load.count is None else [("requests", load.count, MOST_COUNT)]
    several += [] if load.concurrent is None else [("requests at a time", load.concurrent, MOST_USERS)]
    for what, number, most in several:
        if not 1 <= number <= most:
            message = f"makes {scenario} one of {number} {what}; {_mend(scenario, number > most)}"
            yield Misfit((*here, "users"), message, also)
            return


def _mend(scenario: str, is_too_much: bool) -> str:
    return f"{'lower' if is_too_much else 'raise'} it, or leave {scenario} out with scenarios: [...]"


def _rates(suite: Suite, name: str) -> Iterator[Misfit]:
    """What the rates of the profile are too high for; said of the suite itself where that has it already."""
    if any(rate_misfits(suite)):
        return
    for misfit in rate_misfits(sized(suite, name)):
        message = f"changes {'.'.join(map(str, misfit.location))}, which then {misfit.message}"
        yield Misfit(("profiles", name), message, also=(misfit.location, *misfit.also))
