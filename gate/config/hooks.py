"""What a suite has asked around the load: setup before it, cleanup and teardown after it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.config.asking import asked_beside
from gate.config.steps import HookStep, LoginStep, SingleRequest

if TYPE_CHECKING:
    from gate.config.checks import Location
    from gate.config.suite import Suite


@dataclass(frozen=True)
class Hook:
    """One request around the load, and where the suite has it."""

    location: Location
    what: str
    """What people call it."""
    step: SingleRequest
    identity: str | None
    """Who asks."""

    @property
    def is_cleanup(self) -> bool:
        """Whether it belongs to an endpoint."""
        return self.location[0] == "endpoints"

    @property
    def extract(self) -> dict[str, str]:
        """Members of the JSON answer that later requests use, by name."""
        return self.step.extract if isinstance(self.step, LoginStep) else {}

    @property
    def texts(self) -> list[tuple[Location, object]]:
        """Everything in it that may hold a placeholder, with its place."""
        step = self.step
        sent: list[tuple[Location, object]] = [((*self.location, "request"), step.request)]
        sent.append(((*self.location, "json"), step.json_body))
        return sent + [((*self.location, "headers", header), text) for header, text in step.headers.items()]


def before_load(suite: Suite) -> list[Hook]:
    """Steps of setup, in their order."""
    return list(_steps("setup", suite.setup))


def after_load(suite: Suite) -> list[Hook]:
    """What cleans up behind endpoints, then the steps of teardown, which may take away what cleaning up needs."""
    cleanups = [
        Hook(("endpoints", name, "cleanup"), f"cleanup of {name}", endpoint.cleanup, endpoint.identity)
        for name, endpoint in suite.endpoints.items()
        if endpoint.cleanup is not None
    ]
    return [*cleanups, *_steps("teardown", suite.teardown)]


def _steps(section: str, steps: list[HookStep]) -> Iterator[Hook]:
    for index, step in enumerate(steps):
        yield Hook((section, index), f"{section} step {index + 1}", step, step.identity)


def given_by_setup(suite: Suite) -> set[str]:
    """Names that setup fills for the whole run."""
    return {name for step in suite.setup for name in step.extract}


def unfilled(suite: Suite, names: set[str]) -> set[str]:
    """Those of some names in braces that neither data nor setup fills."""
    return {name for name in names - given_by_setup(suite) if name.partition(".")[0] not in suite.data}


def identities_in_use(suite: Suite) -> list[str]:
    """Identities that anything asks as, sorted; the others need no login and no value of the environment."""
    asked = {endpoint.identity for endpoint in suite.endpoints.values()}
    asked |= {socket.identity for socket in suite.sockets.values()}
    asked |= {hook.identity for hook in (*before_load(suite), *after_load(suite))}
    asked |= {asking.identity for asking in asked_beside(suite)}
    return sorted(name for name in asked if name is not None)
