"""What must fit between what is forecast and the scenarios that it is forecast from. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gate.config.checks import Location, Misfit, unknown
from gate.config.forecast import ExpectedGrowth
from gate.config.sweeps import AT_LEAST, LATENCIES, SettingSweep, statistics_of, sweeps

if TYPE_CHECKING:
    from gate.config.suite import Suite


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything in the forecast of a suite that does not fit its scenarios."""
    for name, growth in suite.forecast.items():
        here: Location = ("forecast", name)
        if growth.setting is not None:
            yield from _of_setting(suite, here, growth.setting, growth)
        elif growth.scenario is not None:
            yield from _of_scenario(suite, here, growth.scenario, growth)


def limits_of(suite: Suite, sweep: SettingSweep) -> dict[tuple[str | None, str], float]:
    """Limits that something may reach by a setting: by endpoint of the mix (None: of the scenarios) and statistic.

    Where scenarios of one sweep have different limits, the tightest counts.
    """
    first = suite.scenarios[next(iter(sweep.values))]
    measured = statistics_of(first.load)
    found: dict[tuple[str | None, str], float] = {}
    for name in sweep.values:
        for statistic, limit in suite.scenarios[name].objectives.limits().items():
            if statistic in measured:
                tightest = max if statistic in AT_LEAST else min
                found[None, statistic] = tightest(limit, found.get((None, statistic), limit))
    for endpoint in first.mix:
        is_loaded = endpoint in suite.endpoints and _is_known(suite, endpoint)
        limits = suite.objectives_of(endpoint) if is_loaded else {}
        found |= {(endpoint, key): limits[key] for key in LATENCIES if key in limits and key in measured}
    return found


def _is_known(suite: Suite, name: str) -> bool:
    """Whether a part of a mix is there with its class; of a suite that is being read it may not be."""
    endpoint = suite.endpoints.get(name)
    if endpoint is None:
        return name in suite.journeys
    return endpoint.class_name is None or endpoint.class_name in suite.classes


def _of_setting(suite: Suite, here: Location, setting: str, growth: ExpectedGrowth) -> Iterator[Misfit]:
    also: tuple[Location, ...] = (("scenarios",), ("preview", "serve"))
    mine = [sweep for sweep in sweeps(suite) if sweep.setting == setting]
    if not mine:
        message = (
            f"names the setting {setting!r}, in which alone no two scenarios differ; give scenarios of one load and mix"
            f' different numbers: serve: {{{setting}: "1000"}}'
        )
        yield Misfit((*here, "setting"), message, also)
    elif not any(limits_of(suite, sweep) for sweep in mine) and all(
        _is_known(suite, name) for sweep in mine for other in sweep.values for name in suite.scenarios[other].mix
    ):
        message = f"has no limit to reach: no scenario over {setting} has one; add objectives to it, such as p95: 200ms"
        yield Misfit((*here, "setting"), message, also=(*also, ("endpoints",), ("classes",)))
    if growth.now.unit != "count":
        yield Misfit((*here, "now"), f"is a rate, and {setting} is a number; write a number")


def _of_scenario(suite: Suite, here: Location, scenario: str, growth: ExpectedGrowth) -> Iterator[Misfit]:
    if scenario not in suite.scenarios:
        yield unknown((*here, "scenario"), "scenario", "scenarios", scenario, suite.scenarios)
        return
    find = suite.scenarios[scenario].load.find
    also: tuple[Location, ...] = (("scenarios", scenario),)
    if find is None:
        message = f"names {scenario}, which does not search for its capacity; name one with load: {{find: ...}}"
        yield Misfit((*here, "scenario"), message, also)
    elif (find == "max_rate") != (growth.now.unit == "per_s"):
        wanted = "a rate, such as 40/s" if find == "max_rate" else "a number of users, such as 300"
        yield Misfit((*here, "now"), f"is not in the unit of {scenario}; write {wanted}", also)
