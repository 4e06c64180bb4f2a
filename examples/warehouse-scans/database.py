"""The database of one server: copied from a template that is seeded once for every size."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import schema
import seed
from settings import Settings

MAINTENANCE = "postgres"
_LOCK = 0x57415245  # any number that nobody else locks


class DatabaseError(Exception):
    """The database cannot be reached, or holds something else."""


def prepare(settings: Settings) -> None:
    """Make the database unless it is there, and give it what the cures ask for.

    Raises
    ------
    DatabaseError
        If it cannot be reached or made, or holds something other than a warehouse of this size.
    """
    name = str(conninfo_to_dict(settings.database_url).get("dbname") or "")
    try:
        with closing(_connect(settings.database_url, dbname=MAINTENANCE)) as connection:
            # Two servers may start over one database; the second waits for what the first makes.
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            if not _exists(connection, name):
                _copy(connection, settings, name)
            with closing(_connect(settings.database_url)) as own:
                if not _tables(own):
                    _fill(own, settings.bags)
                _check(own, settings.bags, name)
                schema.apply_fixes(own, settings.fixes)
    except psycopg.Error as error:
        raise DatabaseError(f"DATABASE_URL: database {name!r}: {str(error).strip()}") from error


def _copy(connection: psycopg.Connection, settings: Settings, name: str) -> None:
    template = f"warehouse_template_{schema.VERSION}_{settings.bags}"
    if not _exists(connection, template):
        # Under another name until it is whole: what a killed seeding leaves must not be taken for a template.
        unfinished = f"{template}_unfinished"
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(unfinished)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        with closing(_connect(settings.database_url, dbname=unfinished)) as made:
            _fill(made, settings.bags)
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(template)))
    # Files are copied as they stand; the default would write every page to the log as well.
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))


def _fill(connection: psycopg.Connection, bags: int) -> None:
    print(f"seeding {bags:,} bags", file=sys.stderr, flush=True)
    seed.fill(connection, bags)


def _check(connection: psycopg.Connection, bags: int, name: str) -> None:
    if "seeded" not in _tables(connection):
        raise DatabaseError(f"DATABASE_URL: database {name!r} holds something other than a warehouse; name another one")
    found = connection.execute("SELECT version, bags FROM seeded").fetchone()
    if found != (schema.VERSION, bags):
        held = f"a warehouse of {found[1]:,} bags, version {found[0]}" if found else "an unfinished warehouse"
        wanted = f"{bags:,} bags, version {schema.VERSION}"
        raise DatabaseError(f"DATABASE_URL: database {name!r} holds {held}, not of {wanted}; drop it or name another")


def _connect(url: str, **changes: Any) -> psycopg.Connection:  # noqa: ANN401 - as psycopg has them
    return psycopg.connect(make_conninfo(url, **changes), autocommit=True)


def _exists(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def _tables(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    return {name for (name,) in rows}
