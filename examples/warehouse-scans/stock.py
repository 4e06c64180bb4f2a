"""What is in the warehouse: totals, arrivals, one bag, its notes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from typing import Any

from connections import Connection
from seed import END

Row = dict[str, Any]
RECENT = END - dt.timedelta(hours=6)
NOTES = 50


def totals(connection: Connection, fixes: Collection[str]) -> list[Row]:
    """Return bags not claimed yet and their mean weight, by zone and state; as built, all bags are read for it."""
    if "summary" in fixes:
        statement = """
            SELECT zone, state, bags, weight_g / bags AS weight_g
            FROM stock WHERE bags > 0 AND state <> 'claimed' ORDER BY zone, state
        """
        return connection.execute(statement).fetchall()
    statement = """
        SELECT zone, state, count(*) AS bags, sum(weight_g)::bigint / count(*) AS weight_g
        FROM bags WHERE state <> 'claimed' GROUP BY zone, state ORDER BY zone, state
    """
    return connection.execute(statement).fetchall()


def arrivals(connection: Connection, fixes: Collection[str]) -> list[Row]:
    """Return how many bags came in each of the last hours, by hall; as built, every one is fetched and counted here."""
    if "summary" in fixes:
        statement = """
            SELECT date_trunc('hour', arrived_at, 'UTC') AS hour, left(zone, 1) AS hall, count(*) AS bags
            FROM bags WHERE arrived_at >= %s GROUP BY 1, 2 ORDER BY 1, 2
        """
        return [{**row, "hour": _text(row["hour"])} for row in connection.execute(statement, (RECENT,))]
    counts: Counter[tuple[str, str]] = Counter()
    for row in connection.execute("SELECT zone, arrived_at FROM bags WHERE arrived_at >= %s", (RECENT,)):
        hour = row["arrived_at"].astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
        counts[_text(hour), row["zone"][0]] += 1
    return [{"hour": hour, "hall": hall, "bags": bags} for (hour, hall), bags in sorted(counts.items())]


def bag(connection: Connection, tag: str) -> Row | None:
    """Return one bag by its tag."""
    statement = "SELECT id, tag, state, zone, weight_g, arrived_at FROM bags WHERE tag = %s"
    row = connection.execute(statement, (tag,)).fetchone()
    return None if row is None else {**row, "arrived_at": _text(row["arrived_at"])}


def notes(connection: Connection, bag_id: object) -> list[Row]:
    """Return what was written about a bag, newest first."""
    statement = "SELECT author, text FROM notes WHERE bag_id = %s ORDER BY id DESC LIMIT %s"
    return connection.execute(statement, (bag_id, NOTES)).fetchall()


def write_note(connection: Connection, bag_id: object, author: str, text: str) -> None:
    """Add a note."""
    connection.execute("INSERT INTO notes (bag_id, author, text) VALUES (%s, %s, %s)", (bag_id, author, text))


def _text(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat()
