"""FastAPI with psycopg's pools on PostgreSQL, two connections each; a query that takes 20 ms at /slow."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from psycopg_pool import AsyncConnectionPool, ConnectionPool

import gate_instrument
from gate_instrument.psycopg import counted
from gate_instrument.psycopg_pool import watch

DSN = os.environ["DATABASE_URL"]
sync_pool = watch(
    ConnectionPool(DSN, kwargs={"cursor_factory": counted(psycopg.Cursor)}, min_size=2, max_size=2, open=False), "sync"
)
async_pool = watch(
    AsyncConnectionPool(
        DSN, kwargs={"cursor_factory": counted(psycopg.AsyncCursor)}, min_size=2, max_size=2, open=False
    ),
    "async",
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    sync_pool.open(wait=True)
    await async_pool.open(wait=True)
    yield
    await async_pool.close()
    sync_pool.close()


app = FastAPI(lifespan=lifespan)
app.add_middleware(gate_instrument.asgi)


@app.get("/slow/{number}")
async def slow(number: int) -> dict:
    async with async_pool.connection() as connection:
        for _ in range(number):
            await connection.execute("SELECT pg_sleep(0.02)")
    return {"number": number}


@app.get("/threads/{number}")
def threads(number: int) -> dict:
    with sync_pool.connection() as connection:
        for _ in range(number):
            connection.execute("SELECT 1").fetchone()
    return {"number": number}


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            async with async_pool.connection() as connection:
                await connection.execute("SELECT 1")
            yield b"x"

    return StreamingResponse(pieces())


@app.get("/raises")
async def raises() -> None:
    raise LookupError


@app.websocket("/ws")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()
