"""Rows that were compared with another commit of main than the one the pull request began at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gate.record.run import Run
from gate.record.value import BASE_COMMIT, Notice
from gate.verdict.values import Row

_MARK = Notice(code=BASE_COMMIT, message="compared with another commit of main than the merge base")


def with_other_base(rows: Iterable[Row], candidates: Sequence[Run]) -> list[Row]:
    """The rows, each that has a value of the base marked if a run says that the base is of another commit."""
    if not any(notice.code == BASE_COMMIT for run in candidates for notice in run.notices):
        return list(rows)
    return [row if row.baseline is None else row.model_copy(update={"notices": [*row.notices, _MARK]}) for row in rows]
