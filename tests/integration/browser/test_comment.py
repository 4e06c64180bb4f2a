"""Every kind of comment in a browser, in the style of GitHub: what is seen first, what fits, what is folded."""

from __future__ import annotations

from functools import cache

import pytest

from gate.record.value import Notice
from gate.report.render import comment
from tests.integration.browser.chromium import PROGRAM
from tests.integration.browser.github_page import DESKTOP_PX, PHONE_PX, Theme
from tests.integration.browser.measured import measured
from tests.integration.browser.situations import SITUATIONS, of
from tests.verdicts import blocked, row

pytestmark = pytest.mark.skipif(not PROGRAM, reason="chromium is not installed")
OURS = {"p", "strong", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "br", "ul", "li", "sub"}
OURS |= {"details", "summary"}
WIDEST_PX = 305
"""Of the sentence that is measured, in Noto Sans: those of the fonts that GitHub asks for are not wider."""


@cache
def seen(name: str, theme: Theme = "light", width_px: int = DESKTOP_PX) -> dict:
    return measured(SITUATIONS[name](), theme, width_px)


def with_a_font_like_readers(page: dict) -> dict:
    if page["letters_px"] > WIDEST_PX:
        pytest.skip("no font is installed that GitHub asks for, nor one as narrow: fonts-liberation2, fonts-noto-core")
    return page


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_verdict_is_seen_first_then_what_to_do_then_the_table(name):
    page = seen(name)
    kinds = [kind for kind, _ in page["blocks"]]
    first = page["blocks"][0][1]
    assert first.startswith(("APPROVED: ", "BLOCKED: ", "BLOCKED - not measured: "))
    if first.startswith("BLOCKED"):
        assert kinds[:2] == ["p", "blockquote"]
    assert "table" not in kinds or kinds.index("table") > kinds.index("p")
    assert set(page["elements"]) <= OURS
    assert set(page["attributes"]) <= {"align"}, "no colour of our own, so none to go wrong in either theme"


@pytest.mark.parametrize("name", SITUATIONS)
def test_nothing_is_wider_than_a_comment_and_all_is_folded_that_can_be(name):
    page = with_a_font_like_readers(seen(name))
    assert not page["is_too_wide"]
    assert not any(table["is_too_wide"] for table in page["tables"] if table["is_seen"])
    assert not any(is_open for is_open, _ in page["folds"])
    assert sum(len(table["rows"]) for table in page["tables"] if table["is_seen"]) <= 20


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_row_is_higher_than_a_line(name):
    """Except where an outcome of two words needs the room."""
    for table in with_a_font_like_readers(seen(name))["tables"]:
        if table["is_seen"] and not any(" " in cells[2] for cells in table["rows"]):
            assert max(table["heights_px"]) < 40


@pytest.mark.parametrize(("name", "rows"), [("approved", 12), ("blocked", 12), ("many_blocked", 202)])
def test_every_row_is_there_and_numbers_are_aligned(name, rows):
    tables = seen(name)["tables"]
    assert sum(len(table["rows"]) for table in tables) == rows
    for table in tables:
        assert table["heads"][:3] == ["endpoint", "metric", "outcome"]
        assert [side.removeprefix("-webkit-") for side in table["aligned"]] == ["left"] * 3 + ["right"] * 4
        assert all(len(cells) == 7 for cells in table["rows"])


def test_of_many_rows_the_loud_are_seen_and_the_others_counted():
    page = seen("many_blocked")
    first, others = page["tables"]
    assert first["is_seen"]
    assert not others["is_seen"]
    assert {cells[2] for cells in first["rows"]} == {"SLOWER"}
    ((is_open, label),) = page["folds"]
    assert not is_open
    assert label.startswith(f"Beside these, {len(others['rows'])} rows: ")
    (quiet,) = seen("many_approved")["tables"]
    assert not quiet["is_seen"]
    assert len(quiet["rows"]) == 202


@pytest.mark.parametrize("name", ["approved", "blocked", "unexpected", "many_blocked"])
def test_a_telephone_shows_what_came_of_each_row(name):
    page = with_a_font_like_readers(seen(name, width_px=PHONE_PX))
    assert not page["is_too_wide"], "the table scrolls, the page does not"
    table = page["tables"][0]
    assert table["right_px"][table["heads"].index("outcome")] <= PHONE_PX


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["blocked", "accepted", "detailed"])
def test_everything_can_be_read_in_both_themes(name, theme):
    """WCAG 2.2, 1.4.3: text needs a contrast of 4.5 to 1."""
    assert seen(name, theme)["contrast"] >= 4.5


def test_a_long_name_widens_its_table_and_not_the_page():
    page = measured(comment(blocked().model_copy(update={"rows": [row("n" * 300 + "/p50"), row("home/p50")]})))
    assert not page["is_too_wide"]
    assert page["tables"][0]["rows"][0][0].endswith("…")


def test_what_folds_can_hold_is_only_text():
    noted = of().model_copy(update={"notices": [Notice(code="x", message="</details><details open>a")]})
    page = measured(comment(noted))
    assert page["folds"] == [[False, "Notes"]]
    assert any("</details><details open>a" in text for text in page["texts"])
