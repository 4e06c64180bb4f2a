"""Statements of a database by the difference of their counters over a run.

https://www.postgresql.org/docs/current/pgstatstatements.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gate.record.telemetry import Statement
from gate.telemetry.source import Unread

Ask = Callable[..., Sequence[tuple[Any, ...]]]
"""Runs one statement that reads, and gives its rows. Raises Unread."""
Key = tuple[int, int | None]
"""Role and query; without the query for what a role may not see of others."""

OURS = "/* asked by the gate */"
"""Stands in every statement of the gate itself, which is not the application's."""
LONGEST = 4000
"""Characters of a statement that are kept."""
_OF_SESSIONS = re.compile(
    r"\s*(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET|RESET|SHOW|DISCARD|DEALLOCATE)\b",
    re.IGNORECASE,
)
"""Statements about the transaction or the session: they read no table, and what a commit waits for the disk is not in
their time, for they only mark the end of the transaction."""
_THERE = "SELECT /* asked by the gate */ count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'"
_COUNTERS = """
SELECT /* asked by the gate */ userid::bigint, queryid,
  sum(calls)::bigint, sum(total_exec_time)::float8, sum(rows)::bigint
FROM pg_stat_statements(false) WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY 1, 2
"""
_TEXTS = """
SELECT /* asked by the gate */ DISTINCT ON (userid, queryid) userid::bigint, queryid, query FROM pg_stat_statements
WHERE queryid = ANY(%(queries)s) AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY userid, queryid
"""


class Counters(NamedTuple):
    """What one statement came to since the server counts."""

    calls: int
    total_ms: float
    rows: int


def counters(ask: Ask) -> dict[Key, Counters]:
    """Every statement that is counted now.

    Raises
    ------
    Unread
        If the database does not count statements, or does not tell.
    """
    if not ask(_THERE)[0][0]:
        raise Unread("the database has no pg_stat_statements: load it by shared_preload_libraries, CREATE EXTENSION")
    found = ask(_COUNTERS)
    return {(user, query): Counters(calls, total_ms, rows) for user, query, calls, total_ms, rows in found}


def worst(ask: Ask, before: Mapping[Key, Counters], most: int) -> list[Statement]:
    """Statements that took the most time since, the first first; without those of the gate, and BEGIN and the like.

    Raises
    ------
    Unread
        If the counters were reset meanwhile, or cannot be read.
    """
    after = counters(ask)
    if any(after[key].calls < before[key].calls for key in before.keys() & after.keys()):
        raise Unread("pg_stat_statements was reset while the load ran")
    grown = {key: _difference(before.get(key), now) for key, now in after.items()}
    ranked = sorted(
        (key for key in grown if grown[key].calls > 0 and key[1] is not None), key=lambda key: -grown[key].total_ms
    )
    texts = {
        (user, query): text
        for user, query, text in ask(_TEXTS, {"queries": [query for _, query in ranked[: 4 * most + 40]]})
    }
    seen = [(texts[key], grown[key]) for key in ranked if key in texts and OURS not in texts[key]]
    if not seen and any(query is None and counted.calls > 0 for (_, query), counted in grown.items()):
        raise Unread("the role may not see the statements of others: grant it pg_read_all_stats")
    named = [(text, counted) for text, counted in seen if not _OF_SESSIONS.match(text)]
    return [_statement(text, counted) for text, counted in named[:most]]


def _difference(before: Counters | None, after: Counters) -> Counters:
    if before is None:
        return after
    return Counters(after.calls - before.calls, after.total_ms - before.total_ms, after.rows - before.rows)


def _statement(text: str, counted: Counters) -> Statement:
    total_s = max(0.0, counted.total_ms) / 1e3
    return Statement(
        text=" ".join(text.split())[:LONGEST] if len(text) <= LONGEST else text[:LONGEST],
        calls=counted.calls,
        total_s=round(total_s, 6),
        mean_s=round(total_s / counted.calls, 9),
        rows=max(0, counted.rows),
    )
