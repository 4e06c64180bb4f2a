"""The database of one server: made and filled where there is none."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import schema

_LOCK = 0x4D41524B  # any number that nobody else locks


class DatabaseError(Exception):
    """The database cannot be reached, or holds something else."""


def name_of(url: str) -> str:
    """Return the name of a database; what is kept in Redis is kept under it."""
    return str(conninfo_to_dict(url).get("dbname") or "")


def prepare(url: str, admins: int, audit_rows: int) -> None:
    """Make the database with its rows, unless it is there; of audit as many as are asked for this time.

    Raises
    ------
    DatabaseError
        If it cannot be reached or made, or holds something other than a marketplace of this size.
    """
    name = name_of(url)
    try:
        with closing(_connect(url, dbname="postgres")) as connection:
            # Two servers may start over one database; the second waits for what the first makes.
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            with closing(_connect(url)) as own:
                _fill(own, admins, name)
                schema.lengthen(own, admins, audit_rows)
    except psycopg.Error as error:
        raise DatabaseError(f"DATABASE_URL: database {name!r}: {str(error).strip()}") from error


def _fill(connection: psycopg.Connection, admins: int, name: str) -> None:
    tables = {table for (table,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    if not tables:
        print(f"seeding {admins:,} admins", file=sys.stderr, flush=True)
        schema.fill(connection, admins)
        return
    if "seeded" not in tables:
        raise DatabaseError(
            f"DATABASE_URL: database {name!r} holds something other than a marketplace; name another one"
        )
    found = connection.execute("SELECT version, admins FROM seeded").fetchone()
    if found != (schema.VERSION, admins):
        held = f"{found[1]:,} admins, version {found[0]}" if found else "no admins"
        wanted = f"{admins:,}, version {schema.VERSION}"
        raise DatabaseError(f"DATABASE_URL: database {name!r} holds {held}, not {wanted}; drop it or name another one")


def _connect(url: str, **changes: Any) -> psycopg.Connection:  # noqa: ANN401 - as psycopg has them
    return psycopg.connect(make_conninfo(url, **changes), autocommit=True)
