"""The marketplace's HTTP interface."""

from __future__ import annotations

import hmac
import os
import re
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from psycopg import errors
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field
from redis.exceptions import ConnectionError as RedisConnectionError

import reading
import writing
from directory import Row
from parts import Having, Lent, parts_open
from settings import Settings

_EMAIL = re.compile(r"admin-([1-9][0-9]{0,6})@market\.example")


class Login(BaseModel):
    """Who logs in."""

    email: str = Field(max_length=200)
    password: str = Field(max_length=100)


def create_app(settings: Settings) -> FastAPI:
    """Build the application over a prepared database."""
    app = FastAPI(title="marketplace-admin", lifespan=parts_open, openapi_url=None)
    app.state.settings = settings
    for router in (_service, reading.router, writing.router):
        app.include_router(router)
    for kind, (status, detail) in _REFUSED.items():
        app.add_exception_handler(kind, _answering(status, detail))
    return app


_service = APIRouter(prefix="/api")


@_service.get("/health/")
async def health() -> Row:
    """Whether it answers at all."""
    return {"status": "ok"}


@_service.post("/login/")
async def login(given: Login, parts: Having) -> Row:
    """Give a token to one of the seeded admins; their password is the same, an example has no secrets to keep."""
    found = _EMAIL.fullmatch(given.email)
    is_right = hmac.compare_digest(given.password.encode(), parts.settings.password.encode())
    if not found or not is_right or int(found[1]) > parts.settings.admins:
        raise HTTPException(401, "wrong address or password")
    return {"token": parts.tokens.give(int(found[1])), "expires_in": parts.settings.token_s}


@_service.get("/about/")
async def about(request: Request, parts: Having, connection: Lent) -> Row:
    """What it runs on."""
    server = await (await connection.execute("SHOW server_version")).fetchone()
    return {
        "framework": f"FastAPI {version('fastapi')}",
        "database": f"PostgreSQL {server['server_version'] if server else 'unknown'}",
        "cache": "Redis",
        "debug": request.app.debug,
        "admins": parts.settings.admins,
        "audit_rows": parts.settings.audit_rows,
        "pool_size": parts.settings.pool_size,
        "token_s": parts.settings.token_s,
    }


@_service.get("/queue/")
async def queue(parts: Having) -> Row:
    """How many jobs wait, how long the oldest has, how many were done."""
    return dict(await parts.jobs.state())


@_service.get("/cache/")
async def cache(parts: Having) -> Row:
    """Hits and misses of the cache."""
    return dict(await parts.cache.counts())


@_service.get("/metrics/")
async def metrics(parts: Having) -> PlainTextResponse:
    """Queue and cache as text for Prometheus, and the pool of the process that happens to answer."""
    jobs, kept, pool = await parts.jobs.state(), await parts.cache.counts(), parts.pool.get_stats()
    of_one = f'{{pid="{os.getpid()}"}}'
    values = {
        f"marketplace_pool_size{of_one}": pool["pool_size"],
        f"marketplace_pool_in_use{of_one}": pool["pool_size"] - pool["pool_available"],
        f"marketplace_pool_wait_seconds_total{of_one}": pool.get("requests_wait_ms", 0) / 1000,
        "marketplace_queue_depth": jobs["depth"],
        "marketplace_queue_age_seconds": jobs["age_s"],
        "marketplace_jobs_done_total": jobs["done"],
        "marketplace_cache_hits_total": kept["hits"],
        "marketplace_cache_misses_total": kept["misses"],
        "marketplace_audit_rows": parts.settings.audit_rows,
    }
    return PlainTextResponse("".join(f"{name} {value}\n" for name, value in values.items()))


_REFUSED: dict[type[Exception], tuple[int, str]] = {
    PoolTimeout: (503, "no database connection became free"),
    RedisConnectionError: (503, "cache and queue cannot be reached"),
    errors.UniqueViolation: (409, "there is one already"),
    errors.ForeignKeyViolation: (404, "no such admin, department, role or permission"),
}


def _answering(status: int, detail: str):  # noqa: ANN202 - as Starlette has it
    async def answer(_request: Request, _error: Exception) -> JSONResponse:
        return JSONResponse({"detail": detail}, status)

    return answer
