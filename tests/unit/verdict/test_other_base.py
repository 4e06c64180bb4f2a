"""Rows beside a base that is another commit of main: each says so, and its outcome is what it was."""

from __future__ import annotations

import pytest

from gate.record.value import BASE_COMMIT, Notice
from tests.builders import PREVIEWS, World, run_of, suite_of, verdict_of

SUITE = suite_of("policy: {objectives: block}\nclasses: {all: {p95: 5s}}\n")


def judged(code: str):
    run = run_of(SUITE, base=World(), one_host=False, environment=PREVIEWS)
    told = run.model_copy(update={"notices": [Notice(code=code, message="the base is commit aaaaaaa of main")]})
    return verdict_of(SUITE, run), verdict_of(SUITE, told)


def test_every_row_that_was_compared_with_it_is_marked():
    before, after = judged(BASE_COMMIT)
    assert [notice.message for notice in after.notices if notice.code == BASE_COMMIT]
    marked = {row.id for row in after.rows if any(notice.code == BASE_COMMIT for notice in row.notices)}
    assert marked == {row.id for row in after.rows if row.baseline is not None}
    assert len(marked) >= len(SUITE.endpoints)
    assert [(row.outcome, row.blocks, row.change) for row in after.rows] == [
        (row.outcome, row.blocks, row.change) for row in before.rows
    ]
    assert after.verdict == before.verdict


@pytest.mark.parametrize("code", ["no-base", "busy-preview"])
def test_nothing_else_marks_rows(code):
    _, after = judged(code)
    assert not any(notice.code == BASE_COMMIT for row in after.rows for notice in row.notices)
