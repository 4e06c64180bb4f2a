"""Django, under WSGI or ASGI: ``MIDDLEWARE = ["gate_instrument.django.Middleware", ...]``, first of all."""

from __future__ import annotations

from collections.abc import Awaitable
from time import perf_counter
from typing import Any, Callable, Union

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.db import connections
from django.db.backends.signals import connection_created
from django.http import HttpResponse

from gate_instrument import endpoints, exposition
from gate_instrument.meter import CURRENT, Meter, Metered, add_query
from gate_instrument.switch import METRICS_PATH, is_on, serves_metrics

Respond = Callable[[Any], Union[Any, Awaitable[Any]]]


class Middleware:
    """Counts for every request, in all its databases; Django leaves it out when switched off.

    Times and sums are until the answer leaves the middleware below: the pieces of a streamed body come later.

    A query is what goes through Django's cursors, as in ``assertNumQueries``: on SQLite ``BEGIN`` is among them.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Respond) -> None:
        if not is_on():
            raise MiddlewareNotUsed("GATE_INSTRUMENT is not 1")
        self._respond: Any = get_response
        self._metrics = serves_metrics()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        connection_created.connect(_watch, dispatch_uid="gate_instrument")
        for connection in connections.all():
            _watch(connection=connection)

    def __call__(self, request: Any) -> Any:  # noqa: ANN401 - Django's request and response, or a coroutine of it
        """Answer one request."""
        if self._is_async:
            return self._answer(request)
        if self._asks_metrics(request):
            return _metrics()
        meter = Meter()
        try:
            with Metered(meter):
                return _told(self._respond(request), meter)
        finally:
            meter.finish(endpoints.of_django(request))

    async def _answer(self, request: Any) -> Any:  # noqa: ANN401
        if self._asks_metrics(request):
            return _metrics()
        meter = Meter()
        try:
            with Metered(meter):
                return _told(await self._respond(request), meter)
        finally:
            meter.finish(endpoints.of_django(request))

    def _asks_metrics(self, request: Any) -> bool:  # noqa: ANN401
        return self._metrics and request.path_info == METRICS_PATH and request.method == "GET"


def _told(response: Any, meter: Meter) -> Any:  # noqa: ANN401
    headers = getattr(response, "headers", None)
    if headers is not None:  # else Django has something to say about it
        own = headers.get("Server-Timing")
        headers["Server-Timing"] = f"{own}, {meter.timing()}" if own else meter.timing()
    return response


def _metrics() -> HttpResponse:
    return HttpResponse(exposition.text(), content_type=exposition.CONTENT_TYPE)


def _watch(*, connection: Any, **_: object) -> None:  # noqa: ANN401 - a DatabaseWrapper; each thread has its own
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


def _count(execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any) -> Any:  # noqa: ANN401
    if CURRENT.get() is None:
        return execute(sql, params, many, context)
    began_s = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        add_query(perf_counter() - began_s)
