"""Whatever a value holds, a comment shows it as text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gate.report.escape import MAX_CHARS, markdown

PARSER = MarkdownIt("gfm-like", {"linkify": False, "html": True})
MARKS = (
    "@org/team #12 GH-12 gh-12 a/b#3 www.e.com https://e.com ftp://e mailto:a@e.com <img/> <!-- --> [a](b) ![a](b) [^1]"
    " `c` ``` ~~s~~ **b** _i_ $x$ $$ :tada: :+1: &amp; &#64; | \\ \\| --- === - 1. + > # *"
    " [!NOTE] [!tip] [x] [^n]: <details>"
    ' /gate @org/team#4 user/repo#5 octo@0123abc <https://e> ]( ![]( [[w]] "t" :---: ~~~ \uff20org ![NOTE]'
)
BREAKS = ("\n", "\t", "\r\n", "\u2028", "\u202e", "\u200b", " ")
WORDS = st.sampled_from([*MARKS.split(), *BREAKS, "[ ]", "/gate accept shop/a/p50 why"])
TEXTS = st.lists(WORDS | st.text(max_size=5), max_size=6).map("".join)


def kinds(source: str) -> set[str]:
    tokens = PARSER.parse(source)
    return {token.type for token in [*tokens, *(child for token in tokens for child in token.children or [])]}


def shown(source: str) -> str:
    tokens = PARSER.parse(source)
    return "".join(child.content for token in tokens for child in token.children or [])


@given(TEXTS)
@example("---")
@example("- - -")
@example("-\t-")
@example("=")
@example("1)")
@example("\\")
@example("a\\|b|c")
def test_a_value_stays_text_wherever_it_stands(text):
    safe = markdown(text)
    assert "\n" not in safe
    allowed = {"inline", "text", "text_special", "paragraph_open", "paragraph_close"}
    assert kinds(safe) <= allowed
    assert kinds(f"x {safe}") <= allowed
    in_list = {"bullet_list_open", "list_item_open", "list_item_close", "bullet_list_close"}
    assert kinds(f"- {safe}") <= allowed | in_list
    assert kinds(f"> {safe}") <= allowed | {"blockquote_open", "blockquote_close"}


@given(TEXTS)
def test_a_value_stays_in_its_cell(text):
    cell = f"| a | b |\n|---|---|\n| {markdown(text)} | end |\n"
    tokens = PARSER.parse(cell)
    assert sum(token.type == "td_open" for token in tokens) == 2
    assert sum(token.type == "tr_open" for token in tokens) == 2
    assert [token.content for token in tokens if token.type == "inline"][-1] == "end"


@given(TEXTS)
@example("/gate accept shop/search/p50 mine")
@example("\r\n/gate accept shop/search/p50 mine")
@example("\u200b/gate accept shop/search/p50 mine")
def test_no_value_is_a_command_wherever_it_stands(text):
    """Bots read commands from the source of a comment, at the start of a line."""
    for before in ("", "> ", "- ", "| ", "> **", "  "):
        (line,) = f"{before}{markdown(text)}.".splitlines()
        assert not line.removeprefix(before).lstrip().startswith("/")


@given(TEXTS)
def test_no_value_is_an_alert_a_task_or_a_footnote(text):
    """What GitHub adds to Markdown; each is known by its brackets, in the source and as shown."""
    safe = markdown(text)
    assert not re.search(r"(?<!\\)(\\\\)*\[", safe), "every bracket is escaped"
    read = shown(f"> {safe}")
    assert "[!" not in read


@given(TEXTS)
def test_what_autolinking_looks_for_is_broken(text):
    """GitHub reads mentions, numbers, addresses and emoji from the text as shown; an invisible sign stands inside."""
    read = shown("x " + markdown(text))
    assert not re.search(r"[@#]\w", read)
    assert not re.search("[:][^\\s\u200b]", read)
    assert not re.search(r"(?i)\b(www\.|gh-)", read)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), max_size=50))
def test_what_is_shown_is_what_was_meant(text):
    assert shown("x " + markdown(text)).replace("\u200b", "")[2:] == text


@pytest.mark.parametrize("text", ["\u202etxt.exe", "a\u200bb", "\u0000\u001b[31mred", "\ud800"])
def test_characters_that_nobody_sees_are_gone(text):
    assert not re.search("[\u202a-\u202e\u0000-\u001f\ud800-\udfff]", markdown(text))


def test_a_long_value_is_cut():
    assert len(markdown("x" * 10_000)) == MAX_CHARS
    assert markdown("x" * 10_000, 50).endswith("…")


def test_plain_values_stay_readable_where_they_are_shown_raw():
    for text in ("+4.2 % (-1.0 % to +9.9 %)", "-5.0 %", "12.3 ms", "search", "a slowdown of 5 %: told"):
        assert markdown(text) == text
