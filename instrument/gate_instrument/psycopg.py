"""Cursors of psycopg 3 that count: ``psycopg.connect(..., cursor_factory=counted(psycopg.Cursor))``."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter
from typing import Any, TypeVar

from gate_instrument.meter import add_query, add_query_time, timed
from gate_instrument.switch import is_on

Class = TypeVar("Class", bound=type)


def counted(cursor: Class, *, on: bool | None = None) -> Class:
    """A class of cursors like the one given, sync or async, that counts; the same class when switched off.

    Every ``execute``, ``executemany``, ``stream`` and ``copy`` is one query; ``BEGIN`` and ``COMMIT``, which the
    connection sends by itself, are none.
    """
    if not is_on(on):
        return cursor
    parts = _Async if inspect.iscoroutinefunction(cursor.execute) else _Sync  # type: ignore[attr-defined]
    return type(cursor)(cursor.__name__, (parts, cursor), {})


class _Sync:
    """What comes before a class of cursors."""

    def execute(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the driver's
        return timed(super().execute, *args, **kwargs)  # type: ignore[misc]

    def executemany(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return timed(super().executemany, *args, **kwargs)  # type: ignore[misc]

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: ANN401
        rows = super().stream(*args, **kwargs)  # type: ignore[misc]
        add_query(0.0)
        while True:
            began_s = perf_counter()
            try:
                row = next(rows)
            except StopIteration:
                return
            finally:
                add_query_time(perf_counter() - began_s)
            yield row

    @contextmanager
    def copy(self, *args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: ANN401
        began_s = perf_counter()
        try:
            with super().copy(*args, **kwargs) as copy:  # type: ignore[misc]
                yield copy
        finally:
            add_query(perf_counter() - began_s)


class _Async:
    """The same of coroutines."""

    async def execute(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        began_s = perf_counter()
        try:
            return await super().execute(*args, **kwargs)  # type: ignore[misc]
        finally:
            add_query(perf_counter() - began_s)

    async def executemany(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        began_s = perf_counter()
        try:
            return await super().executemany(*args, **kwargs)  # type: ignore[misc]
        finally:
            add_query(perf_counter() - began_s)

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        rows = super().stream(*args, **kwargs)  # type: ignore[misc]
        add_query(0.0)
        while True:
            began_s = perf_counter()
            try:
                row = await rows.__anext__()
            except StopAsyncIteration:
                return
            finally:
                add_query_time(perf_counter() - began_s)
            yield row

    @asynccontextmanager
    async def copy(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        began_s = perf_counter()
        try:
            async with super().copy(*args, **kwargs) as copy:  # type: ignore[misc]
                yield copy
        finally:
            add_query(perf_counter() - began_s)
