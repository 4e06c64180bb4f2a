"""A section of the long report, and amounts that only it has. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.report.amounts import NOTHING, amount
from gate.report.tables import Line, Table
from gate.units import format_rate
from gate.verdict.assessment.advice import times


@dataclass(frozen=True)
class Section:
    """One heading with what stands below it, in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing below the heading."""
        return not (self.paragraphs or self.tables or self.items)


def table_of(
    columns: tuple[str, ...], lines: Iterable[Line], *, names: int = 2, ends_in_text: bool = True
) -> tuple[Table, ...]:
    """A table, or none where it would have no rows."""
    found = tuple(lines)
    return (Table(columns, found, names=names, ends_in_text=ends_in_text),) if found else ()


def quantity(value: float | None, unit: str) -> str:
    """A value of telemetry in its unit; counts that are no whole numbers are averages."""
    if value is None:
        return NOTHING
    if unit == "per_s":
        return format_rate(value)
    if unit == "count":
        return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"
    return amount(value, unit)


def room(factor: float | None) -> str:
    """How far from a limit: ``4 ×`` has room, ``14 × beyond`` has not."""
    if factor is None:
        return NOTHING
    return f"{times(factor)} ×" if factor >= 1 else f"{times(1 / factor)} × beyond"


def share(part: int, of: int) -> str:
    """Percent of a count, cut: 100 % is all of them, and 0 % is none."""
    if 0 < 1000 * part < of:
        return "under 0.1 %"
    return f"{int(1000 * part / of) / 10:g} %" if of else NOTHING
