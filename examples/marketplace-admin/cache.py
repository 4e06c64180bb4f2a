"""What an admin may do, kept in Redis: working it out takes a walk down the roles."""

from __future__ import annotations

import json
from typing import Literal

from redis.asyncio import Redis

import directory
from directory import Lend

How = Literal["hit", "miss", "bypass"]


class PermissionCache:
    """Permissions by admin, for a time.

    A change forgets what is kept after it is committed. Who worked it out just before and keeps it just after keeps
    what is old, until its time is over: short enough to live with.
    """

    def __init__(self, redis: Redis, prefix: str, keep_s: int) -> None:
        self._redis, self._prefix, self._keep_s = redis, f"{prefix}:permissions", keep_s

    async def of(self, admin: int, lend: Lend, *, fresh: bool = False) -> tuple[list[str], How]:
        """Return the permissions of an admin, and whether they were kept; none of an unknown one.

        Parameters
        ----------
        fresh : bool
            Look past what is kept: what a hit saves is the difference.
        """
        key = f"{self._prefix}:{admin}"
        kept = None if fresh else await self._redis.get(key)
        if kept is not None:
            return list(json.loads(kept)), "hit"
        async with lend() as connection:
            found = await directory.permissions_of(connection, admin)
        if fresh:
            return found, "bypass"
        await self._redis.set(key, json.dumps(found), ex=self._keep_s)
        return found, "miss"

    async def forget(self, *admins: int) -> None:
        """Forget what is kept of them."""
        if admins:
            await self._redis.delete(*(f"{self._prefix}:{admin}" for admin in admins))

    async def counts(self) -> dict[str, int]:
        """Return hits and misses, as the Redis server counts them for all its clients since its start."""
        told = await self._redis.info("stats")
        return {"hits": int(told["keyspace_hits"]), "misses": int(told["keyspace_misses"])}
