"""WebSocket servers on loopback, by an implementation that is not ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve

Handler = Callable[[ServerConnection], Awaitable[None]]


class WebSocketServer:
    """Serves one handler; remembers how every connection ended, as the server saw it."""

    def __init__(self, handler: Handler, **more: Any) -> None:
        self.origin = ""
        self._scheme = "wss" if "ssl" in more else "ws"
        self.paths: list[str] = []
        self.tokens: list[str | None] = []
        self.close_codes: list[int | None] = []
        self.most_open = 0
        self._open = 0
        self._handler = handler
        self._more = more
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True)
        self._thread.start()
        assert self._started.wait(5)

    async def _run(self) -> None:
        self._end = asyncio.Event()
        options = {"ping_interval": None, "compression": None, "max_size": None, "close_timeout": 0.5} | self._more
        async with serve(self._serve, "127.0.0.1", 0, **options) as server:
            self.origin = f"{self._scheme}://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            self._started.set()
            await self._end.wait()

    async def _serve(self, connection: ServerConnection) -> None:
        self.paths.append(connection.request.path)
        self.tokens.append(connection.request.headers.get("Authorization"))
        self._open += 1
        self.most_open = max(self.most_open, self._open)
        try:
            await self._handler(connection)
        finally:
            self._open -= 1
            await connection.wait_closed()
            self.close_codes.append(connection.close_code)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(5)
        self._loop.close()


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def hold(connection: ServerConnection) -> None:
    async for _ in connection:
        pass


def self_signed(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server's side of TLS for 127.0.0.1, and the PEM certificate that a client must trust for it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    days = dt.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - days, now + days)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(private + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context, certificate.decode()


@contextmanager
def serving_websockets(handler: Handler, **more: Any) -> Iterator[WebSocketServer]:
    server = WebSocketServer(handler, **more)
    try:
        yield server
    finally:
        server.close()
