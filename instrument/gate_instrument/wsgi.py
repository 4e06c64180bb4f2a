"""WSGI applications, Flask and any other (PEP 3333)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from gate_instrument import endpoints, exposition
from gate_instrument.meter import Meter, Metered
from gate_instrument.switch import METRICS_PATH, is_on, serves_metrics

App = Callable[..., Iterable[bytes]]
Environ = dict[str, Any]


def wsgi(app: App, *, on: bool | None = None, metrics: bool | None = None) -> App:
    """The application with ``Server-Timing`` in its answers; the very same application when switched off.

    The header tells of the time until the application says its headers; sums go on to the end of the body.

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

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        if self._metrics and environ.get("PATH_INFO") == METRICS_PATH and environ.get("REQUEST_METHOD") == "GET":
            text = exposition.text().encode()
            start_response("200 OK", [("Content-Type", exposition.CONTENT_TYPE), ("Content-Length", str(len(text)))])
            return [text]
        meter, names = Meter(), [""]

        def name() -> str:
            return names[0] or endpoints.of_wsgi(environ)

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:  # noqa: ANN401 - as it comes
            if type(headers) is list:  # else the server has something to say about it
                headers = [*headers, ("Server-Timing", meter.timing())]
            names[0] = endpoints.of_wsgi(environ)  # Flask has taken its request out of there by the end
            return start_response(status, headers, *exc_info)

        try:
            with Metered(meter):
                body = self._app(environ, start)
        except BaseException:
            meter.finish(name())
            raise
        if _must_stay(body, environ):
            meter.finish(name())
            return body
        return _Body(body, meter, name)


def _must_stay(body: object, environ: Environ) -> bool:
    """Whether a body has to reach the server as it is.

    Servers ask one for its length, and send files without reading them; what has no iterator is theirs to complain of.
    """
    if hasattr(body, "__len__") or not hasattr(body, "__iter__"):
        return True
    with contextlib.suppress(TypeError):  # not every server's wrapper is a class
        return isinstance(body, environ["wsgi.file_wrapper"]) if "wsgi.file_wrapper" in environ else False
    return True


class _Body:
    """A body made piece by piece; the work for each counts."""

    def __init__(self, body: Iterable[bytes], meter: Meter, name: Callable[[], str]) -> None:
        self._body = body
        self._meter = meter
        self._name = name
        self._pieces: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        with Metered(self._meter):
            self._pieces = iter(self._body)
        return self

    def __next__(self) -> bytes:
        if self._pieces is None:
            iter(self)
        try:
            with Metered(self._meter):
                return next(self._pieces)  # type: ignore[arg-type]
        except BaseException:
            self._meter.finish(self._name())
            raise

    def close(self) -> None:
        """Let the application clean up, if it asked for that."""
        try:
            with Metered(self._meter):
                close = getattr(self._body, "close", None)
                if close is not None:
                    close()
        finally:
            self._meter.finish(self._name())
