"""Comments: one table, a size that GitHub takes, the same text every time."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from gate.record.value import Notice
from gate.report.render import COMMENT_BUDGET, brief, comment, first_line, summary, terminal
from gate.verdict.rules import not_measured
from gate.verdict.values import Row
from tests.builders import World, history_of, run_of, suite_of, verdict_of

SUITE = suite_of()
MAIN = history_of(SUITE, 10)
HOSTILE = "<!-- x --> @org/team #1 GH-2 [a](https://e) ![p](https://e/p.png) `b` | c\n# H <img src=x> www.e.com :tada:"


def size(text: str) -> int:
    return max(len(text.encode()), len(text.encode("utf-16-le")) // 2)


def verdict_with_rows(count: int, loud: int, text: str = "x"):
    verdict = verdict_of(SUITE, run_of(SUITE), MAIN)
    rows = [
        Row(
            id=f"shop/row{number}/p50",
            endpoint=f"row{number}" + "n" * 50,
            metric="p50",
            unit="s",
            candidate=1.0,
            outcome="regressed" if number < loud else "unchanged",
            gated=True,
            notices=[Notice(code="x", message=f"{number}{text}")] if number < loud else [],
        )
        for number in range(count)
    ]
    return verdict.model_copy(update={"rows": rows, "notices": [Notice(code="n", message=text)] * 20})


def test_a_comment_is_one_table_and_no_heading_link_or_image():
    hostile = run_of(SUITE, world=World(slower={"search": 1.5}, failing={"cart": 25}, kind=HOSTILE)).model_copy(
        update={"commit": HOSTILE, "notices": [Notice(code="x", message=HOSTILE, cure=HOSTILE)]}
    )
    text = comment(verdict_of(SUITE, hostile, MAIN))
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    inline = [child for token in tokens for child in token.children or []]
    found = {token.type for token in [*tokens, *inline]}
    assert sum(token.type == "table_open" for token in tokens) == 1
    assert not found & {"heading_open", "link_open", "image", "code_inline", "fence", "code_block", "hr"}
    html = {token.content.strip() for token in [*tokens, *inline] if token.type in ("html_block", "html_inline")}
    assert html <= {"<br>", "<sub>", "</sub>", "</details>", "<details><summary>Notes</summary>"}
    shown = "".join(token.content for token in inline if token.type in ("text", "text_special"))
    assert "org/team" in shown, "the value is there"
    assert not re.search(r"@\w|#\d|://|(?i:gh-2|www\.)|:tada", shown)


def test_a_cause_is_not_cut_off_in_the_first_line():
    long = "the preview was not ready within 300 s at /api/health/: " + ", ".join(
        f"status {n} (20 x)" for n in range(500, 530)
    )
    verdict = not_measured(SUITE, "0.0.0", long, "see the suite " * 20)
    assert len(long) > 400
    assert "status 529 (20 x)" in comment(verdict).splitlines()[0].replace("\\", "")
    assert long in terminal(verdict)


def test_a_comment_that_fits_shows_every_row():
    verdict = verdict_with_rows(40, 5)
    assert comment(verdict) == summary(verdict)
    assert comment(verdict).count("\n| row") == 40


def test_a_comment_gives_up_notes_then_quiet_rows_then_findings_and_last_loud_rows():
    quiet = comment(verdict_with_rows(700, 20))
    assert quiet.count("\n| row") == 20
    assert "680 more rows are in verdict.json" in quiet
    assert "<details>" not in quiet
    wordy = comment(verdict_with_rows(500, 100, "w" * 900))
    assert wordy.count("\n| row") == 100
    assert 0 < wordy.count("www") <= 20 * 900
    loud = comment(verdict_with_rows(500, 500, "w" * 900))
    assert 0 < loud.count("\n| row") <= 100
    for text in (quiet, wordy, loud):
        assert size(text) <= COMMENT_BUDGET


def test_a_comment_gives_up_its_details_first_and_the_summary_keeps_them():
    suite = suite_of(names=[f"e{number}" for number in range(300)])
    phases = World(phases={"wait": 0.9, "receive": 0.1})
    verdict = verdict_of(suite, run_of(suite, world=phases, rounds=3))
    padded = verdict.model_copy(update={"notices": [Notice(code="n", message="w" * 900)] * 20})
    assert "Where the time of a request goes" in summary(padded)
    assert summary(padded).count("\n| e") == 902, "with the two lines of columns"
    text = comment(padded)
    assert "Where the time of a request goes" not in text
    assert "<summary>Notes" in text
    assert text.count("\n| e") == 601
    assert size(text) <= COMMENT_BUDGET


def parsed(text: str):
    return MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)


def test_every_row_is_a_row_of_one_table():
    tokens = parsed(comment(verdict_with_rows(5, 3), "Since the last run, at 0123456789ab: BLOCKED."))
    tables = [token.type for token in tokens if token.type.startswith(("table", "tr", "td", "th_"))]
    assert [tables.count(kind) for kind in ("table_open", "tr_open", "td_open")] == [1, 5 + 1, 7 * 5]
    paragraphs = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "paragraph_open"]
    assert paragraphs[1] == "Since the last run, at 0123456789ab: BLOCKED."


def test_of_many_rows_the_quiet_ones_are_folded_away():
    tokens = parsed(comment(verdict_with_rows(200, 3)))
    kinds = [token.content.strip() if token.type == "html_block" else token.type for token in tokens]
    first, second = (n for n, kind in enumerate(kinds) if kind == "table_open")
    folds = kinds.index("<details><summary>Beside these, 197 rows: 197 unchanged</summary>")
    assert kinds[first:folds].count("tr_open") == 1 + 3
    assert kinds[second : kinds.index("</details>", folds)].count("tr_open") == 1 + 197
    assert first < folds < second


def test_a_table_with_nothing_loud_comes_after_one_with_a_missed_objective():
    limit = Row(id="s/a/limit:p95", endpoint="a", metric="limit:p95", unit="s", candidate=2.0, limit=1.0,
                outcome="missed", gated=True, blocks=True)  # fmt: skip
    quiet = verdict_with_rows(5, 0)
    text = comment(quiet.model_copy(update={"rows": [*quiet.rows, limit]}))
    assert 0 < text.index("| a | p95 at most 1 s | **MISSED** |") < text.index("| row0")


def test_no_number_is_parted_from_its_unit_or_interval():
    text = comment(verdict_of(SUITE, run_of(SUITE, world=World(slower={"search": 1.5})), MAIN))
    (line,) = (line for line in text.splitlines() if line.startswith("| search | p50 |"))
    _, endpoint, metric, outcome, *numbers, _ = line.split("|")
    assert (endpoint, metric, outcome) == (" search ", " p50 ", " **SLOWER** ")
    assert all(" " not in cell.removeprefix(" ").removesuffix(" ") for cell in numbers)
    assert re.match(r" \+\d+ % \(\+\d+ to \+\d+ %\) ", numbers[2].replace("\N{NO-BREAK SPACE}", " "))


def test_the_shortest_form_says_what_and_why_and_what_to_do():
    text = brief(verdict_of(SUITE, run_of(SUITE, world=World(slower={"search": 1.5})), MAIN))
    assert text.startswith("**BLOCKED**: search p")
    assert "policy.waivers" in text
    assert "---" not in text
    assert size(brief(verdict_with_rows(500, 500, "w" * 900))) < 3000


def test_the_first_line_is_plain_and_short():
    line = first_line(verdict_of(SUITE, run_of(SUITE, world=World(slower={"search": 1.5})), MAIN), 60)
    assert line.startswith("BLOCKED: search p")
    assert len(line) <= 60


def test_even_the_widest_text_stays_within_the_limit():
    assert size(comment(verdict_with_rows(500, 500, "\U0001f525@" * 500))) <= COMMENT_BUDGET


def test_the_terminal_shows_the_same_rows_aligned_and_harmless():
    verdict = verdict_of(SUITE, run_of(SUITE, world=World(slower={"search": 1.5})), MAIN)
    lines = terminal(verdict).splitlines()
    table = [line for line in lines if re.match(r"(endpoint|search|home) ", line)]
    assert (
        len({line.index("p50") if "p50" in line else line.index("metric") for line in table if "p95" not in line}) == 1
    )
    assert lines[0].startswith("BLOCKED: search")
    hostile = verdict.model_copy(update={"commit": "\x1b[2J\n::error::x"})
    assert "\x1b" not in terminal(hostile)
    assert not any(line.startswith("::") for line in terminal(hostile).splitlines())
