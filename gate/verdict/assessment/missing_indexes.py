"""Indexes that a probe misses, and statements that are slow for want of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.record.telemetry import Statement
from gate.verdict.assessment.grounds import Grounds

FELT_S = 0.05
"""From here on people notice a statement; one that finds its rows by an index takes a hundredth of it."""
_MISSING = re.compile(r"\bno index (\w+)")
_TABLE = re.compile(r"(\w+) \(")
_WORD = re.compile(r"[a-z_]\w*", re.IGNORECASE)


def felt(grounds: Grounds) -> frozenset[str]:
    """Rows of probes that miss an index which a slow statement would use.

    Which one that is its name tells: it holds the table that the statement reads from end to end and a column of the
    condition, as PostgreSQL and most tools name indexes (``TABLE_COLUMN_idx``). Where a name tells nothing, nothing is
    said.
    """
    watch = grounds.assessment.watch
    slow = [s for s in (watch.statements if watch is not None else ()) if s.mean_s >= FELT_S]
    return frozenset(
        row
        for probe in grounds.assessment.probes
        if probe.outcome == "failed"
        and any(_would_use(statement, index) for statement in slow for index in _MISSING.findall(probe.seen))
        for row in probe.rows
    )


def _would_use(statement: Statement, index: str) -> bool:
    return any(_has(index, table) and any(_has(index, word) for word in words) for table, words in _reads(statement))


def _reads(statement: Statement) -> Iterator[tuple[str, list[str]]]:
    """Tables that an index would spare the statement from reading from end to end, with the words of the condition."""
    for scan in statement.unindexed:
        table, _, condition = scan.partition(": ")
        named = _TABLE.match(table)
        if named is not None:
            yield named.group(1), _WORD.findall(condition)


def _has(index: str, name: str) -> bool:
    """Whether a name is part of another one, between underscores."""
    return f"_{name.lower()}_" in f"_{index.lower()}_"
