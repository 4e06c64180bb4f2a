"""What the WebSocket client of the engine adds to an echo, and how late it sends what is due, beside its alternative.

``python -m bench.sockets``. Everything runs on loopback, one connection, clients in turn and with the same priority;
about half a minute. Intervals are quartiles of the rounds. The plain client is a blocking socket that sends prepared
bytes: less cannot be done in Python.
"""

from __future__ import annotations

import asyncio
import base64
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from websockets.asyncio.client import connect
from websockets.sync.server import ServerConnection, serve

from bench.figures import Figure, publish
from gate.load.engine import Engine
from gate.load.histogram import Histogram
from gate.load.job import Expectation, Lane, Request, Schedule, Segment, SegmentResult, Socket, Stream
from gate.load.worker import ask_for_priority

COMMAND = "python -m bench.sockets"
ECHOES = 600
ROUNDS = 25
RATE_RPS = 200.0
ARRIVALS = 400
HELD = 200
TEXT = "hello"


def _echo(connection: ServerConnection) -> None:
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for message in connection:
        connection.send(message)


def _serve(listener: socket.socket) -> None:
    with serve(_echo, sock=listener, compression=None) as server:
        server.serve_forever()


@contextmanager
def echo_server() -> Iterator[int]:
    """The port of an echo server in a process of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=True)
        process.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            process.kill()
            process.join()


Echoes = tuple[float, float, float]
"""p50 and p99 of an echo and processor time of the client for each, in seconds."""


def _summary(samples: list[float], cpu_s: float) -> Echoes:
    ordered = sorted(samples)
    return ordered[len(ordered) // 2], ordered[round(0.99 * len(ordered))], cpu_s / len(ordered)


def plain(port: int) -> Echoes:
    """A blocking socket that sends one prepared frame and reads as many bytes as were sent back."""
    mask, text = os.urandom(4), TEXT.encode()
    frame = bytes([0x81, 0x80 | len(text)]) + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(text))
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        client.sendall(
            f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        client.recv(4096)
        samples, cpu = [], time.process_time()
        for _ in range(ECHOES):
            begun = time.perf_counter()
            client.sendall(frame)
            client.recv(4096)
            samples.append(time.perf_counter() - begun)
        summary = _summary(samples, time.process_time() - cpu)
        client.sendall(b"\x88\x80" + mask)  # a close frame
        client.recv(4096)
        return summary


def library(port: int) -> Echoes:
    """The asyncio client of the websockets library."""

    async def talk() -> Echoes:
        async with connect(f"ws://127.0.0.1:{port}/", compression=None) as client:
            samples, cpu = [], time.process_time()
            for _ in range(ECHOES):
                begun = time.perf_counter()
                await client.send(TEXT)
                await client.recv()
                samples.append(time.perf_counter() - begun)
            return _summary(samples, time.process_time() - cpu)

    return asyncio.run(talk())


def library_lag(port: int) -> tuple[float, float]:
    """p50 and p99 of how late an asyncio timer begins a connection that is due."""

    async def arrive(late: list[float], due: float) -> None:
        late.append(time.monotonic() - due)
        async with connect(f"ws://127.0.0.1:{port}/", compression=None) as client:
            await client.send(TEXT)
            await client.recv()

    async def all_arrive() -> tuple[float, float]:
        late: list[float] = []
        loop, tasks = asyncio.get_running_loop(), set()
        start = loop.time() + 0.1
        for number in range(ARRIVALS):
            due = start + number / RATE_RPS
            loop.call_at(due, lambda due=due: tasks.add(loop.create_task(arrive(late, due))))  # type: ignore[misc]  # mypy knows no type of a lambda with a default
        await asyncio.sleep(ARRIVALS / RATE_RPS + 0.3)
        await asyncio.gather(*tasks)
        p50, p99, _ = _summary(late, 0.0)
        return p50, p99

    return asyncio.run(all_arrive())


def _drive(engine: Engine, port: int, schedule: Schedule) -> SegmentResult:
    request = Request("GET", f"ws://127.0.0.1:{port}/", json=TEXT)
    return engine.run(Segment((Stream(schedule, (Lane("echo", request, Expectation(), socket=Socket()),)),)))


def ours(engine: Engine, port: int) -> Echoes:
    """The engine as ``gate check`` runs it: a worker, histograms and all."""
    result = _drive(engine, port, Schedule(users=1, count=ECHOES))
    echo = Histogram(result.sockets["echo"].echo)
    return echo.quantile(0.5), echo.quantile(0.99), result.cpu_s / echo.n


def held_bytes(engine: Engine, port: int) -> float:
    """Memory of the worker for each connection that it holds."""
    seen_kib = [_resident_kib(engine)]
    request = Request("GET", f"ws://127.0.0.1:{port}/")
    lane = Lane("held", request, Expectation(), socket=Socket())
    segment = Segment((Stream(Schedule(users=HELD, for_s=1.6), (lane,)),))
    engine.run(segment, tell=lambda _: seen_kib.append(_resident_kib(engine)))
    return (max(seen_kib) - seen_kib[0]) * 1024 / HELD


def _resident_kib(engine: Engine) -> int:
    lines = Path(f"/proc/{engine.pids[0]}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def main() -> int:
    """Measure and publish."""
    with echo_server() as port, Engine() as engine:
        with multiprocessing.get_context("spawn").Pool(1, ask_for_priority) as pool:
            rounds = [
                (pool.apply(plain, (port,)), ours(engine, port), pool.apply(library, (port,))) for _ in range(ROUNDS)
            ]
            theirs_lag = pool.apply(library_lag, (port,))
        arrivals = _drive(engine, port, Schedule(rate_rps=RATE_RPS, count=ARRIVALS, spacing="even"))
        held = held_bytes(engine, port)
        requests = arrivals.cpu_s / ARRIVALS * engine.capacity_rps()
    figures = []
    for place, name in enumerate(("p50", "p99")):
        added = [(mine[place] - base[place]) * 1e6 for base, mine, _ in rounds]
        other = median((theirs[place] - base[place]) * 1e6 for base, _, theirs in rounds)
        low, _, high = quantiles(added, n=4)
        title = f"echo {name} above a plain blocking socket (the websockets library: {other:.0f} µs)"
        figures.append(_figure(title, median(added), ECHOES * ROUNDS, (round(low), round(high)), {"websockets": other}))
    cpu, other = median(mine[2] for _, mine, _ in rounds) * 1e6, median(theirs[2] for *_, theirs in rounds) * 1e6
    title = f"processor time per echo (the websockets library: {other:.0f} µs)"
    figures.append(_figure(title, cpu, ECHOES * ROUNDS, None, {"websockets": other}))
    lag = Histogram(arrivals.lag)
    for name, value, other in zip(("p50", "p99"), (lag.quantile(0.5), lag.quantile(0.99)), theirs_lag, strict=True):
        title = f"send lag {name} of connections due at {RATE_RPS:.0f}/s (asyncio timers: {other * 1e6:.0f} µs)"
        figures.append(_figure(title, value * 1e6, ARRIVALS, None, {"asyncio": other * 1e6}))
    title = "processor time of an arrival (connect, echo, close) over that of a request on a kept connection"
    figures.append(_figure(title, requests, ARRIVALS, None, {}, "times"))
    figures.append(_figure("memory of the worker per held connection, no TLS", held / 1024, HELD, None, {}, "KiB"))
    return 0 if publish("sockets", figures) else 1


def _figure(
    title: str, value: float, n: int, interval: tuple[float, float] | None, peers: dict[str, float], unit: str = "µs"
) -> Figure:
    return Figure(title, value, unit, None, n, interval, COMMAND, peers=peers)


if __name__ == "__main__":
    sys.exit(main())
