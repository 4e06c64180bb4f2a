"""Engines of SQLAlchemy 2: their queries, and what their pool makes wait."""

from __future__ import annotations

import weakref
from time import perf_counter
from typing import Any, Callable, TypeVar

from gate_instrument.meter import add_query, add_query_time
from gate_instrument.pools import Pool
from gate_instrument.switch import is_on

E = TypeVar("E")
_BEGAN = "_gate_instrument_began_s"
_HOLD = "gate_instrument.hold"


def watch(engine: E, name: str = "default", *, on: bool | None = None) -> E:
    """Count what this engine (or async engine) does; returns it, untouched when switched off.

    Every execution by a cursor is one query, of many rows or one; SQLAlchemy begins and ends transactions without a
    cursor. Waiting is the time to get a connection from the pool: in line, or until one is opened.
    """
    if not is_on(on):
        return engine
    from sqlalchemy import event

    sync: Any = getattr(engine, "sync_engine", engine)
    event.listen(sync, "before_cursor_execute", _begin)
    event.listen(sync, "after_cursor_execute", _end)
    event.listen(sync, "handle_error", _fail)
    _watch_pool(sync.pool, name)
    event.listen(sync, "engine_disposed", lambda disposed: _watch_pool(disposed.pool, name))  # it has a new one
    return engine


def _begin(_connection: Any, _cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:  # noqa: ANN401
    add_query(0.0)
    setattr(context, _BEGAN, perf_counter())


def _end(_connection: Any, _cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:  # noqa: ANN401
    _add_time(context)


def _fail(error: Any) -> None:  # noqa: ANN401 - an ExceptionContext
    _add_time(error.execution_context)


def _add_time(context: object) -> None:
    began_s = getattr(context, _BEGAN, None)  # an error outside of a query has none
    if began_s is not None:
        add_query_time(perf_counter() - began_s)
        setattr(context, _BEGAN, None)


def _size_of(pool: weakref.ref[Any]) -> Callable[[], int | None]:
    """Connections a pool that queues may have at most, overflow included; None if that has no bound."""

    def size() -> int | None:
        own: Any = pool()
        overflow = getattr(own, "_max_overflow", 0)  # the library has no other word for it
        return None if overflow < 0 else int(own.size() + overflow)

    return size


def _watch_pool(pool: Any, name: str) -> None:  # noqa: ANN401 - whichever class
    from sqlalchemy import event

    if getattr(pool, "_gate_instrument", None) is not None:
        return
    watcher = Pool(name, size=_size_of(weakref.ref(pool)) if hasattr(pool, "checkedout") else None, on=True)
    pool._gate_instrument = watcher  # keeps it alive as long as the pool
    connect = pool.connect

    def waited(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with watcher.waiting():
            return connect(*args, **kwargs)

    def out(_dbapi: Any, record: Any, _proxy: Any) -> None:  # noqa: ANN401
        record.record_info[_HOLD] = watcher.hold()

    def back(_dbapi: Any, record: Any) -> None:  # noqa: ANN401
        hold = record.record_info.pop(_HOLD, None)
        if hold is not None:
            hold.end()

    pool.connect = waited
    event.listen(pool, "checkout", out)
    event.listen(pool, "checkin", back)
    event.listen(pool, "detach", back)
