"""Just enough of GraphQL to see what a document does: which kinds of operations it holds. Pure."""

from __future__ import annotations

import re

KINDS = ("query", "mutation", "subscription", "fragment")

# Block strings, strings, comments, then what structure is made of. GraphQL, October 2021, sections 2.1 and 2.3.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|(?P<mark>[{}()\[\]])|(?P<name>[_A-Za-z][_0-9A-Za-z]*)',
    re.DOTALL,
)
_CLOSES = {"}": "{", ")": "(", "]": "["}


def definitions(document: str) -> list[str]:
    """Kinds of the definitions of a document, in its order; a bare ``{...}`` is a query.

    Raises
    ------
    ValueError
        If it is no document of operations.
    """
    found: list[str] = []
    opened: list[str] = []
    is_begun = False
    for token in _TOKEN.finditer(document):
        mark, name = token["mark"], token["name"]
        if not opened and not is_begun and (mark == "{" or name):
            found.append(name or "query")
            is_begun = True
        if mark and mark not in _CLOSES:
            opened.append(mark)
        elif mark:
            if not opened or opened.pop() != _CLOSES[mark]:
                raise ValueError("is no GraphQL document: its brackets do not match; write it like {items {id}}")
            is_begun = bool(opened) or mark != "}"
    if opened or is_begun or not set(found) & set(KINDS[:3]):
        raise ValueError("is no GraphQL document: it holds no whole operation; write it like {items {id}}")
    for kind in found:
        if kind not in KINDS:
            raise ValueError(f"begins a definition with {kind[:40]!r}; there are {', '.join(KINDS)}")
    return found
