"""Any DB-API driver (PEP 249), sqlite3 among them: connections whose cursors count.

Use one hook for one connection, not this one under SQLAlchemy's or Django's: a query would count twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import wraps
from time import perf_counter
from typing import Any, Callable

from gate_instrument.meter import add_query_time, timed
from gate_instrument.switch import is_on

_QUERIES = frozenset({"execute", "executemany", "executescript", "callproc"})
_FETCHES = frozenset({"fetchone", "fetchmany", "fetchall"})
"""Many drivers, sqlite3 for one, do most of their work here."""


def counting(connect: Callable[..., Any], *, on: bool | None = None) -> Callable[..., Any]:
    """``connect`` with connections that count; itself when switched off.

    Every call of ``execute``, ``executemany``, ``executescript`` or ``callproc`` is one query; its time is that of the
    call and of fetching its rows. The connections are stand-ins: what asks for the driver's own class needs
    ``connection.own``.
    """
    if not is_on(on):
        return connect

    @wraps(connect)
    def counted(*args: Any, **kwargs: Any) -> Connection:  # noqa: ANN401 - whatever the driver takes
        return Connection(connect(*args, **kwargs))

    return counted


class _Stand:
    """Stands in for an object of the driver."""

    __slots__ = ("own",)

    def __init__(self, own: Any) -> None:  # noqa: ANN401 - of any driver
        object.__setattr__(self, "own", own)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.own, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.own, name, value)

    def __enter__(self) -> Any:  # noqa: ANN401 - some drivers enter another object than the one asked
        entered = self.own.__enter__()
        return self if entered is self.own else entered

    def __exit__(self, *exc_info: Any) -> Any:  # noqa: ANN401
        return self.own.__exit__(*exc_info)


class Connection(_Stand):
    """A connection of the driver."""

    __slots__ = ()

    def cursor(self, *args: Any, **kwargs: Any) -> Cursor:  # noqa: ANN401
        """A cursor that counts."""
        return Cursor(self.own.cursor(*args, **kwargs))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        found = getattr(self.own, name)
        if name not in _QUERIES:
            return found
        return lambda *args, **kwargs: Cursor(timed(found, *args, **kwargs))  # sqlite3 has these on connections


class Cursor(_Stand):
    """A cursor of the driver."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        found = getattr(self.own, name)
        if name in _QUERIES:
            return lambda *args, **kwargs: self._own(timed(found, *args, **kwargs))
        if name in _FETCHES:
            return lambda *args, **kwargs: _fetch(found, *args, **kwargs)
        return found

    def _own(self, result: object) -> Any:  # noqa: ANN401 - a cursor that returns itself returns this one
        return self if result is self.own else result

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401
        return _fetch(next, self.own)


def _fetch(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    began_s = perf_counter()
    try:
        return call(*args, **kwargs)
    finally:
        add_query_time(perf_counter() - began_s)
