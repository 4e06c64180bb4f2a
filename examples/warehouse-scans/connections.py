"""The pool, and for how long a request keeps what it takes from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Flask, g, request
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from instrument import instrumented_cursors, instrumented_pool
from settings import Settings

Connection = psycopg.Connection[dict[str, Any]]
WAIT_SECONDS = 30.0
"""After it a request that got no connection is answered 503."""


class Connections:
    """Lends the connections of one worker.

    As built, a request takes a connection before anything else and keeps it until its answer is put together. Cured
    of that ("lending"), it has one only while it asks the database.
    """

    def __init__(self, settings: Settings) -> None:
        self._whole_request = "lending" not in settings.fixes
        self.size = settings.pool_size
        self._pool: ConnectionPool[Connection] = instrumented_pool(
            ConnectionPool(
                settings.database_url,
                kwargs={
                    "application_name": "warehouse-scans",
                    "autocommit": True,
                    "cursor_factory": instrumented_cursors(),
                    "row_factory": dict_row,
                },
                min_size=self.size,
                max_size=self.size,
                timeout=WAIT_SECONDS,
                open=False,
            )
        )

    def open(self) -> None:
        """Connect; in the worker, for neither connections nor the pool's threads outlive a fork."""
        self._pool.open(wait=True, timeout=WAIT_SECONDS)

    def lend_to(self, app: Flask, without: frozenset[str]) -> None:
        """Lend to the requests of an application, but for these endpoints, which need none."""
        if not self._whole_request:
            return

        @app.before_request
        def take() -> None:
            if request.endpoint is not None and request.endpoint not in without:
                g.connection = self._pool.getconn()

        @app.teardown_request
        def give_back(_error: BaseException | None) -> None:
            connection = g.pop("connection", None)
            if connection is not None:
                self._pool.putconn(connection)

    @contextmanager
    def use(self) -> Iterator[Connection]:
        """Yield the connection of this request, or one for as long as the context lasts."""
        held = g.get("connection")
        if held is not None:
            yield held
        else:
            with self._pool.connection() as connection:
                yield connection
