"""What a long load showed: answers that slow down or do not, logins that ran out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.units import format_ratio
from gate.verdict.endurance import degradation_words, login_words
from gate.verdict.figured import Degradation, ScenarioFigures


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
    for each in scenarios:
        if each.logins is not None:
            yield f"{each.scenario}: {login_words(each.logins)}"


def _is_idle(told: Degradation) -> bool:
    return told.kind == "too short" and not told.is_asked
