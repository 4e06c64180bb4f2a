"""What is wrong with a file that is not YAML at all, in words that tell where to look."""

from __future__ import annotations

import re

import yaml

_PROBLEMS = (
    ("mapping values are not allowed", "has a colon where no key can be", "indent it rightly, or quote the value"),
    ("could not find expected ':'", "has a line without key and colon", "write KEY: VALUE"),
    ("expected <block end>", "does not fit what stands above it", "begin all keys of a mapping in the same column"),
    (
        "expected ',' or",
        "has an open brace, or a value in braces that needs quotes",
        'close it, or put the value in quotes: "GET /list?page=1"',
    ),
    ("while scanning a quoted scalar", "has a quote that is never closed", "close it"),
    ("unknown escape character", "has an escape that YAML does not know", "double the backslash, or use single quotes"),
    ("expected the node content", "has a comma, a colon or a bracket where a value is missing", "write the value"),
    ("cannot start any token", "begins a value with a character that needs quotes", "put the value in quotes"),
    ("sequence entries are not allowed", "begins a list where none can be", "begin it on a line of its own"),
)
_OTHERWISE = ("is not YAML", "check indentation, colons, quotes and brackets around this line")


def explain(error: Exception, text: str, line: int) -> tuple[int, str, str]:
    """Line, problem and cure of a text that PyYAML could not read; ``line`` is the last one it could."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return line, *_OTHERWISE
    line = error.problem_mark.line + 1
    lines = re.split(r"\r\n|\r|\n", text)
    here = lines[line - 1] if line <= len(lines) else ""
    if re.match(r" *\t", here) or here[error.problem_mark.column :].startswith("\t"):
        return line, "holds a tab", "use spaces"
    said = f"{error.context}: {error.problem}"
    what, cure = next(((what, cure) for part, what, cure in _PROBLEMS if part in said), _OTHERWISE)
    opened = error.context_mark
    if opened is not None and opened.line + 1 < line and re.search("quoted|flow", said):
        return opened.line + 1, f"{what} (noticed on line {line})", cure
    return line, what, cure
