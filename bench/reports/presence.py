"""Which rows a report has, and which of them another of the same system has not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.report.long import long_of
from gate.report.long_section import Section
from gate.report.tables import Table
from gate.verdict.values import Verdict

_NAMING = frozenset(
    {
        "endpoint", "during", "scenario", "category", "probe", "statement", "table", "series", "statistic", "resource",
        "environment", "part", "what must be so",
    }
)  # fmt: skip
"""Columns that say what a row is of; all others, what came of it."""
_LISTED = frozenset({"Capacity and bottleneck", "Queries and database"})
"""Sections whose lists have what they are of before a colon."""


@dataclass(frozen=True, order=True)
class Row:
    """One thing that a report has."""

    section: str
    name: tuple[str, ...]
    """Empty for the section itself."""

    def __str__(self) -> str:
        return " | ".join((self.section, *self.name))


def rows_of(verdict: Verdict) -> frozenset[Row]:
    """Sections, rows of tables and lists by their names, and what kinds of findings and recommendations there are."""
    found = {row for section in long_of(verdict).sections for row in _of_section(section)}
    found |= {Row("Findings, by weight", (reason.code,)) for reason in verdict.reasons}
    found |= {Row("Recommendations", (each.rule,)) for each in verdict.assessment.recommendations}
    return frozenset(found)


def _of_section(section: Section) -> Iterator[Row]:
    yield Row(section.title, ())
    for table in section.tables:
        yield from (Row(section.title, name) for name in _names(table))
    if section.title in _LISTED:
        yield from (Row(section.title, (item.partition(":")[0],)) for item in section.items)


def _names(table: Table) -> Iterator[tuple[str, ...]]:
    # `of` names the row where it comes first; of a resource it is the size.
    naming = [at for at, column in enumerate(table.columns) if column in _NAMING or (column, at) == ("of", 0)]
    kind = ("statement",) if "statement" in table.columns else ()
    for line in table.lines:
        yield (*kind, *(line.cells[at] for at in naming))
