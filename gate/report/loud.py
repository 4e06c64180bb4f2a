"""Notices that stand right below the first line, because the verdict cannot be understood without them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gate.record.value import LEFT_BEHIND, PROFILED, Notice
from gate.report.words import listed, metric_name
from gate.verdict.values import Row, Verdict

SUITE_CHANGED = "suite-changed"
"""The pull request changes the suite; the base commit's was in effect."""
ADDED_ENDPOINT = "added-endpoint"
"""The pull request adds an endpoint: measured, not gated."""
BASE_COMMIT = "base-commit"
"""What was compared with is not the merge base."""
ACCEPTED = "accepted"
"""Somebody accepted a regression: who, and why. Rows carry it."""
ACCEPTED_OWN = "accepted-own"
"""Who accepted it had opened the pull request."""
NOTHING_TO_ACCEPT = "nothing-to-accept"
"""Somebody accepted what did not regress."""
_CODES = (SUITE_CHANGED, ACCEPTED, ACCEPTED_OWN, NOTHING_TO_ACCEPT, BASE_COMMIT, ADDED_ENDPOINT, PROFILED, LEFT_BEHIND)
"""In the order they are told."""
_BEFORE = {LEFT_BEHIND: "left behind: "}
_MOST = 5


def is_loud(notice: Notice) -> bool:
    """Whether a notice of a verdict stands below the first line, and so nowhere else."""
    return notice.code in _CODES


def is_loud_in_row(notice: Notice) -> bool:
    """The same of a notice of a row: there only who accepted it. All else is told of a row beside its figures."""
    return notice.code == ACCEPTED


def warnings_of(verdict: Verdict) -> tuple[str, ...]:
    """The loud notices of a verdict and of its rows, at most five of a kind."""
    return tuple(text for code in _CODES for text in _of_code(verdict, code))


def worded(notice: Notice) -> str:
    """What was seen, and what can be done about it."""
    return f"{notice.message}; {notice.cure}" if notice.cure else notice.message


def carried(rows: Iterable[Row], wanted: Callable[[Notice], bool]) -> Iterator[str]:
    """What rows carry with them, each text once with all the rows that carry it."""
    carriers: dict[str, list[Row]] = {}
    for row in rows:
        for notice in filter(wanted, row.notices):
            carriers.setdefault(worded(notice), []).append(row)
    return (f"{_where(found)}: {text}" for text, found in carriers.items())


def _of_code(verdict: Verdict, code: str) -> Iterator[str]:
    before = _BEFORE.get(code, "")
    of_all = (before + worded(notice) for notice in verdict.notices if notice.code == code)
    of_rows = carried(verdict.rows, is_loud_in_row) if code == ACCEPTED else ()
    told = list(dict.fromkeys([*of_all, *of_rows]))
    yield from told[:_MOST]
    if len(told) > _MOST:
        yield f"{before or f'{code}: '}{len(told) - _MOST} more, which are in verdict.json"


def _where(rows: list[Row]) -> str:
    names = list(dict.fromkeys("all endpoints" if row.endpoint == "*" else row.endpoint for row in rows))
    metrics = list(dict.fromkeys("" if row.endpoint == "*" else metric_name(row.metric) for row in rows))
    return f"{listed(names)} {' and '.join(metric for metric in metrics if metric)}".strip()
