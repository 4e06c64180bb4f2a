"""What is in a PostgreSQL database: valid indexes, tables, extensions. Needs the extra ``perf-gate[postgres]``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gate.config.probe_kinds import Inspection
from gate.probes.outcome import Came, unmeasured

if TYPE_CHECKING:
    import psycopg

Inspect = Callable[[Inspection], Came]

_PATIENCE_S = 5
_MOST_TOLD = 5
# https://www.postgresql.org/docs/current/catalog-pg-class.html : r table, p partitioned, i index, I partitioned index
_TABLE = "SELECT true FROM pg_class WHERE oid = to_regclass(%s) AND relkind IN ('r', 'p')"
# An index that CREATE INDEX CONCURRENTLY gave up is there, and no query uses it.
_INDEX = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
_EXTENSION = "SELECT true FROM pg_extension WHERE extname = %s"


def inspect(wanted: Inspection, dsn: str) -> Came:
    """Look for everything that must be there; the database is only read, and its address never told."""
    try:
        import psycopg
    except ImportError:
        return unmeasured("psycopg is not installed: pip install 'perf-gate[postgres]'")
    try:
        with psycopg.connect(
            dsn, connect_timeout=_PATIENCE_S, autocommit=True, options=f"-c statement_timeout={_PATIENCE_S}s"
        ) as connection:
            connection.read_only = True
            missing = _missing(wanted, connection)
    except (psycopg.Error, UnicodeError) as error:
        return unmeasured(f"the database did not answer: {_word(error)}")
    count = len(wanted.indexes) + len(wanted.tables) + len(wanted.extensions)
    if missing:
        more = f" and {len(missing) - _MOST_TOLD} more" if len(missing) > _MOST_TOLD else ""
        return Came("failed", f"{', '.join(missing[:_MOST_TOLD])}{more}", count, count - len(missing))
    return Came("passed", "all are there", count, count)


def _missing(wanted: Inspection, connection: psycopg.Connection) -> list[str]:
    found = []
    for what, names, query in (("table", wanted.tables, _TABLE), ("extension", wanted.extensions, _EXTENSION)):
        for name in names:
            asked = name if what == "extension" else _quoted(name)
            if connection.execute(query, (asked,)).fetchone() is None:
                found.append(f"no {what} {name}")
    for name in wanted.indexes:
        row = connection.execute(_INDEX, (_quoted(name),)).fetchone()
        if row is None or not row[0]:
            found.append(f"no index {name}" if row is None else f"index {name} is not valid")
    return found


def _quoted(name: str) -> str:
    """A name as the catalogue has it, with capital letters and all; a dot stands behind its schema."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _word(error: Exception) -> str:
    """A state of SQL where there is one; texts of errors may hold the address and more."""
    state = getattr(error, "sqlstate", None)
    return f"SQLSTATE {state}" if state else "no connection"
