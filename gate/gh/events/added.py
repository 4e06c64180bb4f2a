"""Endpoints that a pull request adds to the suite: measured under the rules of the base, shown, never gated. Pure."""

from __future__ import annotations

import math
from itertools import chain

from gate.config import checks, hook_checks, scenario_checks, socket_checks
from gate.config.endpoint import Endpoint
from gate.config.objectives import Objectives, Tolerance
from gate.config.suite import Suite
from gate.config.templates import environment_names
from gate.measure.plan import round_cost
from gate.record.value import Notice

MOST_ADDED = 5
"""More wait for the merge, and so does what would more than double the suite: each costs minutes."""
ADDED = "added-endpoint"
_UNUSED: dict[str, object] = {
    "class_name": None,
    "objectives": Objectives(),
    "tolerance": Tolerance(),
    "extract": {},
    "gate": False,
}


def with_added(base: Suite, head: Suite) -> tuple[Suite, tuple[Notice, ...]]:
    """The suite of the base with endpoints that only the head's has, and what became of each.

    An added endpoint is never loaded if it changes data, and never takes a value from the environment: the preview
    is the author's own, and every ``${NAME}`` that it asked for would be told to it.
    """
    taken: dict[str, Endpoint] = {}
    notices = []
    for name in _new(base, head):
        endpoint = head.endpoints[name]
        why = _why_not(base, name, endpoint, len(taken))
        if not why:
            taken[name] = _ungated(endpoint)
        notices.append(_told(name, why))
    return _with_their_budget(base, _extended(base, taken)), tuple(notices)


def left_out(base: Suite, head: Suite) -> tuple[Notice, ...]:
    """What becomes of added endpoints beside a base deployment: none is measured.

    What all endpoints share is judged there too. As many that stay as they are would halve it; as many that are slower
    on purpose would make the slowness of others look like the host's.
    """
    shared = "beside a base deployment it would have a part in what is told of the whole suite"
    return tuple(_told(name, _why_not(base, name, head.endpoints[name], 0) or shared) for name in _new(base, head))


def _new(base: Suite, head: Suite) -> list[str]:
    return [name for name in head.endpoints if name not in base.endpoints]


def _told(name: str, why_not: str) -> Notice:
    told = f"is not measured before the merge: {why_not}" if why_not else "is measured and not gated"
    return Notice(code=ADDED, message=f"{name} is new in this pull request and {told}")


def _with_their_budget(base: Suite, more: Suite) -> Suite:
    """The suite with time and requests for what was added, so that nothing is taken from what is gated."""
    before, after = (round_cost(suite, None, arms=2) for suite in (base, more))
    if not (before.time_s > 0 and before.requests > 0):
        return more
    budget = base.policy.budget
    larger = budget.model_copy(
        update={
            "time_s": budget.time_s * max(1.0, after.time_s / before.time_s),
            "requests": math.ceil(budget.requests * after.requests / before.requests),
        }
    )
    return more.model_copy(update={"policy": base.policy.model_copy(update={"budget": larger})})


def _why_not(base: Suite, name: str, endpoint: Endpoint, taken: int) -> str:
    if endpoint.mutates or endpoint.cleanup is not None or endpoint.method not in ("GET", "HEAD"):
        return "it may change data"
    if environment_names(endpoint.model_dump(mode="json")):
        return "it takes a value from the environment"
    suite = _extended(base, {name: _ungated(endpoint)})
    every = chain(
        checks.misfits(suite), hook_checks.misfits(suite), socket_checks.misfits(suite), scenario_checks.misfits(suite)
    )
    misfit = next((misfit for misfit in every if misfit.location[:2] == ("endpoints", name)), None)
    most = min(MOST_ADDED, len(base.endpoints))
    if misfit is not None:
        return f"it {misfit.message}"
    return f"there are more than {most} new endpoints" if taken >= most else ""


def _ungated(endpoint: Endpoint) -> Endpoint:
    return endpoint.model_copy(update=_UNUSED)


def _extended(base: Suite, more: dict[str, Endpoint]) -> Suite:
    return base.model_copy(update={"endpoints": {**base.endpoints, **more}}) if more else base
