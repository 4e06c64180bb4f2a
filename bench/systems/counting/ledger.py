"""What SQLite itself saw of each request: it calls back for every statement that it executes.

https://docs.python.org/3/library/sqlite3.html#sqlite3.Connection.set_trace_callback
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

SHELVES, BOOKS = 50, 1000
SEEN = "/seen"
"""Where an application tells its ledger."""

_LEDGER: dict[str, Counter[int]] = {}
_LOCK = threading.Lock()
_COUNTING = threading.local()


def database() -> str:
    """Path of a small library of books on shelves, made where there is none."""
    path = os.environ["DATABASE_FILE"]
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS shelf (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        connection.execute("CREATE TABLE IF NOT EXISTS book (id INTEGER PRIMARY KEY, shelf_id INTEGER NOT NULL)")
        connection.executemany("INSERT OR IGNORE INTO shelf VALUES (?, ?)", ((i, f"shelf {i}") for i in range(SHELVES)))
        connection.executemany("INSERT OR IGNORE INTO book VALUES (?, ?)", ((i, i % SHELVES) for i in range(BOOKS)))
    connection.close()
    return path


def watch(connection: sqlite3.Connection) -> None:
    """Count what it executes from now on for the request of the thread that asks."""

    def executed(_statement: str) -> None:
        _COUNTING.statements = getattr(_COUNTING, "statements", 0) + 1

    connection.set_trace_callback(executed)


@contextmanager
def counted(line: str) -> Iterator[None]:
    """Count for one request, which one thread answers from its beginning to its end."""
    _COUNTING.statements = 0
    try:
        yield
    finally:
        with _LOCK:
            _LEDGER.setdefault(line, Counter())[_COUNTING.statements] += 1


def told() -> dict[str, dict[str, int]]:
    """Requests by their line and by the number of their statements."""
    with _LOCK:
        return {line: {str(number): n for number, n in counts.items()} for line, counts in _LEDGER.items()}
