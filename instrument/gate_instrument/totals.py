"""Sums of one process by endpoint and pool; bounded whatever is asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from gate_instrument.times import Times

OTHER = "(other)"
"""Stands for all names beyond the bounds below: paths are made up by whoever asks."""
NO_REQUEST = "(no request)"
"""Work that belongs to no request: threads that carry none, tasks of the start."""
MOST_ENDPOINTS = 200
MOST_POOLS = 20


class Row:
    """One endpoint."""

    __slots__ = ("most_queries", "queries", "query_s", "took")

    def __init__(self) -> None:
        self.took = Times()
        """Of requests, to the end of the body where the interface shows it."""
        self.queries = 0
        self.query_s = 0.0
        self.most_queries = 0
        """In one request, by its end."""


class Totals:
    """Everything since the process began, or was forked."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget all, with the lock: a fork may have copied it while it was held."""
        self.lock = threading.Lock()
        self.rows: dict[str, Row] = {}
        self.waited: dict[tuple[str, str], Times] = {}
        """By pool and endpoint."""
        self.held: dict[tuple[str, str], Times] = {}
        self._pools: set[str] = set()

    def finish(
        self,
        endpoint: str,
        took_s: float,
        queries: int,
        query_s: float,
        waited: Mapping[str, Times],
        held: Mapping[str, Times],
    ) -> str:
        """Add a request that is over; return the name it goes by."""
        with self.lock:
            name = self._known(endpoint)
            row = self.rows[name]
            row.took.add(took_s)
            row.queries += queries
            row.query_s += query_s
            row.most_queries = max(row.most_queries, queries)
            for sums, times in ((self.waited, waited), (self.held, held)):
                for pool, these in times.items():
                    self._times(sums, pool, name).add_all(these)
            return name

    def add_query(self, endpoint: str, seconds: float, number: int = 1) -> None:
        """Add a query outside of any request, or after its end; or more time of one that is counted, with 0."""
        with self.lock:
            row = self.rows[self._known(endpoint)]
            row.queries += number
            row.query_s += seconds

    def add_wait(self, pool: str, endpoint: str, seconds: float) -> None:
        """The same, of waiting for a connection."""
        with self.lock:
            self._times(self.waited, pool, self._known(endpoint)).add(seconds)

    def add_held(self, pool: str, endpoint: str, seconds: float) -> None:
        """The same, of holding one."""
        with self.lock:
            self._times(self.held, pool, self._known(endpoint)).add(seconds)

    def _known(self, endpoint: str) -> str:
        if endpoint not in self.rows:
            is_own = endpoint in (NO_REQUEST, OTHER)
            if not is_own and len(self.rows) >= MOST_ENDPOINTS:
                return self._known(OTHER)
            self.rows[endpoint] = Row()
        return endpoint

    def _times(self, sums: dict[tuple[str, str], Times], pool: str, endpoint: str) -> Times:
        if pool not in self._pools:
            if len(self._pools) < MOST_POOLS:
                self._pools.add(pool)
            else:
                pool = OTHER
        return sums.setdefault((pool, endpoint), Times())


TOTALS = Totals()
"""Of this process. Several workers of one server each have their own."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=TOTALS.begin_anew)
