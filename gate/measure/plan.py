"""What will be measured and in which order: a pure function of the suite.

Blocks of several endpoints run side by side up to ``policy.max_rate``; the grouping follows from the suite alone and
is the same in every run. The order of groups, and of the arms within a duet, is shuffled anew in every round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from gate.config.journeys import endpoints_of, is_of_sockets, names_in, only_in_journeys, side_by_side, steps_of
from gate.config.suite import Suite
from gate.errors import UsageError
from gate.measure.sockets import socket_hash
from gate.record.codec import digest
from gate.record.run import Arm, Notice

BLOCK_REQUESTS = 50
WARMUP_REQUESTS = 10
"""Per endpoint and arm in one step of the warm-up; measured, counted, never judged."""
LEAST_WARMUP_STEPS = 2
"""One to begin with, one to see whether it was steady."""
MIN_ROUNDS = 3
MAX_ROUNDS = 20


@dataclass(frozen=True)
class Step:
    """One segment: some endpoints of one arm side by side."""

    round: int
    arm: Arm
    endpoints: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    warmup: tuple[Step, ...]
    """One step of each group; repeated until steady."""
    steps: tuple[Step, ...]
    asked_once: tuple[str, ...]
    """Endpoints that may not be loaded, or not often enough: asked a single time, only their answer is judged."""
    rounds: int
    expected_s: float
    """Wall time of warm-up and blocks at the planned rates."""


def make_plan(suite: Suite, arms: tuple[Arm, ...], seed: int) -> Plan:
    """Lay out the rounds of one run.

    Raises
    ------
    UsageError
        If the budget does not reach for the least number of rounds, or ``max_count`` leaves nothing for a scenario or
        for the objectives of an endpoint.
    """
    _check_scenarios(suite)
    _check_objectives(suite)
    groups = group_endpoints(suite)
    round_s = len(arms) * sum(_block_s(suite, group) for group in groups)
    round_requests = len(arms) * BLOCK_REQUESTS * sum(len(group) for group in groups)
    rounds = _rounds(suite, round_s, round_requests) if groups else 1
    order = Random(seed)
    steps: list[Step] = []
    for number in range(rounds):
        for group in order.sample(groups, len(groups)):
            able = tuple(name for name in group if number < _most_blocks(suite, name))
            steps.extend(Step(number, arm, able) for arm in order.sample(arms, len(arms)) if able)
    warmup = tuple(Step(0, arm, group) for group in groups for arm in arms)
    asked_once = tuple(name for name in suite.endpoints if is_asked_once(suite, name))
    warmup_s = round_s * LEAST_WARMUP_STEPS * WARMUP_REQUESTS / BLOCK_REQUESTS
    return Plan(warmup, tuple(steps), asked_once, rounds, warmup_s + rounds * round_s)


def group_endpoints(suite: Suite) -> list[tuple[str, ...]]:
    """Endpoints that run side by side: in the suite's order, as many as ``max_rate`` carries."""
    groups: list[list[str]] = []
    left = 0.0
    in_journeys = only_in_journeys(suite)
    for name, endpoint in suite.endpoints.items():
        if not is_compared(suite, name) or name in in_journeys:
            continue
        if not groups or endpoint.rate_rps > left:
            groups.append([])
            left = suite.policy.max_rate_rps
        groups[-1].append(name)
        left -= endpoint.rate_rps
    return [tuple(group) for group in groups]


def compared_rps(suite: Suite) -> dict[str, float]:
    """Requests per second of the comparison blocks that each endpoint has a part in."""
    groups = group_endpoints(suite)
    return {name: sum(suite.endpoints[member].rate_rps for member in group) for group in groups for name in group}


def _block_s(suite: Suite, group: tuple[str, ...]) -> float:
    return BLOCK_REQUESTS / min(suite.endpoints[name].rate_rps for name in group)


def is_compared(suite: Suite, name: str) -> bool:
    """Whether an endpoint may be loaded, and so often that its blocks allow a verdict."""
    return suite.endpoints[name].is_loaded and _most_blocks(suite, name) >= MIN_ROUNDS


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


def _most_blocks(suite: Suite, name: str) -> int:
    most = suite.endpoints[name].max_count
    if most is None:
        return MAX_ROUNDS
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


def _check_scenarios(suite: Suite) -> None:
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


def _check_objectives(suite: Suite) -> None:
    for name, endpoint in suite.endpoints.items():
        if endpoint.is_loaded and suite.objectives_of(name) and not is_compared(suite, name):
            raise UsageError(
                f"endpoints.{name}: has objectives that nothing judges: max_count {endpoint.max_count} is too small for"
                f" {MIN_ROUNDS} blocks beside its scenarios",
                f"raise max_count to {least_count(suite, name)}, or write its objectives into a scenario",
            )


def _rounds(suite: Suite, round_s: float, round_requests: int) -> int:
    budget = suite.policy.budget
    by_time, by_requests = int(budget.time_s / round_s), budget.requests // round_requests
    rounds = min(by_time, by_requests, MAX_ROUNDS)
    if rounds < MIN_ROUNDS:
        raise UsageError(
            f"the budget allows {rounds} rounds of {round_s:.0f} s and {round_requests} requests; a verdict needs at"
            f" least {MIN_ROUNDS}",
            f"set policy.budget to {{time: {math.ceil(MIN_ROUNDS * round_s)}s,"
            f" requests: {MIN_ROUNDS * round_requests}}} or more, or raise policy.max_rate if the preview can take it",
        )
    return rounds


def block_seed(suite: str, endpoint: str, number: int) -> int:
    """Seed of one block's arrivals and data: the same in every run and in both arms."""
    return int(digest([suite, endpoint, number])[:15], 16)


_ENDPOINT_KEYS = {"request", "headers", "json_body", "expect", "rate_rps"}
_LATER_KEYS = {"graphql", "follow", "connections", "timeout_s"}
_WIRE_KEYS = {"http", "compression", "ca", "proxy"}
"""What came after the first stored runs is part of a hash only where a suite uses it, so that those stay comparable."""


def endpoint_hash(suite: Suite, name: str) -> str:
    """Identity of everything that makes an endpoint's numbers comparable; templates stay unfilled."""
    endpoint = suite.endpoints[name]
    asker = suite.identities[endpoint.identity] if endpoint.identity else None
    identity = None if asker is None else asker.model_dump(mode="json", exclude={"lasts_s"})
    later = {
        **endpoint.model_dump(mode="json", include=_LATER_KEYS, exclude_defaults=True),
        **suite.preview.model_dump(mode="json", include=_WIRE_KEYS, exclude_defaults=True),
        **_files(suite, names_in(endpoint)),
        **_ordered(suite, names_in(endpoint)),
        **({"setup": [step.model_dump(mode="json") for step in suite.setup]} if suite.setup else {}),
    }
    ranges = {key: data for key, data in suite.data.items() if data.range is not None}
    return digest(
        {
            "request": endpoint.model_dump(mode="json", include=_ENDPOINT_KEYS),
            "identity": identity,
            "preview_headers": suite.preview.headers,
            "data": {key: data.model_dump(mode="json", exclude_defaults=True) for key, data in ranges.items()},
            "load": {"block": BLOCK_REQUESTS, "arrivals": "poisson", "max_rate_rps": suite.policy.max_rate_rps},
            **({"later": later} if later else {}),
        }
    )[:32]


def _files(suite: Suite, names: set[str]) -> dict[str, object]:
    """Files that an endpoint draws from, each with the hash of its content."""
    used = {name.partition(".")[0] for name in names} & suite.data.keys()
    return {
        f"data.{key}": [data.model_dump(mode="json", exclude_defaults=True), data.table.sha256 if data.table else None]
        for key in sorted(used)
        if (data := suite.data[key]).file is not None
    }


def _ordered(suite: Suite, names: set[str]) -> dict[str, object]:
    """Data that an endpoint picks in order, which first began anew with every block."""
    used = {name.partition(".")[0] for name in names} & suite.data.keys()
    return {f"order.{key}": "goes on" for key in sorted(used) if suite.data[key].pick == "order"}


_FIRST_LOAD_KEYS = ("rate_rps", "users", "count", "for_s", "think_s", "concurrent")


def scenario_hash(suite: Suite, name: str) -> str:
    """Identity of a scenario: its load, its mix, what runs beside it, and the endpoints in it."""
    scenario = suite.scenarios[name]
    hash_of = socket_hash if is_of_sockets(suite, name) else endpoint_hash
    members = {member: hash_of(suite, member) for member in endpoints_of(suite, name)}
    given = scenario.load.model_dump(mode="json", exclude_defaults=True)
    load = dict.fromkeys(_FIRST_LOAD_KEYS) | given
    if scenario.load.users is not None and len(scenario.load.users) == 1:
        load["users"] = scenario.load.users[0]
    journeys = {
        member: [[step, suite.endpoints[step].extract] for step in suite.journeys[member]]
        for member in scenario.mix
        if member in suite.journeys
    }
    group = next(group for group in side_by_side(suite) if name in group)
    beside = {
        other: [suite.scenarios[other].load.model_dump(mode="json"), suite.scenarios[other].mix]
        for other in group
        if other != name
    }
    later = [part for part in (journeys, beside) if part]
    return digest([load, scenario.mix, members, *later])[:32]
