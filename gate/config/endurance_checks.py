"""What objectives of long loads ask of their scenario. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gate.config.checks import Location, Misfit
from gate.config.journeys import is_of_sockets, steps_of

if TYPE_CHECKING:
    from gate.config.suite import Suite


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Objectives of which nothing can come."""
    for name, scenario in suite.scenarios.items():
        here: Location = ("scenarios", name, "objectives")
        also: tuple[Location, ...] = (("scenarios", name, "load"),)
        wanted, load = scenario.objectives, scenario.load
        if wanted.degradation is not None and (not load.is_constant or load.count is not None):
            message = "asks whether answers slow down under a load that changes; write one rate or number of users"
            yield Misfit((*here, "degradation"), f"{message}, without ramp", also=also)
        elif wanted.degradation is not None and is_of_sockets(suite, name):
            yield Misfit((*here, "degradation"), "is not known of WebSockets; take it out", also=also)
        if wanted.expiries is not None and not _logs_in(suite, name):
            message = (
                "asks for logins that run out, and nobody in its mix logs in; give an endpoint an identity that does"
            )
            yield Misfit((*here, "expiries"), message, also=(("scenarios", name, "mix"), ("identities",)))


def _logs_in(suite: Suite, scenario: str) -> bool:
    steps = [step for member in suite.scenarios[scenario].mix for step in steps_of(suite, member)]
    askers = [(suite.endpoints.get(step) or suite.sockets.get(step)) for step in steps]
    names = [asker.identity for asker in askers if asker is not None and asker.identity is not None]
    return any(suite.identities[name].login for name in names if name in suite.identities)
