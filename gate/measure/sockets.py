"""WebSockets of the suite as the engine opens them, and what they cost it. Pure."""

from __future__ import annotations

from gate.config.journeys import is_of_sockets, names_in
from gate.config.suite import Suite
from gate.config.templates import fill_json
from gate.load.job import Expectation, Lane, Request, Socket
from gate.measure.access import identity_headers, qualified
from gate.record.codec import digest

ARRIVAL_COST = 27.0
"""Requests on a kept connection that cost the generator as much processor time as one arrival of a WebSocket, which
connects, asks and closes. Measured: 26.9 (``python -m bench.sockets``, ``bench/results/sockets.md``)."""


def socket_lane(suite: Suite, name: str, origin: str, weight: int = 1) -> Lane:
    """A WebSocket as the engine sees it: the upgrade as its request, the message as the body of that request."""
    socket = suite.sockets[name]
    return Lane(
        name,
        socket_request(suite, name, origin),
        Expectation(max_bytes=socket.max_message_bytes),
        weight,
        socket=Socket(
            subprotocols=tuple(socket.subprotocols),
            echo=socket.answer == "echo",
            path=socket.answer if socket.answer is not None and socket.answer.startswith("$") else None,
        ),
    )


def socket_request(suite: Suite, name: str, origin: str) -> Request:
    """Upgrade and message of a WebSocket against one deployment; the engine makes ``ws`` of ``http`` itself."""
    socket = suite.sockets[name]
    headers, identity = dict(suite.preview.headers), socket.identity
    own = suite.identities[identity].values if identity is not None else frozenset[str]()

    def named(text: str) -> str:
        return text if identity is None else qualified(text, identity, own)

    if identity is not None:
        headers |= identity_headers(suite, identity)
    headers |= {header: named(text) for header, text in socket.headers.items()}
    message = fill_json(socket.message, named)
    return Request("GET", origin + named(socket.connect), headers, message, socket.timeout_s)


def cost_ratio(suite: Suite, scenario: str) -> float:
    """Processor time of one arrival of a scenario, in that of a request on a kept connection."""
    return ARRIVAL_COST if is_of_sockets(suite, scenario) else 1.0


def socket_hash(suite: Suite, name: str) -> str:
    """Identity of everything that makes the numbers of a WebSocket comparable; templates stay unfilled."""
    socket = suite.sockets[name]
    asker = suite.identities[socket.identity] if socket.identity is not None else None
    used = {text.partition(".")[0] for text in names_in(socket)} & suite.data.keys()
    return digest(
        {
            "socket": socket.model_dump(mode="json"),
            "identity": None if asker is None else asker.model_dump(mode="json", exclude={"lasts_s"}),
            "preview_headers": suite.preview.headers,
            "wire": suite.preview.model_dump(mode="json", include={"ca", "proxy"}),
            "data": {
                key: [data.model_dump(mode="json"), data.table.sha256 if data.table is not None else None]
                for key in sorted(used)
                for data in [suite.data[key]]
            },
        }
    )[:32]
