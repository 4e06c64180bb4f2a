"""The plan of a statement whose values nobody knows, without running it; and where it reads all of a large table.

PostgreSQL 16 explains a statement with placeholders by ``GENERIC_PLAN``; before, a prepared one is explained, whose
generic plan is asked for, with no value for any placeholder: partitions that none can be in are missing from it.
Neither executes anything. https://www.postgresql.org/docs/current/sql-explain.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gate.telemetry.indexes import could_help
from gate.telemetry.source import Unread, in_a_line
from gate.telemetry.statements import LONGEST, Ask

LARGE_ROWS = 10_000
"""Smaller tables are read from end to end with reason."""
_PLANNED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|TABLE)\b", re.IGNORECASE)
_RECURSIVE = re.compile(r"\s*WITH\s+RECURSIVE\b", re.IGNORECASE)
_SELECTED = re.compile(r"(?:(?<=SELECT )|(?<=, ))\$\d+(?=\s*,|\s+(?:AS|FROM|UNION)\b)", re.IGNORECASE)
"""Placeholders that are a column of a result by themselves."""
_WITH_GENERIC_PLAN = 160000
_MOST_LINES, _MOST_DEPTH = 40, 30
_NAME = "asked_by_the_gate"
_DETAILS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter", "Sort Key", "Group Key")


@dataclass(frozen=True)
class Plan:
    """A plan as lines, and the large tables that it reads from end to end with a condition."""

    lines: list[str]
    scans: list[str]
    unhelped: list[str]
    """Those of the scans that no index would spare."""


def plan_of(ask: Ask, version: int, text: str, rows_a_call: float) -> Plan:
    """The generic plan of a statement.

    Parameters
    ----------
    version : int
        Of the server, such as 150004.
    rows_a_call : float
        Rows that the statement gave on average.

    Raises
    ------
    Unread
        If it is no statement that has a plan, was cut, or cannot be planned without its values.
    """
    if not _PLANNED.match(text):
        raise Unread("it is no statement that has a plan")
    if len(text) >= LONGEST:
        raise Unread("it is too long to be kept whole")
    root = _told(ask, version, text)[0][0]["Plan"]
    scans = [scan for node in _nodes(root) for scan in _scans(ask, node)]
    unhelped = [
        scan.text
        for scan in scans
        if not could_help(scan.condition, max(scan.kept_rows, rows_a_call) / scan.table_rows)
    ]
    return Plan(list(_lines(root))[:_MOST_LINES], [scan.text for scan in scans], unhelped)


def _told(ask: Ask, version: int, text: str) -> tuple[Any, ...]:
    """What EXPLAIN says.

    A constant that a recursive query begins with (``0 AS depth``) has no type once it is a placeholder. PostgreSQL
    takes it for text, and then knows no ``depth + 1``. Such constants count steps: it is asked again with numbers.
    """
    try:
        return _explained(ask, version, text)
    except Unread:
        typed = _SELECTED.sub(r"\g<0>::integer", text) if _RECURSIVE.match(text) else text
        if typed == text:
            raise
        return _explained(ask, version, typed)


def _explained(ask: Ask, version: int, text: str) -> tuple[Any, ...]:
    if version < _WITH_GENERIC_PLAN:
        return _prepared(ask, text)
    (told,) = ask(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {text}", unfilled=True)
    return told


def _prepared(ask: Ask, text: str) -> tuple[Any, ...]:
    ask(f"PREPARE {_NAME} AS {text}")
    try:
        (counted,) = ask(
            "SELECT coalesce(array_length(parameter_types, 1), 0) FROM pg_prepared_statements WHERE name = %(name)s",
            {"name": _NAME},
        )
        ask("SET plan_cache_mode = force_generic_plan")
        values = f"({', '.join(['NULL'] * counted[0])})" if counted[0] else ""
        (told,) = ask(f"EXPLAIN (FORMAT JSON) EXECUTE {_NAME}{values}")
        return told
    finally:
        ask(f"DEALLOCATE {_NAME}")


def _nodes(node: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    yield node
    if depth < _MOST_DEPTH:
        for child in node.get("Plans", []):
            yield from _nodes(child, depth + 1)


def _lines(node: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """A node and those below it, as people read them."""
    where = f" on {node['Relation Name']}" if "Relation Name" in node else ""
    by = f" using {node['Index Name']}" if "Index Name" in node else ""
    size = f" (cost {node.get('Total Cost', 0):.0f}, rows {node.get('Plan Rows', 0)})"
    what = node.get("Operation", node.get("Node Type"))  # of what changes a table the kind of change
    yield "  " * depth + in_a_line(f"{what}{by}{where}{size}")
    for key in _DETAILS:
        if key in node:
            value = ", ".join(node[key]) if isinstance(node[key], list) else str(node[key])
            yield "  " * (depth + 1) + in_a_line(f"{key}: {value}")
    if depth < _MOST_DEPTH:
        for child in node.get("Plans", []):
            yield from _lines(child, depth + 1)


@dataclass(frozen=True)
class _Scan:
    text: str
    condition: str
    kept_rows: float
    table_rows: int


def _scans(ask: Ask, node: Mapping[str, Any]) -> Iterator[_Scan]:
    """A large table of which every row is looked at, and some are thrown away by a condition."""
    if node.get("Node Type") != "Seq Scan" or "Filter" not in node:
        return
    name = str(node["Relation Name"])
    found = ask(
        "SELECT CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE s.n_live_tup END::bigint FROM pg_class c"
        " LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.relname = %(name)s AND c.relkind IN ('r', 'p')"
        " ORDER BY 1 DESC LIMIT 1",
        {"name": name},
    )
    if found and found[0][0] is not None and found[0][0] >= LARGE_ROWS:
        rows, condition = found[0][0], str(node["Filter"])
        yield _Scan(in_a_line(f"{name} ({rows:,} rows): {condition}"), condition, node.get("Plan Rows", 0), rows)
