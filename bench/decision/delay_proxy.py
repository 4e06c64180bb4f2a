"""A TCP proxy that makes loopback as far away as a network is: every piece of a stream arrives later, none is lost.

Pieces of a connection keep their order, each may overtake nothing, and as many as come are on their way at once: delay
is added, the rate is not limited. Opening a connection is not delayed, because the kernel accepts for us. The delay
that was really added is measured piece by piece and told at the end.

``python -m bench.decision.delay_proxy '{"to": [8000], "seed": 1, "network": {}}'`` tells its ports as a line of
JSON, serves until standard input ends, and tells what it measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from random import Random

import numpy as np

from bench.decision.network import Delays, Network
from bench.load.machine import ending, start

_HOST = "127.0.0.1"
_PIECE_BYTES = 65_536
_MOST_PIECES = 1_024
"""On their way in one direction of a connection; 64 MB in 20 ms limits nobody here."""
_QUANTILES = {"min_s": 0.0, "p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99, "max_s": 1.0}


@dataclass
class Proxy:
    """A proxy that runs in a process of its own."""

    pid: int
    ports: list[int]
    """One for each port it leads to."""
    measured: dict[str, float] = field(default_factory=dict)
    """Of the delay that was added to a piece in one direction, in seconds, and ``n`` pieces; known at the end."""


@contextmanager
def delaying(ports: Sequence[int], network: Network, seed: int) -> Iterator[Proxy]:
    """A proxy before some ports of this machine, all over one network."""
    job = json.dumps({"to": list(ports), "seed": seed, "network": asdict(network)})
    with ending(start([sys.executable, "-m", "bench.decision.delay_proxy", job], None)) as process:
        assert process.stdout is not None
        proxy = Proxy(process.pid, json.loads(process.stdout.readline()))
        yield proxy
        proxy.measured = json.loads(process.communicate("")[0])


class Link:
    """A path in both directions, and the delays that were really added on it."""

    def __init__(self, network: Network, seed: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._since_s = self._loop.time()
        self._delays = [Delays(network, Random(f"{seed} {direction}")) for direction in ("there", "back")]
        self._added_s = array("d")

    async def join(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to a port, both ways, until both sides have ended it or either broke it."""
        try:
            far_reader, far_writer = await asyncio.open_connection(_HOST, port)
        except OSError:
            writer.close()
            return
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._carry(reader, far_writer, self._delays[0]))
                ways.create_task(self._carry(far_reader, writer, self._delays[1]))
        except* OSError:
            pass  # one side broke it; the other learns of that by the closing
        far_writer.close()
        writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delays: Delays) -> None:
        """One direction of one connection."""
        line: asyncio.Queue[tuple[float, float, bytes]] = asyncio.Queue(_MOST_PIECES)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._deliver(line, writer))
            due_s, piece = 0.0, b"-"
            while piece:  # an empty one is the end, and travels like the others
                piece = await reader.read(_PIECE_BYTES)
                now_s = self._loop.time()
                due_s = max(due_s, now_s + delays.draw(now_s - self._since_s))
                await line.put((now_s, due_s, piece))

    async def _deliver(self, line: asyncio.Queue[tuple[float, float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            came_s, due_s, piece = await line.get()
            await asyncio.sleep(due_s - self._loop.time())  # ends up to a millisecond late: epoll counts in those
            if not piece:
                writer.write_eof()
                return
            writer.write(piece)
            self._added_s.append(self._loop.time() - came_s)
            await writer.drain()

    def measured(self) -> dict[str, float]:
        """Quantiles of the added delays in seconds; only ``n`` if there were none."""
        if not self._added_s:
            return {"n": 0}
        values = np.quantile(self._added_s, list(_QUANTILES.values()))
        return {"n": len(self._added_s), **dict(zip(_QUANTILES, map(float, values), strict=True))}


async def serve(ports: Sequence[int], network: Network, seed: int) -> None:
    """Serve until standard input ends."""
    link = Link(network, seed)
    servers = []
    for port in ports:

        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: int = port) -> None:
            await link.join(to, reader, writer)

        servers.append(await asyncio.start_server(join, _HOST, 0))
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps(link.measured()), flush=True)


def main() -> None:
    """Run the proxy that the only argument describes."""
    job = json.loads(sys.argv[1])
    asyncio.run(serve(job["to"], Network(**job["network"]), job["seed"]))


if __name__ == "__main__":
    main()
