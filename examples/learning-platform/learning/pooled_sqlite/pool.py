"""A bounded pool of SQLite connections that says how long was waited for them."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


class PoolExhausted(sqlite3.OperationalError):
    """No connection came free in time."""


@dataclass(frozen=True)
class PoolState:
    """What the pool has done since it was made."""

    size: int
    in_use: int
    waits: int
    """How often a connection was taken, whether or not that took time."""
    wait_s: float
    """Time spent waiting for a free one, all together; opening one that is new is no waiting."""
    longest_wait_s: float


class ConnectionPool:
    """At most ``size`` connections, opened when first needed, the last one given back is the next one taken.

    Parameters
    ----------
    size
        Most connections in use at once.
    timeout_s
        How long a taker waits before :class:`PoolExhausted`.
    """

    def __init__(self, size: int, timeout_s: float) -> None:
        self._size = size
        self._timeout_s = timeout_s
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._in_use = self._waits = 0
        self._wait_s = self._longest_wait_s = 0.0

    def take(self, connect: Callable[[], sqlite3.Connection]) -> sqlite3.Connection:
        """An idle connection, or one newly opened by ``connect`` while there are fewer than ``size``."""
        started = time.perf_counter()
        if not self._free.acquire(timeout=self._timeout_s):
            raise PoolExhausted(f"all {self._size} connections were in use for {self._timeout_s:g} s")
        waited_s = time.perf_counter() - started
        with self._lock:
            self._in_use += 1
            self._waits += 1
            self._wait_s += waited_s
            self._longest_wait_s = max(self._longest_wait_s, waited_s)
            idle = self._idle.pop() if self._idle else None
        try:
            return idle or connect()
        except BaseException:
            self._release()
            raise

    def give_back(self, connection: sqlite3.Connection) -> None:
        """End what the last user left open, and let the next one have it."""
        try:
            connection.rollback()
        except sqlite3.Error:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        finally:
            self._release()

    def state(self) -> PoolState:
        """How it stands now."""
        with self._lock:
            return PoolState(self._size, self._in_use, self._waits, self._wait_s, self._longest_wait_s)

    def _release(self) -> None:
        with self._lock:
            self._in_use -= 1
        self._free.release()
