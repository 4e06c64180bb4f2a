"""What this generator can do on this machine: measured against a server in a process of its own that does nothing.

Counted in requests per second of processor time, so that neither that server nor a busy neighbour makes it look slow.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gate.load.job import Expectation, Lane, Request, Schedule, Segment, Stream
from gate.load.loop import LoadLoop

USERS = 16
SECONDS = 0.2
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_LIFE_S = 10.0


def measure_capacity(loop: LoadLoop) -> float:
    """Requests per second that would take one whole core: about, and of the simplest kind."""
    with _sink() as port:
        request = Request("GET", f"http://127.0.0.1:{port}/", timeout_s=2.0)
        lane = Lane("capacity", request, Expectation())
        stream = Stream(Schedule(users=USERS, for_s=SECONDS), (lane,))
        result = loop.run(Segment((stream,)))
    completed = result.lanes["capacity"].completed
    return completed / result.cpu_s if result.cpu_s > 0 else 0.0


@contextmanager
def _sink() -> Iterator[int]:
    """The port of a server that answers whatever it is asked; its process ends with this context, or by itself."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            _serve(listener)
        os._exit(0)
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, 9)
        os.waitpid(child, 0)


def _serve(listener: socket.socket) -> None:
    poll, connections = select.epoll(), {}
    poll.register(listener.fileno(), select.EPOLLIN)
    until = time.monotonic() + _LIFE_S
    while time.monotonic() < until:
        for number, _ in poll.poll(0.5):
            if number == listener.fileno():
                connection, _address = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[connection.fileno()] = connection
                poll.register(connection.fileno(), select.EPOLLIN)
            elif connections[number].recv(65536):
                connections[number].sendall(_ANSWER)
            else:
                poll.unregister(number)
                connections.pop(number).close()
