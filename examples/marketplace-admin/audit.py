"""What is written down of every operation, and a way to do it that loses rows under load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from psycopg.types.json import Jsonb

from directory import Connection, Lend

_INSERT = "INSERT INTO audit (actor_id, action, subject_id, detail) VALUES (%s, %s, %s, %s)"
Entry = tuple[int, str, int | None, Jsonb]


class Audit(Protocol):
    """Takes note of operations."""

    async def note(
        self, connection: Connection, /, actor: int, action: str, subject: int | None, **detail: object
    ) -> None:
        """Take note of one operation; the connection is in its transaction."""


class InTransaction:
    """One row in the transaction of the operation: both are kept, or neither."""

    async def note(
        self, connection: Connection, /, actor: int, action: str, subject: int | None, **detail: object
    ) -> None:
        """Write the row."""
        await connection.execute(_INSERT, (actor, action, subject, Jsonb(detail)))


class Buffered:
    """The variant that loses rows: they are kept in memory and written now and then.

    One operation at a time is written down well. Where more come than the buffer holds until it is written, the rest
    is forgotten, and nobody is told.
    """

    EVERY_S = 0.25
    MOST = 2

    def __init__(self) -> None:
        self._kept: list[Entry] = []

    async def note(
        self, _connection: Connection, /, actor: int, action: str, subject: int | None, **detail: object
    ) -> None:
        """Keep the row for later, if there is room."""
        if len(self._kept) < self.MOST:
            self._kept.append((actor, action, subject, Jsonb(detail)))

    async def write(self, lend: Lend) -> None:
        """Write what is kept, again and again, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(self.EVERY_S)
                await self._write(lend)
        except asyncio.CancelledError:
            await self._write(lend)

    async def _write(self, lend: Lend) -> None:
        kept, self._kept = self._kept, []
        if kept:
            async with lend() as connection, connection.cursor() as cursor:
                await cursor.executemany(_INSERT, kept)


@asynccontextmanager
async def audit_open(variant: str, lend: Lend) -> AsyncIterator[Audit]:
    """What takes note of operations, as long as the application runs."""
    if variant != "lost-audit":
        yield InTransaction()
        return
    buffered = Buffered()
    writing = asyncio.create_task(buffered.write(lend))
    try:
        yield buffered
    finally:
        writing.cancel()
        await writing
