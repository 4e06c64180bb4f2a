"""The scenarios of a suite in the size of one of its profiles. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gate.config.loads import Load
from gate.config.policy import Policy
from gate.config.profiles import Profile

if TYPE_CHECKING:
    from gate.config.scenario import Scenario
    from gate.config.suite import Suite


SHORTEST_REST_S = 5.0
"""Some readings have to come in a rest; and one is never longer than the suite says, however long the load."""


def chosen(suite: Suite, profile: Profile) -> tuple[str, ...]:
    """Scenarios that a profile runs, in the order of the suite."""
    return tuple(name for name in suite.scenarios if profile.scenarios is None or name in profile.scenarios)


def sized(suite: Suite, name: str) -> Suite:
    """The suite in the size of a profile that it has, whatever comes of it: see :mod:`gate.config.profile_checks`.

    What telemetry should be during a scenario is asked where that is run.
    """
    profile = suite.profiles[name]
    scenarios = {other: sized_scenario(suite.scenarios[other], profile) for other in chosen(suite, profile)}
    objectives = [
        limit for limit in suite.telemetry.objectives if limit.scenario is None or limit.scenario in scenarios
    ]
    rest_s = suite.telemetry.rest_s
    if rest_s is not None and profile.time_ratio < 1:
        rest_s = max(min(rest_s, SHORTEST_REST_S), rest_s * profile.time_ratio)
    telemetry = suite.telemetry.model_copy(update={"objectives": objectives, "rest_s": rest_s})
    policy = sized_policy(suite.policy, profile)
    return suite.model_copy(update={"scenarios": scenarios, "telemetry": telemetry, "policy": policy}).in_size_of(name)


def sized_policy(policy: Policy, profile: Profile) -> Policy:
    """What the measurement may cost: blocks of the same size and rate, more or fewer of them."""
    if profile.budget_s is None:
        return policy
    budget = policy.budget.model_copy(update={"time_s": profile.budget_s})
    return policy.model_copy(update={"budget": budget})


def sized_scenario(scenario: Scenario, profile: Profile) -> Scenario:
    """One scenario: its load, and the rates it should reach."""
    ratio, objectives, target = _ratio(scenario.load, profile), scenario.objectives, scenario.target
    limits = {key: value * ratio for key in ("rate", "capacity") if (value := getattr(objectives, key)) is not None}
    return scenario.model_copy(
        update={
            "load": sized_load(scenario.load, profile),
            "objectives": objectives.model_copy(update=limits),
            "target": target and target.model_copy(update={"rate_rps": target.rate_rps * ratio}),
        }
    )


def sized_load(load: Load, profile: Profile) -> Load:
    """One load pattern; people and requests are rounded to whole ones, halves upwards."""
    ratio = _ratio(load, profile)
    changed: dict[str, object] = {
        key: value * ratio for key in ("rate_rps", "start", "limit") if (value := getattr(load, key)) is not None
    }
    if load.find is None:
        changed |= {key: s * profile.time_ratio for key in ("for_s", "ramp_s") if (s := getattr(load, key)) is not None}
    if load.find == "max_users":
        changed |= {"start": max(1.0, float(_whole(load.start, ratio))), "limit": float(_whole(load.limit, ratio))}
    if load.rates_rps is not None:
        changed["rates_rps"] = [rate * ratio for rate in load.rates_rps]
    if load.hours is not None:
        rates = {at: rate * ratio for at, rate in load.hours.rates_rps.items()}
        changed["hours"] = load.hours.model_copy(update={"rates_rps": rates})
    if load.users is not None:
        changed["users"] = [_whole(users, ratio) for users in load.users]
    if load.count is not None:
        changed["count"] = _whole(load.count, ratio)
    if load.concurrent is not None:
        changed["concurrent"] = max(1, _whole(load.concurrent, ratio))
    return load.model_copy(update=changed)


def _ratio(load: Load, profile: Profile) -> float:
    """By how much the rate of answers changes: as what sets the pace does."""
    return profile.rates_ratio if load.is_open else profile.users_ratio


def _whole(number: float | None, ratio: float) -> int:
    return math.floor((number or 0.0) * ratio + 0.5)
