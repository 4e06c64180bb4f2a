"""ASGI applications, FastAPI, Starlette and any other; only HTTP, WebSockets and lifespan pass untouched.

References
----------
https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, MutableMapping
from typing import Any, Callable

from gate_instrument import endpoints, exposition
from gate_instrument.meter import Meter, Metered
from gate_instrument.switch import METRICS_PATH, is_on, serves_metrics

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def asgi(app: App, *, on: bool | None = None, metrics: bool | None = None) -> App:
    """The application with ``Server-Timing`` in its answers; the very same application when switched off.

    The header tells of the time until the application says its headers; sums go on until it returns, background tasks
    of Starlette included. ``app.add_middleware(gate_instrument.asgi)`` works too.

    Parameters
    ----------
    on, metrics : bool, optional
        Count, and answer at ``METRICS_PATH``; without a word the environment decides.
    """
    return Middleware(app, metrics=serves_metrics(metrics)) if is_on(on) else app


class Middleware:
    """Counts for every request."""

    def __init__(self, app: App, *, metrics: bool) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._metrics and scope.get("path") == METRICS_PATH and scope.get("method") == "GET":
            await _tell(send)
            return
        meter = Meter()

        async def told(message: Message) -> None:
            with contextlib.suppress(Exception):  # an odd message is the server's to complain of
                if message["type"] == "http.response.start":
                    timing = (b"server-timing", meter.timing().encode("ascii"))
                    message = {**message, "headers": [*message.get("headers", ()), timing]}
            await send(message)

        try:
            with Metered(meter):
                await self._app(scope, receive, told)
        finally:
            meter.finish(endpoints.of_asgi(scope))


async def _tell(send: Send) -> None:
    text = exposition.text().encode()
    headers = [
        (b"content-type", exposition.CONTENT_TYPE.encode("ascii")),
        (b"content-length", str(len(text)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})
