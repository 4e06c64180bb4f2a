"""Notices without which a verdict is not understood stand below the first line, once, and first."""

from __future__ import annotations

import pytest

from gate.record.value import LEFT_BEHIND, Notice
from gate.report import loud
from gate.report.render import brief, comment, terminal
from gate.report.view import view_of
from tests.verdicts import approved, blocked, row, slower, verdict

TOLD = {
    loud.SUITE_CHANGED: "the suite is changed here; not in effect until merged",
    loud.ADDED_ENDPOINT: "new endpoint refund: measured, not gated",
    loud.BASE_COMMIT: "compared with 0123456789ab, not with the merge base",
    loud.ACCEPTED: "accepted by mona: meant",
    LEFT_BEHIND: "cleanup of cart answered status 500",
}


@pytest.mark.parametrize("code", TOLD)
@pytest.mark.parametrize("shown", [comment, brief], ids=["comment", "brief"])
def test_it_stands_below_the_first_line_and_nowhere_else(code, shown):
    for judged in (approved(), blocked()):
        text = shown(judged.model_copy(update={"notices": [Notice(code=code, message=TOLD[code])]}))
        above, _, below = text.partition(TOLD[code])
        assert below, "it is told"
        assert TOLD[code] not in below
        assert all(line.startswith(("**", ">")) for line in above.splitlines() if line)
        assert "<details>" not in text


def test_what_rows_carry_is_told_with_the_rows_that_carry_it():
    taken = [Notice(code=loud.ACCEPTED, message=TOLD[loud.ACCEPTED])]
    accepted = [slower(name, blocks=False, notices=taken) for name in ("search/p50", "search/p95")]
    judged = verdict(*accepted, row("home/p50"))
    view = view_of(judged)
    assert view.warnings == ("search p50 and p95: accepted by mona: meant",)
    assert view.findings == ()
    assert "(accepted)" in comment(judged)
    assert "accepted by mona: meant" in terminal(judged)


def test_other_things_that_rows_carry_stay_findings():
    judged = verdict(slower(notices=[Notice(code=loud.BASE_COMMIT, message=TOLD[loud.BASE_COMMIT])]))
    view = view_of(judged)
    assert view.warnings == ()
    assert view.findings == (f"search p50: {TOLD[loud.BASE_COMMIT]}",)


def test_many_of_a_kind_are_counted_and_the_order_is_fixed():
    notices = [Notice(code=code, message=f"{TOLD[code]} {n}") for n in range(9) for code in reversed(TOLD)]
    warnings = view_of(approved().model_copy(update={"notices": notices})).warnings
    assert len(warnings) == 6 * len(TOLD)
    assert warnings[0].startswith("the suite is changed here")
    assert warnings[5] == "suite-changed: 4 more, which are in verdict.json"
    assert warnings[-1] == "left behind: 4 more, which are in verdict.json"


def test_other_notices_are_folded_away():
    view = view_of(approved().model_copy(update={"notices": [Notice(code="x", message="an aside")]}))
    assert (view.warnings, view.notes) == ((), ("an aside",))


def test_that_no_base_was_found_is_not_folded_away():
    """Who asked for a base gets another comparison without one, and would look for the reason there."""
    judged = approved().model_copy(
        update={"notices": [Notice(code="no-base", message="no deployment of main was found")]}
    )
    text = comment(judged)
    assert "- no deployment of main was found" in text
    assert "<details>" not in text
