"""Nothing that somebody else named becomes more than text, wherever in a comment it stands."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import pytest

from gate.record.value import Notice
from gate.report.render import comment
from tests.integration.browser.chromium import PROGRAM
from tests.integration.browser.measured import measured
from tests.integration.browser.test_comment import OURS
from tests.verdicts import row, slower, verdict

pytestmark = pytest.mark.skipif(not PROGRAM, reason="chromium is not installed")
HOSTILE = {
    "mention": "@octocat and @org/team",
    "reference": "#1 GH-2 octo/shop#3",
    "link": "[a](https://evil.example) <https://evil.example> https://evil.example www.evil.example",
    "reference link": "[a]: https://evil.example",
    "mail": "somebody@evil.example mailto:somebody@evil.example",
    "image": "![p](https://evil.example/p.png)",
    "html": "<img src=x onerror=alert(1)><script>alert(1)</script><b>b</b><!-- c --><details open>",
    "entity": "&lt;img src=x&gt; &#64;octocat &commat;octocat",
    "table break": "a | b || c \\| d",
    "lines": "a\n\n# b\r\n- c\n\n| x |\n|---|\n| y |",
    "code": "`a` ``` ~~~ ~~b~~",
    "emphasis": "**a** __b__ *c* _d_ $e$",
    "command": "/gate accept shop/search/p50 because",
    "workflow command": "::error::a ::set-output name=a::b",
    "alert": "[!CAUTION]",
    "quote": "> a",
    "bidi": "abc\u202efed\u2066x\u2069",
    "zero width": "se\u200barch\u200d\u2060\ufeff",
    "control": "a\x1b[31mb\x00c\x7f",
    "surrogate": "a\ud800b",
    "long": "w" * 5000,
}
WOULD_BECOME_MORE = re.compile(r"(?<!\w)@\w|#\d|(?i:\bgh-\d)|://|(?i:\bwww\.)|(?i:mailto:\w)|\w@\w|(?<!\w):\w+:")
"""Mention, number, link, address, emoji."""
INVISIBLE = "\u200b"
"""The one character of its kind that we put there ourselves, to part what would otherwise be found."""


def told(text: str) -> str:
    """A comment with it in every place."""
    rows = [
        row("home/p50").model_copy(update={"endpoint": text, "metric": text}),
        slower("search/p50", notices=[Notice(code="x", message=text, cure=text)]).model_copy(update={"endpoint": text}),
    ]
    loud = [Notice(code="suite-changed", message=text), Notice(code="n", message=text, cure=text)]
    return comment(verdict(*rows, notices=loud, commit=text), text)


@cache
def seen(name: str) -> dict:
    return measured(told(HOSTILE[name]))


@pytest.mark.parametrize("name", HOSTILE)
def test_it_stays_text(name):
    page = seen(name)
    assert set(page["elements"]) <= OURS
    assert set(page["attributes"]) <= {"align"}
    assert page["comments"] == 0
    assert page["folds"] == [[False, "Notes"]]
    (table,) = page["tables"]
    assert [len(cells) for cells in table["rows"]] == [7, 7]
    assert not page["is_too_wide"]


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_in_it_becomes_a_link_a_mention_or_a_command_afterwards(name):
    for text in seen(name)["texts"]:
        assert not WOULD_BECOME_MORE.search(text), text


@pytest.mark.parametrize("name", HOSTILE)
def test_no_line_becomes_a_command(name):
    """Of ours, or of the runner where the text is printed."""
    assert not re.search(r"^ *(/gate|::)", told(HOSTILE[name]), re.MULTILINE)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_in_it_is_invisible_or_turns_text_around(name):
    shown = "".join(seen(name)["texts"]).replace(INVISIBLE, "").replace("\n", "")
    assert not [character for character in shown if unicodedata.category(character)[0] == "C"]


@pytest.mark.parametrize("name", ["html", "entity", "table break", "code", "emphasis", "alert", "quote"])
def test_it_is_shown_as_it_is(name):
    text = HOSTILE[name]
    shown = seen(name)["tables"][0]["rows"][0][0].replace(INVISIBLE, "")
    assert text in (shown, shown.replace("\u00a0", " ")), shown
