"""PostgreSQL under load, over the client of the extra ``postgres``: activity, cache, statements, sizes.

https://www.postgresql.org/docs/current/monitoring-stats.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.config.quantities import POSTGRES
from gate.config.telemetry import Postgres
from gate.record.telemetry import Relation, Source
from gate.telemetry.connection import Connection
from gate.telemetry.plans import plan_of
from gate.telemetry.source import Findings, Reading, Unread
from gate.telemetry.statements import Counters, counters, worst

_ACTIVITY = """
SELECT /* asked by the gate */
  count(*),
  count(*) FILTER (WHERE here AND state = 'active'),
  count(*) FILTER (WHERE here AND state = 'active' AND wait_event_type IS NOT NULL),
  count(*) FILTER (WHERE here AND state = 'active' AND wait_event_type = 'Lock'),
  count(*) FILTER (WHERE here AND state LIKE 'idle in transaction%')
FROM (SELECT datname = current_database() AS here, * FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS clients
"""
_DATABASE = """
SELECT /* asked by the gate */ blks_hit, blks_read, xact_commit + xact_rollback, deadlocks, temp_bytes
FROM pg_stat_database WHERE datname = current_database()
"""
_LARGEST = 10
_RELATIONS = """
SELECT /* asked by the gate */ n.nspname, c.relname,
  CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE coalesce(s.n_live_tup, 0) END::bigint,
  pg_table_size(c.oid), pg_indexes_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND (cardinality(%(names)s::text[]) = 0 OR c.oid IN (SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS name))
ORDER BY pg_total_relation_size(c.oid) DESC LIMIT %(most)s
"""


class PostgresDatabase:
    """Watches one database.

    Parameters
    ----------
    dsn : str
        Address with its secret; it is in no message.
    """

    source: Source = "postgres"

    def __init__(self, dsn: str, wanted: Postgres) -> None:
        self._connection = Connection(dsn)
        self._wanted = wanted
        self._blocks: tuple[int, int] | None = None
        self._statements: Mapping[Any, Counters] = {}
        self._unread: dict[str, str] = {}
        self._facts: dict[str, float] = {}

    def begin(self) -> None:
        """Connect; note what was counted before the load."""
        self._connection.open()
        self._facts["postgres.max_connections"] = float(
            self._connection.ask("SELECT /* asked by the gate */ current_setting('max_connections')")[0][0]
        )
        self.read()
        if self._wanted.statements:
            try:
                self._statements = counters(self._connection.ask)
            except Unread as error:
                self._unread["postgres.statements"] = error.reason

    def read(self) -> Mapping[str, Reading]:
        """Activity and counters now."""
        if self._connection.is_closed:
            self._connection.open()  # a database that was restarted, or that ended its connections, is asked again
        activity = self._connection.ask(_ACTIVITY)[0]
        names = ("connections", "active", "waiting", "waiting_for_locks", "idle_in_transaction")
        values = {f"postgres.{name}": float(value) for name, value in zip(names, activity, strict=True)}
        hit, read, transactions, deadlocks, temporary = self._connection.ask(_DATABASE)[0]
        values |= {
            "postgres.transactions": float(transactions),
            "postgres.deadlocks": float(deadlocks),
            "postgres.temporary_bytes": float(temporary),
        }
        ratio = self._cache_hit(hit, read)
        if ratio is not None:
            values["postgres.cache_hit"] = ratio
        return {name: Reading(value, *POSTGRES[name]) for name, value in values.items()}

    def end(self) -> Findings:
        """Statements of the run, the plans of the worst, sizes; what one of them lacks does not keep the others."""
        statements = []
        if self._wanted.statements and "postgres.statements" not in self._unread:
            with self._telling("postgres.statements"):
                statements = worst(self._connection.ask, self._statements, self._wanted.statements)
        for number, statement in enumerate(statements[: self._wanted.plans]):
            with self._telling(f"postgres.plan {number + 1}"):
                a_call = statement.rows / statement.calls
                plan = plan_of(self._connection.ask, self._connection.server_version, statement.text, a_call)
                found = {"plan": plan.lines, "scans": plan.scans, "unhelped": plan.unhelped}
                statements[number] = statement.model_copy(update=found)
        relations: list[Relation] = []
        with self._telling("postgres.relations"):
            relations = self._relations()
        size = None
        with self._telling("postgres.database_bytes"):
            size = int(self._connection.ask("SELECT pg_database_size(current_database())")[0][0])
        return Findings(tuple(statements), tuple(relations), size, self._facts, self._unread)

    def renew(self) -> None:
        """Nothing is remembered of single processes of the preview."""

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _telling(self, what: str) -> _Telling:
        return _Telling(self._unread, what)

    def _cache_hit(self, hit: int, read: int) -> float | None:
        """Of the blocks since the reading before; None where there were none."""
        before, self._blocks = self._blocks, (hit, read)
        if before is None:
            return None
        hits, reads = hit - before[0], read - before[1]
        return hits / (hits + reads) if hits >= 0 and reads >= 0 and hits + reads > 0 else None

    def _relations(self) -> list[Relation]:
        tables = self._wanted.tables
        found = self._connection.ask(_RELATIONS, {"names": tables, "most": len(tables) or _LARGEST})
        if len(found) < len(tables):
            known = {name for schema, table, *_ in found for name in (table, f"{schema}.{table}")}
            missing = [name for name in tables if name.lower() not in known and name not in known]
            self._unread["postgres.relations"] = f"not in the database: {', '.join(missing) or 'some of the tables'}"
        return [
            Relation(
                name=table if schema == "public" else f"{schema}.{table}",
                rows=max(0, int(rows)),
                table_bytes=int(table_bytes),
                index_bytes=int(index_bytes),
            )
            for schema, table, rows, table_bytes, index_bytes in found
        ]


class _Telling:
    """Notes in place of raising that something could not be read."""

    def __init__(self, unread: dict[str, str], what: str) -> None:
        self._unread = unread
        self._what = what

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if isinstance(error, Unread):
            self._unread[self._what] = error.reason
            return True
        return False
