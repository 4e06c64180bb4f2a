"""Scenarios that differ in one setting of the preview alone: the same load and mix, served with other values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.config.loads import Load
    from gate.config.suite import Suite

LATENCIES = ("mean", "p50", "p90", "p95", "p99")
"""What of many answers follows a law of size; the slowest single one follows none."""
AT_LEAST = ("rate", "capacity")
"""More is better."""
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
"""Without sign or exponent: what is counted or measured out."""


@dataclass(frozen=True)
class SettingSweep:
    """One variable of ``preview.serve`` with the scenarios that have different values of it."""

    setting: str
    values: dict[str, float]
    """By scenario, in the order of the suite; above zero, and at least two of them differ."""


def sweeps(suite: Suite) -> Iterator[SettingSweep]:
    """Every such group.

    A scenario is served with its own values over those of ``preview.serve.env``; one that leaves a variable unset, or
    gives it something else than a number, is in no sweep over it. Scenarios that run beside others share the preview
    with them, and WebSockets have no rate of answers: they are left out.
    """
    usual = suite.preview.serve.env if suite.preview.serve is not None else {}
    shared = {other for scenario in suite.scenarios.values() for other in scenario.beside}
    kept = {
        name: usual | scenario.serve
        for name, scenario in suite.scenarios.items()
        if not scenario.beside and name not in shared and not set(scenario.mix) & set(suite.sockets)
    }
    settings = dict.fromkeys(key for name in kept for key in suite.scenarios[name].serve)
    for setting in settings:
        groups: dict[tuple[object, ...], dict[str, float]] = {}
        for name, served in kept.items():
            number = number_of(served.get(setting, ""))
            if number is not None:
                groups.setdefault(_rest(suite, name, setting, served), {})[name] = number
        for values in groups.values():
            if len(set(values.values())) > 1:
                yield SettingSweep(setting, values)


def statistics_of(load: Load) -> tuple[str, ...]:
    """What a load of this kind measures of the preview, and does not set itself.

    A search has no latencies of its own, its answers being of many levels. Users who do not think get their answers as
    fast as the preview makes them; users who think, and rates, set the pace.
    """
    if load.find is not None:
        return ("capacity",)
    return LATENCIES if load.is_open or load.think_s else ("rate", *LATENCIES)


def number_of(text: str) -> float | None:
    """A value of the environment as a number above zero; None if it is none."""
    number = float(text) if _NUMBER.fullmatch(text) else 0.0
    return number if number > 0 else None


def _rest(suite: Suite, name: str, setting: str, served: dict[str, str]) -> tuple[object, ...]:
    """Everything else that scenarios of one sweep must have alike."""
    scenario = suite.scenarios[name]
    others = tuple(sorted((key, value) for key, value in served.items() if key != setting))
    return scenario.load.model_dump_json(), tuple(sorted(scenario.mix.items())), others
