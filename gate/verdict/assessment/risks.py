"""What may go wrong, in four grades, each tied to the rows it was seen in. Pure.

Critical: users meet it now. High: they will, or a figure they rely on is wrong. Medium: it is near, or cannot be told.
Low: it costs comfort or knowledge. The table says which is which; nothing is graded that no row shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gate.verdict.assessed import Grade, Risk
from gate.verdict.assessment.advice import each_once, some, times
from gate.verdict.assessment.grounds import Grounds, Judged, ids
from gate.verdict.assessment.kinds import LEAK, label
from gate.verdict.assessment.missing_indexes import felt

FAR = 5.0
"""A limit that is missed by this factor is not missed by a bad day."""
_OF_WORK = frozenset({"queries", "stability", "concurrency", "response"})
"""Categories of probes that ask how answers come about, not what they are."""
NEAR = 1.2
"""Room below which an ordinary change takes a limit away; counts, such as one query of one allowed, are meant so."""


@dataclass(frozen=True)
class _Danger:
    grade: Grade
    words: str
    """With ``{rows}`` for the names of the first few."""
    is_one: Callable[[Judged], bool]


def risks(grounds: Grounds) -> Iterator[Risk]:
    """In the order of their grades; a row is in the first danger that it fits."""
    left, of_indexes = list(grounds.judged), felt(grounds)
    slow = _Danger("critical", "statements are slow for want of an index: {rows}", lambda it: it.row.id in of_indexes)
    for danger in (slow, *_DANGERS):
        found = [each for each in left if danger.is_one(each)]
        if found:
            left = [each for each in left if each not in found]
            named = some(each_once(_named(each) for each in found))
            yield Risk(grade=danger.grade, message=danger.words.format(rows=named), rows=ids(e.row for e in found))


def _named(each: Judged) -> str:
    beyond = each.times is not None and each.times < 1
    return label(each.row) + (f" ({times(1 / (each.times or 1.0))} times beyond its limit)" if beyond else "")


def _is_wrong_answer(each: Judged) -> bool:
    if each.row.metric == "probe":
        return each.category not in _OF_WORK
    return each.row.metric == "errors" or each.statistic in ("error_rate", "success")


_DANGERS = (
    _Danger("critical", "requests are answered wrongly: {rows}", lambda it: it.row.blocks and _is_wrong_answer(it)),
    _Danger(
        "critical",
        "far too slow or far too little: {rows}",
        lambda it: it.row.blocks and it.times is not None and it.times <= 1 / FAR,
    ),
    _Danger("critical", "it runs out of what leaks: {rows}", lambda it: it.statistic == LEAK and it.came == "failed"),
    _Danger("high", "what is required is not reached: {rows}", lambda it: it.row.blocks),
    _Danger("medium", "failed, and let pass: {rows}", lambda it: it.came == "failed"),
    _Danger(
        "medium",
        "the next change may take the limit away: {rows}",
        lambda it: (
            it.came == "passed" and it.times is not None and it.times < NEAR and it.row.unit not in ("ratio", "count")
        ),
    ),
    _Danger("medium", "nobody knows: {rows}", lambda it: it.row.outcome in ("not_measured", "inconclusive")),
    _Danger(
        "low",
        "nothing to compare with yet, so a slowdown by this change would not be seen: {rows}",
        lambda it: it.row.outcome == "no_baseline",
    ),
)
