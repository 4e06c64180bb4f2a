"""Django's SQLite backend over a bounded pool, as its PostgreSQL backend has one.

Under ASGI each request has a thread of its own, so connections that Django keeps by thread would be opened anew for
every request, and nothing would bound them.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

from django.db.backends.sqlite3 import base

from learning.instrumented import Hold, WatchedPool, watched_pool
from learning.pooled_sqlite.pool import ConnectionPool

_pools: dict[str, tuple[ConnectionPool, WatchedPool]] = {}
_making = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes a connection from the process's pool when a request first needs it, and gives it back at its end."""

    _hold: Hold | None = None

    @property
    def pool(self) -> ConnectionPool:
        """The pool of this process, as ``OPTIONS["pool"]`` has it: ``size`` and ``timeout_s``."""
        return self._pools[0]

    @property
    def _pools(self) -> tuple[ConnectionPool, WatchedPool]:
        options = self.settings_dict["OPTIONS"]["pool"]
        with _making:
            if self.alias not in _pools:
                _pools[self.alias] = (ConnectionPool(**options), watched_pool(self.alias, options["size"]))
            return _pools[self.alias]

    def get_connection_params(self) -> dict[str, Any]:
        """What ``sqlite3.connect`` gets; it knows nothing of the pool."""
        params: dict[str, Any] = super().get_connection_params()
        params.pop("pool", None)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """One that is free."""
        pool, watched = self._pools
        with watched.waiting():
            connection = pool.take(lambda: super(DatabaseWrapper, self).get_new_connection(conn_params))
        self._hold = watched.hold()
        return connection

    def _close(self) -> None:
        if self.connection is not None:
            self.pool.give_back(self.connection)
        if self._hold is not None:
            self._hold.end()
            self._hold = None
