"""PostgreSQL under load, over the client of the extra ``postgres``: activity, cache, statements, sizes.

The connection is the gate's own. It reads only, each statement is given up after a time, and every one is a transaction
of its own: the views of statistics would repeat themselves within one.
https://www.postgresql.org/docs/current/monitoring-stats.html
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from gate.config.quantities import POSTGRES
from gate.config.telemetry import Postgres
from gate.record.telemetry import Relation, Source
from gate.telemetry.plans import plan_of
from gate.telemetry.source import Findings, Reading, Unread, in_a_line
from gate.telemetry.statements import Counters, counters, worst

CONNECT_S, READ_S = 3, 2.0
_OPTIONS = (
    f"-c default_transaction_read_only=on -c statement_timeout={READ_S * 1000:.0f} -c lock_timeout=500"
    " -c idle_in_transaction_session_timeout=10000"
)
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
        self._dsn = dsn
        self._wanted = wanted
        self._connection: Any = None
        self._blocks: tuple[int, int] | None = None
        self._statements: Mapping[Any, Counters] = {}
        self._unread: dict[str, str] = {}
        self._facts: dict[str, float] = {}

    def begin(self) -> None:
        """Connect; note what was counted before the load."""
        self._connect()
        self._facts["postgres.max_connections"] = float(
            self._ask("SELECT /* asked by the gate */ current_setting('max_connections')")[0][0]
        )
        self.read()
        if self._wanted.statements:
            try:
                self._statements = counters(self._ask)
            except Unread as error:
                self._unread["postgres.statements"] = error.reason

    def read(self) -> Mapping[str, Reading]:
        """Activity and counters now."""
        if self._connection is None or self._connection.closed:
            self._connect()  # a database that was restarted, or that ended its connections, is asked again
        activity = self._ask(_ACTIVITY)[0]
        names = ("connections", "active", "waiting", "waiting_for_locks", "idle_in_transaction")
        values = {f"postgres.{name}": float(value) for name, value in zip(names, activity, strict=True)}
        hit, read, transactions, deadlocks, temporary = self._ask(_DATABASE)[0]
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
                statements = worst(self._ask, self._statements, self._wanted.statements)
        for number, statement in enumerate(statements[: self._wanted.plans]):
            with self._telling(f"postgres.plan {number + 1}"):
                a_call = statement.rows / statement.calls
                plan = plan_of(self._ask, self._connection.info.server_version, statement.text, a_call)
                found = {"plan": plan.lines, "scans": plan.scans, "unhelped": plan.unhelped}
                statements[number] = statement.model_copy(update=found)
        relations: list[Relation] = []
        with self._telling("postgres.relations"):
            relations = self._relations()
        size = None
        with self._telling("postgres.database_bytes"):
            size = int(self._ask("SELECT pg_database_size(current_database())")[0][0])
        return Findings(tuple(statements), tuple(relations), size, self._facts, self._unread)

    def renew(self) -> None:
        """Nothing is remembered of single processes of the preview."""

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            with contextlib.suppress(Exception):  # whatever a broken connection says when it is closed
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
        found = self._ask(_RELATIONS, {"names": tables, "most": len(tables) or _LARGEST})
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

    def _connect(self) -> None:
        try:
            import psycopg
        except ImportError:
            raise Unread("the client of PostgreSQL is not installed; install perf-gate[postgres]") from None
        try:
            self._connection = psycopg.connect(
                self._dsn,
                autocommit=True,
                connect_timeout=CONNECT_S,
                options=_OPTIONS,
                application_name="gate",
                tcp_user_timeout=round(READ_S * 2000),
            )
        except (psycopg.Error, ValueError, OSError) as error:
            raise Unread(f"no connection: {error}") from None

    def _ask(
        self, query: str, values: Mapping[str, object] | None = None, *, unfilled: bool = False
    ) -> Sequence[tuple[Any, ...]]:
        """One statement over the extended protocol, which takes no second one behind it.

        Parameters
        ----------
        unfilled : bool
            It has placeholders that stay without values. Over the extended protocol the server wants values for them
            (even to explain by GENERIC_PLAN, which plans with none), so it goes over the simple one, after the
            extended one saw that there is no second statement in it.
        """
        import psycopg

        try:
            if unfilled:
                self._refuse_several(query)
            cursor = self._connection.execute(query, values, binary=not unfilled)
            return cursor.fetchall() if cursor.description is not None else []
        except (psycopg.Error, OSError) as error:
            raise Unread(in_a_line(str(error)) or type(error).__name__) from None

    def _refuse_several(self, query: str) -> None:
        import psycopg

        parsed = self._connection.pgconn.prepare(b"", query.encode(self._connection.info.encoding))
        if parsed.status != psycopg.pq.ExecStatus.COMMAND_OK:
            raise Unread(in_a_line(parsed.get_error_message()))


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
