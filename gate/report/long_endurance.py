"""What a long load showed: answers that slow down or do not, logins that ran out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.units import format_duration, format_ratio
from gate.verdict.endurance import degradation_words, login_words
from gate.verdict.figured import Degradation, LoginFigures, ScenarioFigures


def endurance(scenarios: Sequence[ScenarioFigures]) -> Iterator[str]:
    """A line for each scenario; those that were too short to tell, and were not asked to, share one."""
    found = [(each.scenario, each.degradation) for each in scenarios if each.degradation is not None]
    for name, told in found:
        if not _is_idle(told):
            yield f"{name}: {degradation_words(told)}"
    idle = [(name, told) for name, told in found if _is_idle(told)]
    if idle:
        least = format_ratio(idle[0][1].least)
        yield f"{', '.join(name for name, _ in idle)}: too short to tell whether p50 degrades by {least} an hour"
    yield from _logins([(each.scenario, each.logins) for each in scenarios if each.logins is not None])


def _logins(found: Sequence[tuple[str, LoginFigures]]) -> Iterator[str]:
    """A line for each scenario whose logins ran out or were refused; those of which nothing was seen share one."""
    unseen: dict[float | None, list[str]] = {}
    for name, told in found:
        if told.renewals or told.refused or told.lifetimes:
            yield f"{name}: {login_words(told)}"
        else:
            unseen.setdefault(told.life_s, []).append(name)
    for life_s, names in unseen.items():
        if life_s is None:
            yield f"{', '.join(names)}: nobody says how long logins last; none was made again, no answer 401"
        else:
            lasts = f"too short for a login to run out, which lasts {format_duration(life_s)}"
            yield f"{', '.join(names)}: {lasts}; no answer 401"


def _is_idle(told: Degradation) -> bool:
    return told.kind == "too short" and not told.is_asked
