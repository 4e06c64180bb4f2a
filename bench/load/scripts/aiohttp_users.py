"""aiohttp: so many users at once, each as fast as it can. Arguments: URL, users, seconds, CA file or nothing."""

import asyncio
import ssl
import sys
import time

import aiohttp


async def main(url: str, users: int, seconds: float, ca: str) -> None:
    """Drive all users."""
    end = time.monotonic() + seconds
    context = ssl.create_default_context(cafile=ca) if ca else True
    connector = aiohttp.TCPConnector(limit=users, ssl=context)

    async def visit(session: aiohttp.ClientSession) -> None:
        while time.monotonic() < end:
            async with session.get(url) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(visit(session) for _ in range(users)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
