"""What must be so before a release: yes, no, or not measured, each from rows. Pure.

``yes`` needs every row of its kind to have passed, and at least one of them; one that failed says ``no`` whatever the
others did. Advisory rows count: the list is about readiness, not about what blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from gate.verdict.assessed import ChecklistItem, State
from gate.verdict.assessment.advice_answers import ERRORS
from gate.verdict.assessment.bottleneck import is_full
from gate.verdict.assessment.grounds import Grounds, Judged, ids
from gate.verdict.assessment.kinds import BACK, LEAK
from gate.verdict.assessment.watch import POOL

LEAST_SAMPLES = 5
"""Of a pool in some stretch of load: fewer do not show that it was never full. Stretches of a second, which no sample
could call full either, are not what this is about."""


@dataclass(frozen=True)
class _Item:
    message: str
    is_of: Callable[[Judged], bool]
    """Whether it is this row that tells."""


def checklist(grounds: Grounds) -> Iterator[ChecklistItem]:
    """Every item, always: what is missing from a list nobody misses."""
    limited = {each.row.endpoint for each in grounds.judged if _limits_errors(each)}
    for item in _ITEMS:
        found = [each for each in grounds.judged if item.is_of(each) and not _is_idle(each, limited)]
        yield ChecklistItem(message=item.message, state=_state(found), rows=ids(each.row for each in found))
    yield ChecklistItem(message="no pool of connections was full", state=_pool(grounds), rows=[])


def _state(found: Sequence[Judged]) -> State:
    came = {each.came for each in found}
    return "no" if "failed" in came else "yes" if came == {"passed"} else "not measured"


def _pool(grounds: Grounds) -> State:
    """In scenarios that the suite only tries out, too: whoever reads the list decides what to do about it."""
    found = [use for use in grounds.assessment.resources if use.resource == POOL.name]
    if any(map(is_full, found)):
        return "no"
    return "yes" if any(use.n >= LEAST_SAMPLES for use in found) else "not measured"


def _limits_errors(each: Judged) -> bool:
    return each.kind == "objective" and each.statistic == "error_rate"


def _is_idle(each: Judged, limited: Collection[str]) -> bool:
    """Errors with nothing on main to compare them with leave nothing open where they have a limit of their own."""
    return each.row.metric == "errors" and each.row.outcome == "no_baseline" and each.row.endpoint in limited


def _is_need(each: Judged) -> bool:
    return each.kind == "objective" and each.statistic in ("rate", "capacity")


def _is_lasting(each: Judged) -> bool:
    return each.statistic in ("degradation", "expiries", BACK)


_ITEMS = (
    _Item(
        "response times are within their limits",
        lambda it: it.kind == "objective" and it.row.unit == "s" and not it.of_scenario,
    ),
    _Item(
        "scenarios are within their limits",
        lambda it: it.kind == "objective" and it.of_scenario and not _is_need(it) and not _is_lasting(it),
    ),
    _Item("rates and capacity are what is needed", _is_need),
    _Item(
        "requests are answered as expected",
        lambda it: it.row.metric == "errors" or _limits_errors(it),
    ),
    _Item("the error contract is kept", lambda it: it.kind == "probe" and it.category == ERRORS),
    _Item("access is refused to who may not", lambda it: it.kind == "probe" and it.category == "authentication"),
    _Item("what may be done to it is limited and answered safely", lambda it: it.category == "security"),
    _Item(
        "the number of queries does not grow with the items (no N+1)",
        lambda it: it.kind == "probe" and it.statistic == "queries",
    ),
    _Item("nothing leaks under constant load", lambda it: it.statistic == LEAK),
    _Item("a long load is borne: no slower at its end, tokens renewed, what it took given back", _is_lasting),
    _Item(
        "there are baselines, and nothing is worse than on main",
        lambda it: it.kind == "change" and it.row.metric != "errors",
    ),
)
