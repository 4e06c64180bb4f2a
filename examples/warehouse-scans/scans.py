"""The scans of a bag: listed, recorded, taken away again."""

from __future__ import annotations

import datetime as dt

from connections import Connection
from stock import Row

STATES = ("arrived", "sorted", "loaded", "claimed")


class ScanError(ValueError):
    """A scan that cannot be recorded; says why."""


def listed(connection: Connection, tag: str, limit: int) -> list[Row]:
    """Return the newest scans of a bag; none where there is no such bag.

    As built, no index leads from a bag to its scans: all of them are read.
    """
    statement = """
        SELECT id, zone, scanner, scanned_at FROM scans
        WHERE bag_id = (SELECT id FROM bags WHERE tag = %s) ORDER BY scanned_at DESC, id DESC LIMIT %s
    """
    rows = connection.execute(statement, (tag, limit))
    return [{**row, "scanned_at": row["scanned_at"].astimezone(dt.UTC).isoformat()} for row in rows]


def parse(body: object) -> tuple[str, str, str, str]:
    """Return tag, zone, scanner and new state of a scan that was sent.

    Raises
    ------
    ScanError
        If a member is missing or no text, or the state is unknown.
    """
    values = [body.get(name) if isinstance(body, dict) else None for name in ("bag", "zone", "scanner", "state")]
    if not all(isinstance(value, str) and 1 <= len(value) <= 20 and "\0" not in value for value in values):
        raise ScanError("'bag', 'zone', 'scanner' and 'state' must be texts of 1 to 20 characters")
    if values[3] not in STATES:
        raise ScanError(f"'state' must be one of {', '.join(STATES)}")
    return tuple(values)


def record(connection: Connection, scan: tuple[str, str, str, str], user: str) -> Row | None:
    """Record a scan and move its bag, or return None where there is no such bag."""
    tag, zone, scanner, state = scan
    with connection.transaction():
        statement = "UPDATE bags SET zone = %s, state = %s WHERE tag = %s RETURNING id"
        moved = connection.execute(statement, (zone, state, tag)).fetchone()
        if moved is None:
            return None
        statement = """
            INSERT INTO scans (bag_id, zone, scanner, scanned_at, recorded_by) VALUES (%s, %s, %s, now(), %s)
            RETURNING id
        """
        return connection.execute(statement, (moved["id"], zone, scanner, user)).fetchone()


def remove_recorded(connection: Connection, user: str) -> int:
    """Take away what a user recorded, never what was seeded; bags stay where they are."""
    return connection.execute("DELETE FROM scans WHERE recorded_by = %s", (user,)).rowcount
