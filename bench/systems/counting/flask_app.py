"""Flask with sqlite3: a list that asks once for each item, and one that asks once for all."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Flask, request

import gate_instrument
from bench.systems.counting import ledger
from gate_instrument import dbapi

PATH = ledger.database()
app = Flask(__name__)
app.wsgi_app = gate_instrument.wsgi(app.wsgi_app)  # type: ignore[method-assign]
_connect = dbapi.counting(sqlite3.connect)


@app.get("/each")
def each() -> dict[str, Any]:
    """N+1."""
    with ledger.counted(request.full_path):
        connection = _watched()
        books = connection.execute("SELECT shelf_id FROM book LIMIT ?", [request.args["n"]]).fetchall()
        items = [connection.execute("SELECT name FROM shelf WHERE id = ?", book).fetchone()[0] for book in books]
        connection.close()
    return {"items": items}


@app.get("/joined")
def joined() -> dict[str, Any]:
    """One."""
    with ledger.counted(request.full_path):
        connection = _watched()
        found = connection.execute(
            "SELECT name FROM book JOIN shelf ON shelf.id = shelf_id LIMIT ?", [request.args["n"]]
        ).fetchall()
        connection.close()
    return {"items": [name for (name,) in found]}


@app.get(ledger.SEEN)
def seen() -> dict[str, Any]:
    """What the database saw."""
    return ledger.told()


def _watched() -> Any:  # noqa: ANN401 - a stand-in for sqlite3's
    connection = _connect(PATH)
    ledger.watch(connection.own if isinstance(connection, dbapi.Connection) else connection)
    return connection
