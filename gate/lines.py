"""Text of others made harmless for a terminal and for the log of a job.

The runner reads commands from standard output and from standard error: ``::name::`` at the start of a line, after any
white space, and ``##[name]`` anywhere in it. It compares by the rules of a culture, which pass over invisible
characters, so these go first. Source: ActionCommand.cs in https://github.com/actions/runner
"""

from __future__ import annotations

import re
import unicodedata

MAX_LINE = 500
# Escape sequences as terminals know them: CSI, then OSC and its like up to their end, then the short ones.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[P\]X^_]|[\x90\x98\x9d-\x9f]).*?(?:\x1b\\|[\x07\x9c]|$)|\x1b.?"
)
_ODD_SPACE = re.compile(r"[^\S ]")
# Characters that show nothing but are not of a category that says so: joiners, fillers, variation selectors, tags.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def safe_lines(text: str, limit: int = MAX_LINE) -> list[str]:
    """Split text at every kind of line break, each line harmless by itself."""
    return [_harmless(line, limit) for line in text.splitlines()]


def safe_line(text: str, limit: int = MAX_LINE) -> str:
    """Text as one harmless line, line breaks shown as ``|``."""
    return _harmless(" | ".join(text.splitlines()), limit)


def _harmless(line: str, limit: int) -> str:
    line = _ODD_SPACE.sub(" ", _UNSEEN.sub("", _ANSI.sub("", line)))
    line = "".join(character for character in line if unicodedata.category(character) not in _HIDDEN)
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    line = line.replace("##[", "# #[")
    return re.sub(r"^(\s*):(?=:)", r"\1: ", line)
