"""Plain sockets, epoll and httptools' parser: what another transport in Python would cost.

HTTP/1.1 and nothing else: no proxy, no HTTP/2, no timeouts, nothing of what goes wrong. Status and size are checked and
latencies kept. Arguments: URL, users, seconds, CA file or nothing.
"""

import select
import socket
import ssl
import sys
import time
from array import array
from urllib.parse import urlsplit

import httptools


class User:
    """One connection that asks again as soon as it is answered."""

    def __init__(self, host: str, port: int, request: bytes, context: ssl.SSLContext | None) -> None:
        plain = socket.create_connection((host, port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = plain if context is None else context.wrap_socket(plain, server_hostname=host)
        self.socket.setblocking(False)
        self._request = request
        self._parser = httptools.HttpResponseParser(self)
        self._size = 0
        self._sent = 0.0
        self.latencies_s = array("d")
        self.ask()

    def ask(self) -> None:
        """Send one request."""
        self._sent = time.perf_counter()
        if self.socket.send(self._request) < len(self._request):
            raise SystemExit("the server does not read")

    def read(self) -> None:
        """Take what came."""
        try:
            data = self.socket.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        if not data:
            raise SystemExit("the server closed a connection")
        self._parser.feed_data(data)

    def on_body(self, piece: bytes) -> None:
        """For the parser: some of a body."""
        self._size += len(piece)

    def on_message_complete(self) -> None:
        """For the parser: the end of an answer."""
        if self._parser.get_status_code() != 200 or self._size != 200:
            raise SystemExit(f"unexpected answer of {self._size} bytes")
        self.latencies_s.append(time.perf_counter() - self._sent)
        self._size = 0
        self.ask()


def main(url: str, users: int, seconds: float, ca: str) -> None:
    """Drive all users."""
    end = time.monotonic() + seconds
    parts = urlsplit(url)
    host, port = str(parts.hostname), int(parts.port or 80)
    context = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: */*\r\nUser-Agent: gate\r\n\r\n".encode()
    everyone = [User(host, port, request, context) for _ in range(users)]
    by_number = {user.socket.fileno(): user for user in everyone}
    poll = select.epoll()
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    while time.monotonic() < end:
        for number, _ in poll.poll(1.0):
            by_number[number].read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
