"""Comments as a pull request shows them on its second run, kept as files; `--update-golden` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.record.value import Notice
from gate.report import loud
from gate.report.render import comment
from gate.report.since import since, snapshot
from gate.verdict import rules
from gate.verdict.values import Verdict
from tests.builders import World, history_of, run_of, sha_of, suite_of, verdict_of
from tests.golden.test_situations import check_markdown

KEPT = Path(__file__).parent / "told"
SUITE = suite_of()
MAIN = history_of(SUITE, 10)


def slow() -> Verdict:
    return verdict_of(SUITE, run_of(SUITE, world=World(slower={"search": 1.5})), MAIN)


def mended() -> str:
    now = verdict_of(SUITE, run_of(SUITE), MAIN)
    return comment(now, since(snapshot(slow(), sha_of("before")), snapshot(now, sha_of("head"))))


def accepted() -> str:
    before = slow()
    taken = Notice(code=loud.ACCEPTED, message="accepted by mona: the new ranking is worth it")
    rows = [row.model_copy(update={"blocks": False, "notices": [taken]}) if row.blocks else row for row in before.rows]
    told = [
        Notice(code=loud.SUITE_CHANGED, message="the suite is changed here; not in effect until merged"),
        Notice(code=loud.ADDED_ENDPOINT, message="new endpoint refund: measured, not gated"),
        Notice(code=loud.BASE_COMMIT, message="compared with 0123456789ab, not with the merge base fedcba987654"),
    ]
    changes = {"verdict": "APPROVED", "exit_code": 0, "reasons": [], "rows": rows, "notices": told}
    now = before.model_copy(update=changes)
    return comment(now, since(snapshot(before, sha_of("head")), snapshot(now, sha_of("head"))))


def not_affected() -> str:
    suite = SUITE.model_copy(update={"paths": ["services/shop/**", "requirements.txt"]})
    return comment(rules.not_affected(suite, "0.0.0", sha_of("head")))


@pytest.mark.parametrize("case", [mended, accepted, not_affected], ids=lambda case: case.__name__)
def test_what_is_told_is_as_it_is_kept(case, request):
    text, kept = case(), KEPT / f"{case.__name__}.md"
    if request.config.getoption("--update-golden"):
        KEPT.mkdir(exist_ok=True)
        kept.write_text(text)
    assert kept.read_text() == text
    check_markdown(text)
