"""The background queue in Redis: whoever changes something leaves a job, a process of its own does it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time

import psycopg
from psycopg.types.json import Jsonb
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

WAIT_S = 1.0


class JobQueue:
    """First in, first out; a job that is being done is kept until it is done."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._waiting, self._doing, self._done = (f"{prefix}:jobs:{state}" for state in ("waiting", "doing", "done"))

    async def put(self, kind: str, admins: list[int]) -> None:
        """Leave a job."""
        await self._redis.lpush(self._waiting, json.dumps({"kind": kind, "admins": admins, "at": time.time()}))

    async def state(self) -> dict[str, float]:
        """Return how many wait, how long the oldest of them has, and how many were done."""
        async with self._redis.pipeline(transaction=True) as asked:
            asked.llen(self._waiting)
            asked.lindex(self._waiting, -1)
            asked.get(self._done)
            depth, oldest, done = await asked.execute()
        age_s = max(0.0, time.time() - json.loads(oldest)["at"]) if oldest else 0.0
        return {"depth": depth, "age_s": age_s, "done": int(done or 0)}

    async def take(self) -> str | None:
        """Return the oldest job, once there is one; None where none came for a while."""
        job = await self._redis.blmove(self._waiting, self._doing, WAIT_S, "RIGHT", "LEFT")
        return None if job is None else str(job)

    async def finish(self, job: str) -> None:
        """Forget a job that is done."""
        async with self._redis.pipeline(transaction=True) as asked:
            asked.lrem(self._doing, 1, job)
            asked.incr(self._done)
            await asked.execute()

    async def resume(self) -> None:
        """Put back what was left half done; at the start of the only process that does jobs."""
        while await self._redis.lmove(self._doing, self._waiting, "RIGHT", "RIGHT") is not None:
            pass


def do_jobs(database_url: str, redis_url: str, prefix: str) -> None:
    """Do jobs until told to stop: each writes the notifications of those it is about."""
    try:
        asyncio.run(_do_jobs(database_url, redis_url, prefix))
    except (RedisConnectionError, psycopg.OperationalError) as error:
        sys.exit(f"no more jobs are done: {error}")


async def _do_jobs(database_url: str, redis_url: str, prefix: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        Redis.from_url(redis_url, decode_responses=True) as redis,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
    ):
        queue = JobQueue(redis, prefix)
        await queue.resume()
        while not stop.is_set():
            job = await queue.take()
            if job is not None:
                await _notify(connection, job)
                await queue.finish(job)


async def _notify(connection: psycopg.AsyncConnection, job: str) -> None:
    told = json.loads(job)
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO notifications (job) VALUES (%s)",
            [(Jsonb({"kind": told["kind"], "admin": admin}),) for admin in told["admins"]],
        )
