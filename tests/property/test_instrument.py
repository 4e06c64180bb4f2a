"""An application behaves under the middleware as without it, whatever it does; off, nothing is there at all."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import Iterator
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gate_instrument
from gate_instrument import dbapi, psycopg, psycopg_pool, sqlalchemy
from gate_instrument.meter import CURRENT
from gate_instrument.pools import KNOWN
from gate_instrument.totals import TOTALS

pieces = st.lists(st.binary(max_size=20), max_size=5)
headers = st.lists(st.tuples(st.sampled_from(["A", "Server-Timing", "Set-Cookie"]), st.sampled_from(["", "x;dur=1"])))
shapes = st.sampled_from(["list", "tuple", "generator", "iterator", "file", "closing", "string", "none"])
failures = st.sampled_from([None, "before", "after", "within", "at close"])


class Closing:
    """A body that wants to be closed."""

    def __init__(self, parts: list[bytes], failure: str | None, log: list[str]) -> None:
        self.parts, self.failure, self.log = parts, failure, log

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts
        if self.failure == "within":
            raise ValueError("within")

    def close(self) -> None:
        self.log.append("closed")
        if self.failure == "at close":
            raise ValueError("at close")


def wsgi_app(shape: str, parts: list[bytes], given_headers: list, failure: str | None, log: list[str]) -> Any:
    def generate() -> Iterator[bytes]:
        yield from parts
        if failure == "within":
            raise ValueError("within")

    def app(environ: dict, start_response: Any) -> Any:
        if failure == "before":
            raise LookupError("before")
        write = start_response("200 OK", list(given_headers))
        if failure == "after":
            try:
                raise KeyError("after")
            except KeyError as error:
                start_response("500 No", [("X", "y")], (type(error), error, None))
        write(b"written")
        bodies = {
            "list": list(parts), "tuple": tuple(parts), "generator": generate(), "iterator": iter(parts),
            "file": FileWrapper(io.BytesIO(b"".join(parts)), 3), "closing": Closing(parts, failure, log),
            "string": b"ab", "none": None,
        }  # fmt: skip
        return bodies[shape]

    return app


def serve_wsgi(app: Any, log: list[str]) -> list[object]:
    """Everything a server would see, the header of ours apart."""
    seen: list[object] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        own = [value for name, value in headers if name == "Server-Timing" and value.startswith("app;dur=")]
        seen.append((status, [pair for pair in headers if pair[1] not in own], exc_info and exc_info[0], len(own)))
        return lambda data: seen.append(("written", data))

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.file_wrapper": FileWrapper}
    try:
        body = app(environ, start_response)
        seen.append(("length", len(body) if hasattr(body, "__len__") else None, isinstance(body, FileWrapper)))
        try:
            for part in body:
                seen.append(part)
        finally:
            if hasattr(body, "close"):
                body.close()
    except Exception as error:
        seen.append((type(error), str(error)))
    assert CURRENT.get() is None
    return [*seen, *log]


@given(shapes, pieces, headers, failures)
def test_wsgi_answers_are_the_same_but_for_the_header(shape, parts, given_headers, failure):
    log: list[str] = []
    plain = serve_wsgi(wsgi_app(shape, parts, given_headers, failure, log), log)
    log = []
    app = wsgi_app(shape, parts, given_headers, failure, log)
    told = serve_wsgi(gate_instrument.wsgi(app, on=True), log)

    def without(seen: list) -> list:
        return [(*one[:3], 0) if isinstance(one, tuple) and len(one) == 4 else one for one in seen]

    assert without(told) == plain
    assert all(one[3] == 1 for one in told if isinstance(one, tuple) and len(one) == 4)


messages = st.lists(
    st.one_of(
        st.fixed_dictionaries({"type": st.just("http.response.start"), "status": st.integers(100, 599)}),
        st.fixed_dictionaries(
            {"type": st.just("http.response.start"), "headers": st.lists(st.tuples(st.just(b"a"), st.binary()))}
        ),
        st.fixed_dictionaries({"type": st.just("http.response.start"), "headers": st.sampled_from([None, 3, ()])}),
        st.fixed_dictionaries({"type": st.just("http.response.body"), "body": st.binary(), "more_body": st.booleans()}),
        st.fixed_dictionaries({"type": st.sampled_from(["http.response.pathsend", "odd"]), "path": st.text()}),
        st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
        st.none(),
    ),
    max_size=6,
)


def serve_asgi(app: Any, scope: dict) -> list[object]:
    seen: list[object] = []

    async def receive() -> dict:
        return {"type": "http.request"}

    async def send(message: dict) -> None:
        if isinstance(message, dict) and isinstance(message.get("headers"), list):
            kept = [pair for pair in message["headers"] if not pair[1].startswith(b"app;dur=")]
            seen.append({**message, "headers": kept})
        else:
            seen.append(message)

    try:
        asyncio.run(app(scope, receive, send))
    except Exception as error:
        seen.append((type(error), str(error)))
    return seen


@given(messages, st.sampled_from(["http", "websocket", "lifespan"]), st.booleans())
def test_asgi_answers_are_the_same_but_for_the_header(sent, kind, fails):
    async def app(scope: dict, receive: Any, send: Any) -> None:
        for message in sent:
            await send(message)
        if fails:
            raise LookupError("at the end")

    scope = {"type": kind, "method": "GET", "path": "/"}
    plain, told = serve_asgi(app, dict(scope)), serve_asgi(gate_instrument.asgi(app, on=True), dict(scope))

    def tidy(message: object) -> object:
        """No headers and none are the same."""
        if isinstance(message, dict) and message.get("headers") in ([], ()):
            return {key: value for key, value in message.items() if key != "headers"}
        return message

    assert [tidy(message) for message in told] == [tidy(message) for message in plain]


def test_switched_off_nothing_is_there(monkeypatch):
    monkeypatch.delenv("GATE_INSTRUMENT", raising=False)
    thing = object()
    assert gate_instrument.wsgi(thing) is thing
    assert gate_instrument.asgi(thing) is thing
    assert dbapi.counting(sqlite3.connect) is sqlite3.connect
    assert psycopg.counted(dict) is dict
    assert psycopg_pool.watch(thing) is thing
    assert sqlalchemy.watch(thing) is thing


def test_switched_off_a_pool_of_ones_own_counts_nothing(monkeypatch):
    monkeypatch.delenv("GATE_INSTRUMENT", raising=False)
    pool = gate_instrument.Pool("unseen", size=3)
    with pool.using(lambda: "connection", lambda _: None) as connection:
        assert connection == "connection"
        assert pool.state() == (3, 0, 0)
    assert "unseen" not in KNOWN
    assert "unseen" not in {name for name, _ in [*TOTALS.waited, *TOTALS.held]}


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_not_http_passes_untouched(kind):
    given_to = []

    async def app(*arguments: object) -> None:
        given_to.extend(arguments)

    scope, receive, send = {"type": kind}, object(), object()
    asyncio.run(gate_instrument.asgi(app, on=True)(scope, receive, send))
    assert [id(one) for one in given_to] == [id(scope), id(receive), id(send)]
