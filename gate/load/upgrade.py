"""Opening a WebSocket: an HTTP request that asks for an upgrade, and whether the answer grants it.

libcurl sends and reads both; the two checks that it leaves out are made here.

References
----------
RFC 6455, section 4.1 (the opening handshake of a client).
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
from dataclasses import dataclass, replace

import pycurl

from gate.load import transport
from gate.load.job import Expectation, Request, Wire
from gate.load.trust import NOBODY, Trust

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONNECT_ONLY_WEBSOCKET = 2
_WS_AND_WSS = 1 << 30 | 1 << 31
"""CURLPROTO_WS and CURLPROTO_WSS of libcurl's lib/urldata.h, which pycurl does not name."""
_REFUSED = int(pycurl.E_HTTP_RETURNED_ERROR)
_GRANTED = Expectation(statuses=(101,))
_SCHEMES = {"http:": "ws:", "https:": "wss:"}


@dataclass(frozen=True)
class Opened:
    """How long the steps of opening took, in seconds; each by itself."""

    dns_s: float
    connect_s: float
    """TCP."""
    tls_s: float
    upgrade_s: float
    """From sending the request to the answer's headers."""

    @property
    def total_s(self) -> float:
        """TCP, TLS and upgrade."""
        return self.connect_s + self.tls_s + self.upgrade_s


class Upgrade:
    """A request for a WebSocket on its way.

    Parameters
    ----------
    request : Request
        Placeholders filled in; of its URL, ``http`` and ``ws`` mean the same.
    subprotocols : tuple of str
        Offered.
    """

    def __init__(self, trust: Trust, wire: Wire, request: Request, subprotocols: tuple[str, ...]) -> None:
        self._subprotocols = subprotocols
        self._key = base64.b64encode(os.urandom(16))
        self._head = io.BytesIO()
        asking = self._asking(request)
        is_tls = asking.url.startswith("wss:")
        self.handle = transport.new_handle(trust if is_tls else NOBODY, wire)
        transport.prepare(
            self.handle, asking, _GRANTED, transport.discard, replace(wire, http="1.1", compression=False)
        )
        self.handle.setopt(pycurl.PROTOCOLS, _WS_AND_WSS)
        self.handle.setopt(pycurl.CONNECT_ONLY, _CONNECT_ONLY_WEBSOCKET)
        # libcurl's own pongs wait for the next message to be sent; where nothing is, the server would give up.
        self.handle.setopt(pycurl.WS_OPTIONS, pycurl.WS_NOAUTOPONG)
        self.handle.setopt(pycurl.HEADERFUNCTION, self._head.write)

    def _asking(self, request: Request) -> Request:
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers["sec-websocket-key"] = self._key.decode()
        if self._subprotocols:
            headers["sec-websocket-protocol"] = ", ".join(self._subprotocols)
        scheme, colon, rest = request.url.partition(":")
        url = _SCHEMES.get((scheme + colon).lower(), scheme + colon) + rest
        return replace(request, method="GET", url=url, headers=headers, json=None, graphql=None)

    def refusal(self, errno: int) -> str | None:
        """Why there is no WebSocket, as an error kind, or None."""
        if errno not in (0, _REFUSED):
            return transport.kind_of(errno)
        status = int(self.handle.getinfo(pycurl.RESPONSE_CODE))
        if status == 0:  # closed without an answer, which libcurl takes for a connection that is open
            return transport.kind_of(pycurl.E_GOT_NOTHING)
        if status != 101:
            return transport.unexpected(self.handle, status, 0, _GRANTED)
        headers = transport.headers_of(self._head.getvalue())
        expected = base64.b64encode(hashlib.sha1(self._key + _GUID, usedforsecurity=False).digest())
        if headers.get("sec-websocket-accept") != expected.decode():
            return "protocol"
        chosen = headers.get("sec-websocket-protocol")
        is_offered = chosen in self._subprotocols if self._subprotocols else chosen is None
        return None if is_offered else "subprotocol"

    def opened(self) -> Opened:
        """Times of an accepted upgrade."""
        names = ("NAMELOOKUP_TIME_T", "CONNECT_TIME_T", "APPCONNECT_TIME_T", "STARTTRANSFER_TIME_T")
        dns, connect, tls, first = (self.handle.getinfo(getattr(pycurl, name)) / 1e6 for name in names)
        return Opened(dns, max(0.0, connect - dns), max(0.0, tls - connect), max(0.0, first - max(connect, tls)))
