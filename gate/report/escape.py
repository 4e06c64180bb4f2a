"""Dynamic text made harmless in Markdown: no mention, link, image, HTML, table break or command gets through."""

from __future__ import annotations

import re
import unicodedata

_MARKUP = re.compile(r"([\\`*_\[\]|~$])")
_REFERENCE = re.compile(r"[@#]|:(?=\S)")
"""Mentions, issue numbers, schemes and emoji; a colon before a space is only a colon."""
_LINE_START = re.compile(r"^(\d+(?=[.)])|)([-+.)](?=[\s-]|$)|[=/])")
"""Lists, rules, and commands such as ``/gate accept``, which are read from the source: a backslash stops them too."""
_ALERT = re.compile(r"(?<=\\\[)!")
"""``[!NOTE]`` in a quote. Whether a backslash stops it is not documented; a sign between the two does."""
_NAMED = re.compile(r"(?i)\b(www|gh)(?=[.-])")
MAX_CHARS = 200
"""A single value is never longer than this in a report,"""
MAX_SENTENCE = 1000
"""nor a sentence with several of them than this."""


def plain(text: str, limit: int = MAX_CHARS) -> str:
    """One line without control, format or surrogate characters, shortened.

    Format characters include bidirectional overrides and zero-width ones, which make text look like other text.
    """
    kept = "".join(" " if ch.isspace() else ch for ch in text)
    kept = "".join(ch for ch in kept if ch == " " or unicodedata.category(ch)[0] != "C")
    kept = re.sub(r" +", " ", kept).strip()
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def markdown(text: str, limit: int = MAX_CHARS) -> str:
    """The text so that GitHub shows it as it is, and readable where it is shown raw.

    What starts markup gets a backslash; what autolinking and emoji would find behind a backslash too (mentions, issue
    numbers, ``www.``, ``http:``, ``:name:``) is broken by entities, as are the characters of HTML.

    References
    ----------
    GitHub Flavored Markdown, sections 2.4 (backslash escapes), 2.5 (entities) and 6.9 (extended autolinks).
    """
    safe = plain(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _MARKUP.sub(r"\\\1", safe)
    safe = _REFERENCE.sub(lambda match: f"&#{ord(match[0])};&#8203;", safe)
    safe = _ALERT.sub("&#8203;!", safe)
    safe = _LINE_START.sub(r"\1\\\2", safe)
    return _NAMED.sub(lambda match: f"{match[1]}&#8203;", safe)
