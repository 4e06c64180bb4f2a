"""A table as Markdown, for a column of text that is as wide as a comment or as a telephone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gate.report.escape import markdown
from gate.report.tables import Line, Table

_LEFT, _RIGHT = ":---", "---:"
_Cell = TypeVar("_Cell")


def grid(table: Table) -> str:
    """Texts to the left, numbers to the right; what came of a row stands beside its name.

    A telephone shows three columns or four, the rest after a wipe. A number is never parted from its unit or its
    interval: GitHub gives a table the width of the comment, and breaks lines in its cells before it lets it scroll.
    """
    names, others = table.columns[: table.names], table.columns[table.names :]
    head = _in_order(table, [*map(markdown, names), *(_in_two(markdown(other)) for other in others)])
    texts, numbers = [_LEFT] * table.names, [_RIGHT] * (len(others) - 1)
    rule = _in_order(table, [*texts, *numbers, _LEFT if table.ends_in_text else _RIGHT])
    return "\n".join(_piped(cells) for cells in (head, rule, *(_cells(table, line) for line in table.lines)))


def _cells(table: Table, line: Line) -> Sequence[str]:
    *cells, last = (markdown(cell) for cell in line.cells)
    unbroken = [cell.replace(" ", "\N{NO-BREAK SPACE}") for cell in cells[table.names :]]
    return _in_order(table, [*cells[: table.names], *unbroken, f"**{last}**" if line.is_loud else last])


def _in_order(table: Table, cells: Sequence[_Cell]) -> Sequence[_Cell]:
    return [*cells[: table.names], cells[-1], *cells[table.names : -1]] if table.is_judged else cells


def _in_two(heading: str) -> str:
    """A heading no wider than what stands below it."""
    return heading.replace(" ", "<br>", 1).replace(" ", "\N{NO-BREAK SPACE}")


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
