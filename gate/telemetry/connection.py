"""The gate's own connection to a PostgreSQL database that it watches.

It reads only, each statement is given up after a time, and every one is a transaction of its own: the views of
statistics would repeat themselves within one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from gate.telemetry.source import Unread, in_a_line

CONNECT_S, READ_S = 3, 2.0
_OPTIONS = (
    f"-c default_transaction_read_only=on -c statement_timeout={READ_S * 1000:.0f} -c lock_timeout=500"
    " -c idle_in_transaction_session_timeout=10000"
)


class Connection:
    """Asks one database; whatever goes wrong raises Unread.

    Parameters
    ----------
    dsn : str
        Address with its secret; it is in no message.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Any = None

    @property
    def is_closed(self) -> bool:
        """Whether there is none, or the server or a failure ended it."""
        return self._connection is None or bool(self._connection.closed)

    @property
    def server_version(self) -> int:
        """As the server counts: 160002 is 16.2."""
        return int(self._connection.info.server_version)

    def open(self) -> None:
        """Connect, in place of a connection that ended."""
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

    def ask(
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

    def close(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            with contextlib.suppress(Exception):  # whatever a broken connection says when it is closed
                self._connection.close()
