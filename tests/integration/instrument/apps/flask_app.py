"""Flask with sqlite3, and pages that make trouble; `n` queries at /queries/n."""

import sqlite3
import time

from flask import Flask, Response

import gate_instrument
from gate_instrument import dbapi

app = Flask(__name__)
app.wsgi_app = gate_instrument.wsgi(app.wsgi_app)
connect = dbapi.counting(sqlite3.connect)


@app.get("/queries/<int:number>")
def queries(number: int) -> dict:
    with connect(":memory:") as connection:
        for place in range(number):
            connection.execute("SELECT ?", [place]).fetchall()
    time.sleep(0.002)
    return {"number": number}


@app.get("/stream")
def stream() -> Response:
    def pieces():
        for place in range(3):
            connect(":memory:").cursor().execute("SELECT 1").fetchone()
            yield f"{place}\n"

    connect(":memory:").execute("SELECT 1")
    return Response(pieces(), mimetype="text/plain")


@app.get("/raises")
def raises() -> None:
    connect(":memory:").execute("no such thing")


@app.get("/own")
def own() -> Response:
    return Response("x", headers={"Server-Timing": "cache;desc=HIT"})
