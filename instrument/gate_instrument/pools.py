"""How long connections of a pool are waited for and held, and how full it is."""

from __future__ import annotations

import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter
from typing import Any, Callable, NamedTuple, TypeVar

from gate_instrument.meter import CURRENT, Meter
from gate_instrument.switch import is_on
from gate_instrument.totals import MOST_POOLS, NO_REQUEST, TOTALS

C = TypeVar("C")

KNOWN: weakref.WeakValueDictionary[str, Pool] = weakref.WeakValueDictionary()
"""Pools by name, as long as somebody uses them; the last of equal names."""


class State(NamedTuple):
    """How full a pool is."""

    size: int | None
    """Connections it may have at most; None where nobody knows, or where there is no bound."""
    in_use: int
    waiting: int
    """Who would like a connection and has none yet."""


class Hold:
    """A connection in use, by the request that took it; whoever gives it back."""

    __slots__ = ("_began_s", "_is_over", "_meter", "_pool")

    def __init__(self, pool: Pool, began_s: float, meter: Meter | None) -> None:
        self._pool = pool
        self._began_s = began_s
        self._meter = meter
        self._is_over = False
        if meter is not None:
            meter.begin_held(began_s)

    def end(self) -> None:
        """The connection is given back; only the first word counts."""
        if self._is_over:
            return
        self._is_over = True
        now_s = perf_counter()
        self._pool.add_in_use(-1)
        if self._meter is None:
            TOTALS.add_held(self._pool.name, NO_REQUEST, now_s - self._began_s)
        else:
            self._meter.end_held(self._pool.name, self._began_s, now_s)


class Unseen(Hold):
    """A connection in use while nothing is counted."""

    __slots__ = ()

    def __init__(self) -> None:
        self._is_over = True


class Pool:
    """One pool, of whatever make; while switched off connections go through it unseen.

    Parameters
    ----------
    name : str
        In the sums; the first twenty names are kept apart.
    size : int or callable, optional
        Connections it may have at most, if that is known.
    state : callable, optional
        In place of what is counted here: how full the pool itself says it is.
    on : bool, optional
        Count; without a word the environment decides.
    """

    def __init__(
        self,
        name: str,
        size: int | Callable[[], int | None] | None = None,
        state: Callable[[], State] | None = None,
        *,
        on: bool | None = None,
    ) -> None:
        self.name = name
        self._size = size
        self._state = state
        self._lock = threading.Lock()
        self._in_use = self._waiting = 0
        self._is_on = is_on(on)
        if self._is_on and (name in KNOWN or len(KNOWN) < MOST_POOLS):
            KNOWN[name] = self

    @contextmanager
    def using(self, acquire: Callable[[], C], release: Callable[[C], Any]) -> Iterator[C]:
        """A connection, waited for and held in sight."""
        with self.waiting():
            connection = acquire()
        hold = self.hold()
        try:
            yield connection
        finally:
            try:
                release(connection)
            finally:
                hold.end()

    @asynccontextmanager
    async def using_async(
        self, acquire: Callable[[], Awaitable[C]], release: Callable[[C], Awaitable[Any]]
    ) -> AsyncIterator[C]:
        """The same for coroutines."""
        with self.waiting():
            connection = await acquire()
        hold = self.hold()
        try:
            yield connection
        finally:
            try:
                await release(connection)
            finally:
                hold.end()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While it lasts, a connection is waited for (or opened); in vain counts as well."""
        if not self._is_on:
            yield
            return
        self._add_waiting(1)
        began_s = perf_counter()
        try:
            yield
        finally:
            waited_s = perf_counter() - began_s
            self._add_waiting(-1)
            meter = CURRENT.get()
            if meter is None:
                TOTALS.add_wait(self.name, NO_REQUEST, waited_s)
            else:
                meter.add_wait(self.name, waited_s)

    def hold(self) -> Hold:
        """A connection was had; say so again when it is given back."""
        if not self._is_on:
            return Unseen()
        self.add_in_use(1)
        return Hold(self, perf_counter(), CURRENT.get())

    def add_in_use(self, number: int) -> None:
        """So many more connections are in use."""
        with self._lock:
            self._in_use += number

    def _add_waiting(self, number: int) -> None:
        with self._lock:
            self._waiting += number

    def state(self) -> State:
        """How full it is now."""
        if self._state is not None:
            return self._state()
        size = self._size() if callable(self._size) else self._size
        with self._lock:
            return State(size, self._in_use, self._waiting)
