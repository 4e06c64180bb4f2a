"""The warehouse's HTTP interface."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import flask
from flask import Flask, Response, abort, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

import scans
import stock
from accounts import COOKIE, Accounts
from common import OPEN, add_common_behaviour
from connections import Connections
from journal import Journal
from seal import sealed
from settings import Settings

MOST_SCANS = 200
MOST_NOTE = 500


def create_app(settings: Settings, connections: Connections) -> Flask:
    """Build the application over a prepared database."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    accounts, journal = Accounts(settings), Journal(settings.fixes)
    add_common_behaviour(app, settings, accounts, journal)
    connections.lend_to(app, without=OPEN)
    _add_account_routes(app, accounts)
    _add_stock_routes(app, settings, connections)
    _add_scan_routes(app, settings, connections)
    _add_pages(app, accounts, connections)
    _add_service_routes(app, settings, connections, journal)
    return app


def _add_account_routes(app: Flask, accounts: Accounts) -> None:
    def user() -> str:
        body = json_body()
        given = body if isinstance(body, dict) else {}
        if not accounts.knows(given.get("username"), given.get("password")):
            abort(401, "wrong username or password")
        return str(given["username"])

    @app.post("/api/login/")
    def login() -> ResponseReturnValue:
        response = Response(content_type="application/json")
        session = accounts.begin_session(response, user())
        response.set_data(json.dumps({"csrf": accounts.csrf(session)}))
        return response

    @app.post("/api/tokens/")
    def token() -> ResponseReturnValue:
        return {"token": accounts.token(user())}

    @app.post("/api/logout/")
    def logout() -> ResponseReturnValue:
        response = Response(status=204)
        response.delete_cookie(COOKIE)
        return response


def _add_stock_routes(app: Flask, settings: Settings, connections: Connections) -> None:
    @app.get("/api/stats/")
    def stats() -> ResponseReturnValue:
        with connections.use() as connection:
            totals = stock.totals(connection, settings.fixes)
            arrivals = stock.arrivals(connection, settings.fixes)
        return _sealed({"totals": totals, "arrivals": arrivals}, settings)

    @app.get("/api/bags/<tag>/")
    def bag(tag: str) -> ResponseReturnValue:
        with connections.use() as connection:
            found = stock.bag(connection, _clean(tag))
        return found or abort(404, "no such bag")


def _add_scan_routes(app: Flask, settings: Settings, connections: Connections) -> None:
    @app.get("/api/scans/")
    def list_scans() -> ResponseReturnValue:
        tag, limit = _clean(request.args.get("bag", "")), request.args.get("limit", "50")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MOST_SCANS):
            abort(400, f"'limit' must be a whole number from 1 to {MOST_SCANS}")
        with connections.use() as connection:
            found = scans.listed(connection, tag, int(limit))
        return _sealed({"bag": tag, "count": len(found), "scans": found}, settings)

    @app.post("/api/scans/")
    def record_scan() -> ResponseReturnValue:
        try:
            scan = scans.parse(json_body())
        except scans.ScanError as error:
            abort(400, str(error))
        with connections.use() as connection:
            recorded = scans.record(connection, scan, g.user)
        return (recorded, 201) if recorded else abort(404, "no such bag")

    @app.delete("/api/scans/recorded/")
    def remove_recorded() -> ResponseReturnValue:
        with connections.use() as connection:
            return {"removed": scans.remove_recorded(connection, g.user)}


def _add_pages(app: Flask, accounts: Accounts, connections: Connections) -> None:
    @app.get("/bags/")
    def bag_page() -> ResponseReturnValue:
        tag = _clean(request.args.get("tag", ""))
        with connections.use() as connection:
            bag = stock.bag(connection, tag)
            notes = stock.notes(connection, bag["id"]) if bag else []
        csrf = accounts.csrf(request.cookies.get(COOKIE, ""))
        return render_template("bag.html", tag=tag, bag=bag, notes=notes, csrf=csrf), 200 if bag else 404

    @app.post("/bags/notes")
    def write_note() -> ResponseReturnValue:
        tag, text = _clean(request.form.get("tag", "")), _clean(request.form.get("text", ""))
        if not 1 <= len(text) <= MOST_NOTE:
            abort(400, f"'text' must have 1 to {MOST_NOTE} characters")
        with connections.use() as connection:
            bag = stock.bag(connection, tag) or abort(404, "no such bag")
            stock.write_note(connection, bag["id"], g.user, text)
        return redirect(flask.url_for("bag_page", tag=tag), 303)


def _add_service_routes(app: Flask, settings: Settings, connections: Connections, journal: Journal) -> None:
    @app.get("/api/health/")
    def health() -> ResponseReturnValue:
        return {"status": "ok"}

    @app.get("/api/about/")
    def about() -> ResponseReturnValue:
        with connections.use() as connection:
            server = connection.execute("SHOW server_version").fetchone()
        return {
            "framework": f"Flask {version('flask')}",
            "database": f"PostgreSQL {server['server_version']}",
            "debug": app.debug,
            "sessions": "signed cookies",
            "cache": "none",
            "pool_size": connections.size,
            "bags": settings.bags,
            "fixes": sorted(settings.fixes),
        }

    @app.get("/api/journal/")
    def newest_records() -> ResponseReturnValue:
        return {"kept": len(journal), "newest": journal.newest(20)}


def _sealed(answer: dict[str, Any], settings: Settings) -> ResponseReturnValue:
    response = flask.jsonify(answer)
    response.headers["X-Seal"] = sealed(response.get_data(), settings.signing_key)
    return response


def _clean(text: str) -> str:
    """Refuse what PostgreSQL cannot hold; everything else is a value like any other."""
    if "\0" in text:
        abort(400, "the character NUL is in no tag and no note")
    return text


def json_body() -> object:
    """Return the body of this request, or answer 400."""
    try:
        return json.loads(request.get_data())
    except ValueError:
        abort(400, "the body must be JSON")
