"""FastAPI with SQLAlchemy, in threads of anyio: a list that asks once for each item, and one that asks once for all."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request

import gate_instrument
import gate_instrument.sqlalchemy
from bench.systems.counting import ledger

engine = sa.create_engine(f"sqlite:///{ledger.database()}", poolclass=sa.NullPool)
engine.connect().close()  # the first connection asks for what SQLAlchemy wants to know of a database
sa.event.listen(engine, "connect", lambda connection, _: ledger.watch(connection))
gate_instrument.sqlalchemy.watch(engine)
app = FastAPI()
app.add_middleware(gate_instrument.asgi)


@app.get("/each")
def each(request: Request, n: int) -> dict[str, Any]:
    """N+1."""
    with ledger.counted(_line(request)), engine.connect() as connection:
        books = connection.execute(sa.text("SELECT shelf_id FROM book LIMIT :n"), {"n": n}).scalars().all()
        one = sa.text("SELECT name FROM shelf WHERE id = :id")
        items = [connection.execute(one, {"id": shelf}).scalar_one() for shelf in books]
    return {"items": items}


@app.get("/joined")
def joined(request: Request, n: int) -> dict[str, Any]:
    """One."""
    with ledger.counted(_line(request)), engine.connect() as connection:
        whole = sa.text("SELECT name FROM book JOIN shelf ON shelf.id = shelf_id LIMIT :n")
        items = connection.execute(whole, {"n": n}).scalars().all()
    return {"items": list(items)}


@app.get(ledger.SEEN)
def seen() -> dict[str, Any]:
    """What the database saw."""
    return ledger.told()


def _line(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"
