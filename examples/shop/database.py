"""The shop's SQLite file: created once, then one connection per thread."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from seed import seed

APPLICATION_ID = 0x53484F50
SCHEMA_VERSION = 1
BUSY_SECONDS = 10.0


class DatabaseError(Exception):
    """The database file cannot be created or is not the shop's."""


class Database:
    """Hands every thread its own connection to one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    def connection(self) -> sqlite3.Connection:
        """Return the connection of the calling thread, opened on first use."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.path)
        return connection


def connect(path: Path) -> sqlite3.Connection:
    """Open a prepared database the way the shop uses it."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    # A commit empties every other connection's page cache; mapped pages make that cheap.
    connection.execute("PRAGMA mmap_size = 268435456")
    return connection


@contextmanager
def write_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold SQLite's write lock; commit at the end, or roll back if anything was raised."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def prepare(path: Path) -> bool:
    """Create the seeded database at `path` unless a complete one is there already.

    Returns
    -------
    bool
        Whether it was created now.

    Raises
    ------
    DatabaseError
        If the file cannot be created or holds something other than a shop.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two servers may start on the same path; the second must wait for the first one's file.
        with open(f"{path}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists() and _is_current(path):
                return False
            _create(path)
            return True
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"cannot prepare the database {path}: {error}") from error


def _is_current(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application_id != APPLICATION_ID:
        raise DatabaseError(f"{path} is not a database of this shop; give another path or remove it")
    return bool(version == SCHEMA_VERSION)


def _create(path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            seed(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("PRAGMA journal_mode = WAL")
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
