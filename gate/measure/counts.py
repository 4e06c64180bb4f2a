"""How many requests there are of what, and what ``max_count`` leaves of them. Pure."""

from __future__ import annotations

import math

from gate.config.journeys import endpoints_of, is_of_sockets, only_in_journeys, steps_of
from gate.config.suite import Suite
from gate.errors import UsageError
from gate.record.value import Notice

BLOCK_REQUESTS = 50
WARMUP_REQUESTS = 10
"""Per endpoint and arm in one step of the warm-up; measured, counted, never judged."""
MIN_ROUNDS = 3
MAX_ROUNDS = 20
"""Without looks: more rounds of the same deployment say hardly more."""


def check_counts(suite: Suite) -> None:
    """See that every ``max_count`` is enough for what the suite asks.

    Raises
    ------
    UsageError
        If one leaves nothing for a scenario, or for the objectives of its endpoint.
    """
    _scenarios(suite)
    _objectives(suite)


def is_compared(suite: Suite, name: str) -> bool:
    """Whether an endpoint may be loaded, and so often that its blocks allow a verdict."""
    return suite.endpoints[name].is_loaded and most_blocks(suite, name) >= MIN_ROUNDS


def is_asked_once(suite: Suite, name: str) -> bool:
    """Whether only the answer of an endpoint is judged; one that needs a step before it cannot be asked alone."""
    return not is_compared(suite, name) and name not in only_in_journeys(suite)


def least_count(suite: Suite, name: str) -> int:
    """The smallest ``max_count`` with which an endpoint is compared: scenarios, one step of warm-up, least blocks."""
    return for_scenarios(suite, name) + WARMUP_REQUESTS + MIN_ROUNDS * BLOCK_REQUESTS


def too_few(suite: Suite) -> list[Notice]:
    """Which endpoints are not compared because of their ``max_count``."""
    return [
        Notice(
            code="max-count",
            message=f"{name} is not compared: max_count {endpoint.max_count} is too small"
            f" for {MIN_ROUNDS} blocks beside its scenarios; it is asked once",
            cure=f"raise its max_count to {least_count(suite, name)} to have it compared",
        )
        for name, endpoint in suite.endpoints.items()
        if endpoint.is_loaded and is_asked_once(suite, name)
    ]


def most_blocks(suite: Suite, name: str) -> float:
    """Blocks of an endpoint that its ``max_count`` allows beside scenarios and warm-up; infinite without one."""
    most = suite.endpoints[name].max_count
    if most is None:
        return math.inf
    return max(0, most - WARMUP_REQUESTS - for_scenarios(suite, name)) // BLOCK_REQUESTS


def for_scenarios(suite: Suite, name: str) -> int:
    """Requests of an endpoint that its scenarios are about to make; they go before the blocks.

    As many as can be told beforehand: users ask as often as the answers let them, so of each only one is counted.
    """
    planned = 0
    for scenario in suite.scenarios.values():
        uses = {member: steps_of(suite, member).count(name) for member in scenario.mix}
        load = scenario.load
        if load.peak_rps is not None and load.for_s is not None:
            each = sum(weight * uses[member] for member, weight in scenario.mix.items()) / sum(scenario.mix.values())
            planned += math.ceil(each * load.peak_rps * load.for_s)
        else:
            planned += max(uses.values()) * (load.count or max(load.users or (0,)))
    return planned


def _scenarios(suite: Suite) -> None:
    for scenario, pattern in suite.scenarios.items():
        for name in () if is_of_sockets(suite, scenario) else endpoints_of(suite, scenario):
            most = suite.endpoints[name].max_count
            needed = max(steps_of(suite, member).count(name) for member in pattern.mix)
            once = int(is_asked_once(suite, name))
            if most is None or most - once >= needed:
                continue
            if most == once:
                what = f"max_count {most} is used up by asking once: none is left for scenarios.{scenario}"
            else:
                what = (
                    f"max_count {most} is too small for one journey of scenarios.{scenario}, which asks {needed} times"
                )
            raise UsageError(
                f"endpoints.{name}: {what}",
                f"raise max_count, to {least_count(suite, name)} if it is to be compared as well, or take {name}"
                " out of the mix",
            )


def _objectives(suite: Suite) -> None:
    for name, endpoint in suite.endpoints.items():
        if endpoint.is_loaded and suite.objectives_of(name) and not is_compared(suite, name):
            raise UsageError(
                f"endpoints.{name}: has objectives that nothing judges: max_count {endpoint.max_count} is too small for"
                f" {MIN_ROUNDS} blocks beside its scenarios",
                f"raise max_count to {least_count(suite, name)}, or write its objectives into a scenario",
            )
