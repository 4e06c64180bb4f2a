"""Whether an index could spare a database from reading a table from end to end, by the condition of the scan. Pure."""

from __future__ import annotations

import re

MOST_KEPT_RATIO = 0.5
"""From this share of its rows on a table is read faster from end to end than by way of an index; the planner itself
changes its mind far below."""
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_OPERATOR = re.compile(r"[-+*/<>=~!@#%^&|?]+")
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^", "||", "->", "->>", "#>", "#>>"})
_EXCLUDING = frozenset({"<>", "!~~", "!~~*", "!~", "!~*"})


def could_help(condition: str, kept_ratio: float) -> bool:
    """Whether some index would have the rows of a condition found without reading the others.

    An index finds what is asked for; a condition that only names what is left out (``state <> $1``, ``NOT IN``, ``NOT
    LIKE``) asks for all the rest. One of two alternatives that does so spoils the other.

    Parameters
    ----------
    condition : str
        As a plan writes the filter of a scan.
    kept_ratio : float
        Share of the rows that it keeps, as the planner estimates or as was counted.

    References
    ----------
    https://www.postgresql.org/docs/current/indexes-types.html: the operators of each kind of index.
    """
    if not kept_ratio < MOST_KEPT_RATIO:
        return False
    plain = _QUOTED.sub(" ", condition)
    found = set(_OPERATOR.findall(plain)) - _ARITHMETIC
    if " OR " in plain and found & _EXCLUDING:
        return False
    return bool(found - _EXCLUDING) or " IS NULL" in plain
