"""A server whose pool is what limits it: no more than so many requests are worked on at once, the others wait.

``python -m bench.systems.pooled PORT SIZE WORK_S`` serves until it is ended. Working is waiting for something else, as
for a database on another machine, for a time that varies by a fifth either way; it costs this machine nothing, so that
nothing but the pool is ever full.
"""

from __future__ import annotations

import asyncio
import random
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\ndone\n"


async def serve(port: int, size: int, work_s: float) -> None:
    """Serve on loopback until cancelled."""
    pool, draw = asyncio.Semaphore(size), random.Random(1)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                async with pool:
                    await asyncio.sleep(work_s * draw.uniform(0.8, 1.2))
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
