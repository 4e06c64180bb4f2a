"""The console's HTTP interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from psycopg import AsyncConnection, errors
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from pydantic import BaseModel, ConfigDict, Field

import console
from accounts import Accounts
from console import Connection, Row
from instrument import instrumented_cursors, instrumented_pool
from settings import Settings
from throttle import Throttle


class Login(BaseModel):
    """Who logs in."""

    username: str = Field(max_length=100)
    password: str = Field(max_length=100)


class Deployment(BaseModel):
    """What is to be deployed."""

    model_config = ConfigDict(extra="forbid")
    project: int = Field(ge=1, lt=2**31)
    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,39}$")


class Approval(BaseModel):
    """What is approved."""

    deployment: int = Field(ge=1, lt=2**63)


def create_app(settings: Settings) -> FastAPI:
    """Build the application over a prepared database."""
    app = FastAPI(title="deploy-console", lifespan=_pool_open, openapi_url=None)
    app.state.settings = settings
    app.state.accounts = Accounts(settings.password)
    app.state.requests = Throttle(settings.throttle)
    app.state.logins = Throttle(settings.login_throttle)
    app.include_router(_service)
    app.include_router(_login)
    app.include_router(_work)
    app.add_exception_handler(PoolTimeout, _no_connection)
    app.add_exception_handler(errors.ForeignKeyViolation, _unknown)
    return app


@asynccontextmanager
async def _pool_open(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        settings.database_url,
        connection_class=AsyncConnection[dict[str, Any]],
        kwargs={
            "application_name": "deploy-console",
            "autocommit": True,
            "cursor_factory": instrumented_cursors(),
            "row_factory": dict_row,
        },
        min_size=settings.pool_size,
        max_size=settings.pool_size,
        timeout=settings.pool_wait_s,
        open=False,
    )
    app.state.pool = instrumented_pool(pool)
    async with pool:
        await pool.wait()
        yield


async def _not_too_often(request: Request) -> None:
    _let_through(request.app.state.requests, request, "requests")


async def _not_too_many_logins(request: Request) -> None:
    _let_through(request.app.state.logins, request, "logins")


def _let_through(throttle: Throttle, request: Request, what: str) -> None:
    wait_s = throttle.wait_s(request.client.host if request.client else "")
    if wait_s is not None:
        raise HTTPException(429, f"too many {what} in one minute", headers={"Retry-After": str(wait_s)})


async def _user(request: Request, authorization: Annotated[str, Header()] = "") -> str:
    user: str | None = request.app.state.accounts.user_of(authorization)
    if user is None:
        raise HTTPException(401, "log in, and send 'Authorization: Bearer ...'", headers={"WWW-Authenticate": "Bearer"})
    return user


async def _lent(request: Request) -> AsyncIterator[Connection]:
    async with request.app.state.pool.connection() as connection:
        yield connection


# Asked in this order: who asks too often, or is unknown, takes no connection.
User = Annotated[str, Depends(_user)]
Lent = Annotated[Connection, Depends(_lent, scope="function")]

_service = APIRouter(prefix="/api")
_login = APIRouter(prefix="/api", dependencies=[Depends(_not_too_many_logins)])
_work = APIRouter(prefix="/api", dependencies=[Depends(_not_too_often), Depends(_user)])


@_service.get("/health/")
async def health() -> Row:
    """Whether it answers at all; needs no connection."""
    return {"status": "ok"}


@_service.post("/throttle/flush/", status_code=204)
async def flush(request: Request, _user: User) -> None:
    """Forget how often clients asked; not throttled itself, or nobody could."""
    request.app.state.requests.flush()
    request.app.state.logins.flush()


@_login.post("/login/")
def login(request: Request, given: Login) -> Row:
    """Give a token. Not a coroutine: hashing would hold up everybody else."""
    token: str | None = request.app.state.accounts.log_in(given.username, given.password)
    if token is None:
        raise HTTPException(401, "wrong username or password")
    return {"token": token}


@_work.get("/about/")
async def about(request: Request, connection: Lent) -> Row:
    """What it runs on."""
    settings: Settings = request.app.state.settings
    server = await (await connection.execute("SHOW server_version")).fetchone()
    return {
        "framework": f"FastAPI {version('fastapi')}",
        "database": f"PostgreSQL {server['server_version'] if server else 'unknown'}",
        "debug": request.app.debug,
        "cache": "memory of the process",
        "sessions": "tokens in the memory of the process",
        "pool_size": settings.pool_size,
        "throttle": settings.throttle or "none",
    }


@_work.post("/deployments/", status_code=201)
async def deploy(request: Request, given: Deployment, user: User, connection: Lent) -> Row:
    """Deploy, and answer once the cluster has accepted it."""
    cluster_ms = request.app.state.settings.cluster_ms
    return await console.deploy(connection, given.project, given.version, user, cluster_ms)


@_work.post("/approvals/")
async def approve(given: Approval, user: User, connection: Lent) -> Row:
    """Approve a deployment."""
    return await console.approve(connection, given.deployment, user)


@_work.get("/connectors/{number}/")
async def connector(number: int, connection: Lent) -> Row:
    """One connector."""
    found = await console.connector(connection, number) if number < 2**31 else None
    if found is None:
        raise HTTPException(404, "no such connector")
    return found


@_work.get("/connectors/")
async def connectors(project: int, connection: Lent) -> list[Row]:
    """The connectors of a project."""
    return await console.connectors(connection, project) if project < 2**31 else []


@_work.delete("/mine/")
async def remove_mine(user: User, connection: Lent) -> Row:
    """Take away what this user deployed and approved."""
    return await console.remove(connection, user)


async def _no_connection(request: Request, _error: Exception) -> JSONResponse:
    wait_s = request.app.state.settings.pool_wait_s
    return JSONResponse({"detail": f"no database connection became free in {wait_s} s"}, 503)


async def _unknown(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "no such project or deployment"}, 404)
