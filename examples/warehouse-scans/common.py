"""What happens to every request before it is answered, and to every answer."""

from __future__ import annotations

from flask import Flask, Response, abort, g, request
from flask.typing import ResponseReturnValue
from psycopg import errors
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from accounts import Accounts
from journal import Journal
from limits import MOST_BYTES, RateLimit
from settings import Settings

OPEN = frozenset({"health", "login", "token"})
"""Endpoints that ask for no proof of who asks, and need no database."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def add_common_behaviour(app: Flask, settings: Settings, accounts: Accounts, journal: Journal) -> None:
    """Refuse what may not be asked, and answer every refusal alike."""
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    rate_limit = RateLimit(settings.rate_limit_rps) if settings.rate_limit_rps is not None else None

    @app.before_request
    def refuse() -> None:
        if (request.content_length or 0) > MOST_BYTES:
            abort(413, f"a body has at most {MOST_BYTES} bytes")
        if rate_limit and request.endpoint != "health" and rate_limit.exceeded_by(request.remote_addr or ""):
            abort(429, "too many requests in one second")
        if request.endpoint in OPEN:
            return
        g.user = accounts.user_of(request)
        if g.user is None:
            abort(401, "log in, or send a valid 'Authorization: Bearer ...'")
        if request.method not in SAFE_METHODS and accounts.is_forged(request):
            abort(403, "the CSRF token of this session is missing: send it as X-CSRF-Token or csrf_token")

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Commit"] = settings.commit
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'self'"
        if response.status_code == 429:
            response.headers["Retry-After"] = "1"
        journal.note(request.method, request.full_path, response.status_code, g.get("user"))
        return response

    _answer_errors(app)


def _answer_errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        response = error.get_response()
        if error.code is not None and error.code >= 400:
            # Keeps the headers of the error, such as Allow of a 405.
            response.set_data(app.json.dumps({"error": error.description or error.name}))
            response.content_type = "application/json"
        return response

    @app.errorhandler(PoolTimeout)
    @app.errorhandler(errors.TooManyConnections)
    def no_connection(_error: Exception) -> ResponseReturnValue:
        return {"error": "no database connection became free"}, 503
