"""Pools of psycopg: ``ConnectionPool`` and ``AsyncConnectionPool``."""

from __future__ import annotations

import inspect
import weakref
from typing import Any, TypeVar

from gate_instrument.pools import Hold, Pool, State
from gate_instrument.switch import is_on

P = TypeVar("P")


def watch(pool: P, name: str = "default", *, on: bool | None = None) -> P:
    """See how long this pool's connections are waited for and held; returns the pool, untouched when switched off.

    ``connection()``, ``getconn()`` and ``putconn()`` are seen; a connection given back by its own ``close()``
    (``close_returns=True``) is not, and counts as held for good.
    """
    if not is_on(on):
        return pool
    any_pool: Any = pool
    watcher = Pool(name, state=_state_of(weakref.ref(any_pool)), on=True)
    wrap = _wrap_async if inspect.iscoroutinefunction(any_pool.getconn) else _wrap
    wrap(any_pool, watcher, weakref.WeakKeyDictionary())
    return pool


def _state_of(pool: weakref.ref[Any]) -> Any:  # noqa: ANN401 - a function without arguments
    def state() -> State:
        own: Any = pool()
        stats = own.get_stats()
        return State(own.max_size, stats["pool_size"] - stats["pool_available"], stats["requests_waiting"])

    return state


def _wrap(pool: Any, watcher: Pool, holds: weakref.WeakKeyDictionary[Any, Hold]) -> None:  # noqa: ANN401
    get, put = pool.getconn, pool.putconn

    def getconn(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with watcher.waiting():
            connection = get(*args, **kwargs)
        holds[connection] = watcher.hold()
        return connection

    def putconn(connection: Any) -> None:  # noqa: ANN401
        try:
            put(connection)
        finally:
            _end(holds, connection)

    pool.getconn, pool.putconn = getconn, putconn


def _wrap_async(pool: Any, watcher: Pool, holds: weakref.WeakKeyDictionary[Any, Hold]) -> None:  # noqa: ANN401
    get, put = pool.getconn, pool.putconn

    async def getconn(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with watcher.waiting():
            connection = await get(*args, **kwargs)
        holds[connection] = watcher.hold()
        return connection

    async def putconn(connection: Any) -> None:  # noqa: ANN401
        try:
            await put(connection)
        finally:
            _end(holds, connection)

    pool.getconn, pool.putconn = getconn, putconn


def _end(holds: weakref.WeakKeyDictionary[Any, Hold], connection: Any) -> None:  # noqa: ANN401
    hold = holds.pop(connection, None)
    if hold is not None:
        hold.end()
