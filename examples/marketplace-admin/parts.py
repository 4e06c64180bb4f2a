"""What one worker works with, and what every request is given of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Path, Request
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis

from audit import Audit, audit_open
from cache import PermissionCache
from database import name_of
from directory import Connection
from instrument import instrumented_cursors, instrumented_pool
from jobs import JobQueue
from settings import Settings
from tokens import Tokens

MANAGE = "admins.manage"
MOST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Parts:
    """What one worker works with."""

    settings: Settings
    tokens: Tokens
    pool: AsyncConnectionPool[Connection]
    cache: PermissionCache
    jobs: JobQueue
    audit: Audit


@asynccontextmanager
async def parts_open(app: FastAPI) -> AsyncIterator[None]:
    """Connect as long as the application runs."""
    settings: Settings = app.state.settings
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        settings.database_url,
        connection_class=AsyncConnection[dict[str, Any]],
        kwargs={
            "application_name": "marketplace-admin",
            "autocommit": True,
            "cursor_factory": instrumented_cursors(),
            "row_factory": dict_row,
        },
        min_size=settings.pool_size,
        max_size=settings.pool_size,
        timeout=settings.pool_wait_s,
        open=False,
    )
    prefix, tokens = name_of(settings.database_url), Tokens(settings.signing_key, settings.token_s)
    pool = instrumented_pool(pool)
    async with pool, Redis.from_url(settings.redis_url, decode_responses=True) as redis:
        await pool.wait()
        cache = PermissionCache(redis, prefix, settings.cache_s)
        async with audit_open(settings.variant, pool.connection) as audit:
            app.state.parts = Parts(settings, tokens, pool, cache, JobQueue(redis, prefix), audit)
            yield


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def actor_of(parts: Having, authorization: Annotated[str, Header()] = "") -> int:
    """Return who asks, or answer 401."""
    admin = parts.tokens.admin_of(authorization)
    if admin is None:
        raise HTTPException(401, "log in, and send 'Authorization: Bearer ...'", headers={"WWW-Authenticate": "Bearer"})
    return admin


async def _manager(parts: Having, actor: Actor) -> int:
    permissions, _ = await parts.cache.of(actor, parts.pool.connection)
    if MANAGE not in permissions:
        raise HTTPException(403, f"needs the permission {MANAGE}")
    return actor


async def _lent(parts: Having) -> AsyncIterator[Connection]:
    async with parts.pool.connection() as connection:
        yield connection


Having = Annotated[Parts, Depends(_parts)]
Actor = Annotated[int, Depends(actor_of)]
"""Whoever proves to be somebody."""
Manager = Annotated[int, Depends(_manager)]
"""Who may change things."""
Lent = Annotated[Connection, Depends(_lent, scope="function")]
"""A connection until the answer is there, not until it is sent."""
Number = Annotated[int, Path(ge=1, le=MOST_NUMBER)]
