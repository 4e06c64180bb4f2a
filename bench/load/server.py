"""A server whose answers take a known time, and which can freeze: the truth that load generators are held against.

One thread, epoll. It writes each request's true service time, from before it was read until after the answer was
written, and stands on a core of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import math
import os
import select
import socket
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.load.machine import SERVER_CORE, ending, start

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_SPIN_S = 0.0002
"""Before an answer is due: a sleep may end so much too late."""
_IDLE_S = 0.05
_PRIORITY = 10


@dataclass(frozen=True)
class Times:
    """How long answers take: log-normal with this median; ``sigma`` 0 is always the same."""

    median_s: float
    sigma: float = 0.0

    def draws(self) -> Callable[[], float]:
        """A source of service times in seconds, the same ones every time."""
        random, mu = Random(7), math.log(self.median_s)
        return (lambda: self.median_s) if not self.sigma else (lambda: random.lognormvariate(mu, self.sigma))


@dataclass(frozen=True)
class Freeze:
    """A stretch in which nothing happens, counted from the first request."""

    at_s: float = math.inf
    for_s: float = 0.0


class Server:
    """Answers until nobody listens to it any more."""

    def __init__(self, times: Times, freeze: Freeze) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self._connections: dict[int, socket.socket] = {}
        self._due: list[tuple[float, int, float]] = []
        self._draw = times.draws()
        self._freeze = freeze
        self._first: float | None = None
        self.port = int(self._listener.getsockname()[1])
        self.took_s = array("d")

    def serve(self, until: Callable[[], bool]) -> None:
        """Serve; looks about twenty times a second whether to end."""
        while not until():
            wait_s = _IDLE_S
            if self._due:
                wait_s = min(wait_s, self._due[0][0] - time.perf_counter() - _SPIN_S)
            if wait_s > 0:
                select.select([self._poll], [], [], wait_s)  # epoll itself sleeps in whole milliseconds
            for number, _ in self._poll.poll(0):
                self._listen() if number == self._listener.fileno() else self._read(number)
            self._answer()
            if self._first is not None and time.perf_counter() - self._first >= self._freeze.at_s:
                time.sleep(self._first + self._freeze.at_s + self._freeze.for_s - time.perf_counter())
                self._freeze = Freeze()

    def _listen(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = connection
        self._poll.register(connection, select.EPOLLIN)

    def _read(self, number: int) -> None:
        now = time.perf_counter()
        try:
            data = self._connections[number].recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._close(number)
            return
        self._first = self._first or now
        heapq.heappush(self._due, (now + self._draw(), number, now))

    def _answer(self) -> None:
        while self._due and self._due[0][0] <= time.perf_counter():
            _, number, read = heapq.heappop(self._due)
            if number in self._connections:
                try:
                    self._connections[number].send(_ANSWER)
                except ConnectionError:
                    self._close(number)
                self.took_s.append(time.perf_counter() - read)

    def _close(self, number: int) -> None:
        self._poll.unregister(number)
        self._connections.pop(number).close()


class Running:
    """A server in a process of its own."""

    def __init__(self, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self._log = log

    def took_s(self) -> list[float]:
        """True service time of every request so far, in order; the server is told to write them, and has."""
        self._log.with_suffix(".wanted").touch()
        while not self._log.exists():
            time.sleep(0.01)
        return list(array("d", self._log.read_bytes()))


@contextmanager
def serving(folder: Path, times: Times, freeze: Freeze | None = None, *, goes_first: bool = False) -> Iterator[Running]:
    """A server on its core for the length of this context.

    Parameters
    ----------
    goes_first : bool
        Before everything else on that core, if it may: what waits to be read is then not taken for the client's delay.
    """
    freeze = freeze or Freeze()
    log = folder / f"served-{time.monotonic_ns()}"
    numbers = (times.median_s, times.sigma, freeze.at_s, freeze.for_s, float(goes_first))
    argv = [sys.executable, "-m", "bench.load.server", str(log), *map(str, numbers)]
    with ending(start(argv, SERVER_CORE)) as process:
        assert process.stdout is not None
        yield Running(int(process.stdout.readline()), log)


def main() -> None:
    """Serve until the log is wanted, then write it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("log", type=Path)
    options.add_argument("numbers", type=float, nargs=5, help="median_s sigma freeze_at_s freeze_for_s goes_first")
    chosen = options.parse_args()
    median_s, sigma, at_s, for_s, goes_first = chosen.numbers
    if goes_first:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    server = Server(Times(median_s, sigma), Freeze(at_s, for_s))
    print(server.port, flush=True)
    wanted, looked = chosen.log.with_suffix(".wanted"), [time.monotonic()]

    def until() -> bool:
        if time.monotonic() - looked[0] < _IDLE_S:
            return False
        looked[0] = time.monotonic()
        return bool(wanted.exists())

    server.serve(until)
    draft = chosen.log.with_suffix(".draft")
    draft.write_bytes(server.took_s.tobytes())
    draft.rename(chosen.log)


if __name__ == "__main__":
    main()
