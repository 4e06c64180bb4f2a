"""Real servers on loopback that behave as told, request by request."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket, str, int], bool]
"""Given connection, request line and number of the request, answer; return whether to keep the connection."""


def answer(status: int = 200, body: bytes = b"{}", headers: str = "Content-Type: application/json\r\n") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Server:
    """One thread per connection; counts requests."""

    def __init__(self, behaviour: Behaviour, host: str = "127.0.0.1") -> None:
        self._behaviour = behaviour
        self._socket = socket.create_server((host, 0), backlog=256)
        self._lock = threading.Lock()
        self.requests: list[str] = []
        self.heads: list[bytes] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def origin(self) -> str:
        host, port = self._socket.getsockname()
        return f"http://{host}:{port}"

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        pending = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in pending:
                    try:
                        piece = connection.recv(65536)
                    except OSError:
                        return
                    if not piece:
                        return
                    pending += piece
                head, _, pending = pending.partition(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                while len(pending) < length:
                    pending += connection.recv(65536)
                body, pending = pending[:length], pending[length:]
                with self._lock:
                    self.requests.append(head.split(b"\r\n")[0].decode())
                    self.heads.append(head + b"\r\n\r\n" + body)
                    number = len(self.requests)
                try:
                    if not self._behaviour(connection, self.requests[-1], number):
                        return
                except OSError:
                    return


def steady(delay_s: float = 0.0, body: bytes = b"{}") -> Behaviour:
    """Answer every request alike."""

    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        if delay_s:
            time.sleep(delay_s)
        connection.sendall(answer(body=body))
        return True

    return behave


@contextmanager
def serving(behaviour: Behaviour, host: str = "127.0.0.1") -> Iterator[Server]:
    server = Server(behaviour, host)
    try:
        yield server
    finally:
        server.close()
