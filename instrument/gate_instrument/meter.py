"""What one request does, counted wherever it runs: a context variable follows it through threads and tasks.

Tasks of asyncio, ``asyncio.to_thread``, anyio's and asgiref's threads take the context with them. A thread pool of
one's own and ``loop.run_in_executor`` do not: give them ``carrying(function)``.
"""

from __future__ import annotations

import contextvars
import threading
from time import perf_counter
from types import TracebackType
from typing import Any, Callable, TypeVar

from gate_instrument.times import Times
from gate_instrument.totals import NO_REQUEST, TOTALS, Totals

T = TypeVar("T")
Clock = Callable[[], float]

CURRENT: contextvars.ContextVar[Meter | None] = contextvars.ContextVar("gate_instrument", default=None)
"""Meter of the request under way; None outside of any."""


class Meter:
    """Counts for one request; several threads or tasks of it may do so at once.

    What comes after its end, as a connection given back when the answer is out, is added to the sums of the process.
    """

    def __init__(self, totals: Totals = TOTALS, clock: Clock = perf_counter) -> None:
        self.queries = 0
        self.query_s = 0.0
        self.waited: dict[str, Times] = {}
        """For connections, by pool; a wait given up counts as well."""
        self.held: dict[str, Times] = {}
        """Connections by now given back, by pool."""
        self._totals = totals
        self._clock = clock
        self._lock = threading.Lock()
        self._began_s = clock()
        self._open = 0
        self._open_since_s = 0.0
        """Sum of the instants at which the connections were taken that are held now."""
        self._endpoint: str | None = None
        """None until its end."""

    def add_query(self, seconds: float, number: int = 1) -> None:
        """One query took so long; or with 0, one already counted took so much longer."""
        with self._lock:
            if self._endpoint is None:
                self.queries += number
                self.query_s += seconds
                return
        self._totals.add_query(self._endpoint, seconds, number)

    def add_wait(self, pool: str, seconds: float) -> None:
        """Getting a connection took so long, whether or not it was had."""
        with self._lock:
            if self._endpoint is None:
                self.waited.setdefault(pool, Times()).add(seconds)
                return
        self._totals.add_wait(pool, self._endpoint, seconds)

    def begin_held(self, now_s: float) -> None:
        """A connection was had."""
        with self._lock:
            self._open += 1
            self._open_since_s += now_s

    def end_held(self, pool: str, began_s: float, now_s: float) -> None:
        """A connection was given back."""
        with self._lock:
            self._open -= 1
            self._open_since_s -= began_s
            if self._endpoint is None:
                self.held.setdefault(pool, Times()).add(now_s - began_s)
                return
        self._totals.add_held(pool, self._endpoint, now_s - began_s)

    def timing(self) -> str:
        """Value of a ``Server-Timing`` header as of now, which is when the headers go out.

        ``app`` is the time since the application was called, without what the request waited in its server before;
        ``db`` the time in queries, with their number; ``pool`` waiting for connections; ``held`` holding them, those
        still held up to now. Durations are milliseconds. ``pool`` and ``held`` are there only if a connection was asked
        for.

        References
        ----------
        https://www.w3.org/TR/server-timing/
        """
        with self._lock:
            now_s = self._clock()
            parts = [
                f"app;dur={1e3 * (now_s - self._began_s):.3f}",
                f'db;dur={1e3 * self.query_s:.3f};desc="{self.queries} queries"',
            ]
            if self.waited or self._open:
                waited_s = sum(times.sum_s for times in self.waited.values())
                held_s = sum(times.sum_s for times in self.held.values()) + self._open * now_s - self._open_since_s
                parts += [f"pool;dur={1e3 * waited_s:.3f}", f"held;dur={1e3 * held_s:.3f}"]
        return ", ".join(parts)

    def finish(self, endpoint: str) -> None:
        """The request is over; only the first word counts."""
        with self._lock:
            if self._endpoint is None:
                took_s = self._clock() - self._began_s
                self._endpoint = self._totals.finish(
                    endpoint, took_s, self.queries, self.query_s, self.waited, self.held
                )


class Metered:
    """While it lasts, what runs here counts for this meter."""

    __slots__ = ("_before", "_meter")

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._before: Meter | None = None

    def __enter__(self) -> None:
        self._before = CURRENT.get()
        CURRENT.set(self._meter)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not by a token: one may only be given back in the context that made it, and a generator may end in another.
        CURRENT.set(self._before)


def add_query(seconds: float, number: int = 1) -> None:
    """One query took so long, for the request under way or for none; with 0 as in ``Meter.add_query``."""
    meter = CURRENT.get()
    if meter is None:
        TOTALS.add_query(NO_REQUEST, seconds, number)
    else:
        meter.add_query(seconds, number)


def add_query_time(seconds: float) -> None:
    """A query already counted took so much longer."""
    add_query(seconds, 0)


def timed(call: Callable[..., T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401 - whatever it takes
    """Make one query; one that fails counts as well."""
    began_s = perf_counter()
    try:
        return call(*args, **kwargs)
    finally:
        add_query(perf_counter() - began_s)


def carrying(function: Callable[..., T]) -> Callable[..., T]:
    """The function, counting for the request that is under way now when another thread calls it."""
    meter = CURRENT.get()
    if meter is None:
        return function
    whose = meter

    def carried(*args: Any, **kwargs: Any) -> T:  # noqa: ANN401 - whatever it takes
        with Metered(whose):
            return function(*args, **kwargs)

    return carried
