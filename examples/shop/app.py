"""The shop's HTTP interface."""

from __future__ import annotations

import json
import re

from flask import Flask, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

import catalogue
import orders
from accounts import Accounts
from database import Database
from request_log import ENDPOINT_KEY, RequestLog
from seed import LAST_MONTH
from settings import Settings
from waits import Waits

MAX_SEARCH_WORDS = 5
MAX_PAGE = 1_000_000


def create_app(settings: Settings) -> Flask:
    """Build the application over a prepared database."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    database = Database(settings.database)
    accounts = Accounts(settings.password, settings.signing_key, settings.variants.amount("login", "hash_cost"))
    _add_common_behaviour(app, settings)
    _add_service_routes(app, database, settings)
    _add_catalogue_routes(app, database, settings)
    _add_account_routes(app, database, accounts)
    _add_order_routes(app, database, accounts, settings)
    if settings.log is not None:
        app.wsgi_app = RequestLog(app.wsgi_app, settings.log)  # type: ignore[method-assign]
    return app


def _add_common_behaviour(app: Flask, settings: Settings) -> None:
    failure = settings.variants.failure
    waits = Waits(settings.wait_s, settings.variants.wait_factors)

    @app.before_request
    def note_endpoint() -> ResponseReturnValue | None:
        if request.endpoint is not None:
            request.environ[ENDPOINT_KEY] = request.endpoint
        if failure is not None and request.endpoint == failure.endpoint:
            return {"error": "switched on by SHOP_FAIL"}, failure.status
        waits.wait(request.endpoint)
        return None

    @app.after_request
    def name_commit(response: Response) -> Response:
        response.headers["X-Commit"] = settings.commit
        return response

    @app.errorhandler(HTTPException)
    def answer_error(error: HTTPException) -> ResponseReturnValue:
        response = error.get_response()
        if error.code is not None and error.code >= 400:
            # Keeps the headers of the error, such as Allow of a 405.
            response.set_data(app.json.dumps({"error": error.description or error.name}))
            response.content_type = "application/json"
        return response


def _add_service_routes(app: Flask, database: Database, settings: Settings) -> None:
    @app.get("/api/health/")
    def health() -> ResponseReturnValue:
        database.connection().execute("SELECT 1").fetchone()
        return {"status": "ok"}

    @app.get("/version")
    def version() -> ResponseReturnValue:
        return {"commit": settings.commit}


def _add_catalogue_routes(app: Flask, database: Database, settings: Settings) -> None:
    slow = settings.variants.amount

    @app.get("/api/products/")
    def products() -> ResponseReturnValue:
        page = catalogue.list_products(database.connection(), _page(), one_by_one=slow("products", "n_plus_one"))
        return page or abort(404, "no such page")

    @app.get("/api/products/<int:product_id>/")
    def detail(product_id: int) -> ResponseReturnValue:
        product = catalogue.product_detail(database.connection(), product_id, embedded=slow("detail", "payload"))
        return product or abort(404, "no such product")

    @app.get("/api/search/")
    def search() -> ResponseReturnValue:
        words = list(dict.fromkeys(re.findall(r"[a-z]+", request.args.get("q", "").lower())))
        if not 1 <= len(words) <= MAX_SEARCH_WORDS:
            abort(400, f"'q' must be 1 to {MAX_SEARCH_WORDS} words")
        return catalogue.search(database.connection(), words, unindexed=slow("search", "no_index"))

    @app.get("/api/categories/")
    def categories() -> ResponseReturnValue:
        return catalogue.list_categories(database.connection(), LAST_MONTH, embedded=slow("categories", "payload"))

    @app.get("/api/bestsellers/")
    def bestsellers() -> ResponseReturnValue:
        month = request.args.get("month", LAST_MONTH)
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
            abort(400, "'month' must look like 2024-12")
        return catalogue.list_bestsellers(database.connection(), month, unindexed=slow("bestsellers", "no_index"))


def _add_account_routes(app: Flask, database: Database, accounts: Accounts) -> None:
    @app.post("/api/auth/login/")
    def login() -> ResponseReturnValue:
        body = _json_body()
        username = body.get("username") if isinstance(body, dict) else None
        password = body.get("password") if isinstance(body, dict) else None
        if not isinstance(username, str) or not isinstance(password, str):
            abort(400, "'username' and 'password' must be strings")
        token = accounts.login(database.connection(), username, password)
        if token is None:
            abort(401, "wrong username or password")
        return {"token": token}


def _add_order_routes(app: Flask, database: Database, accounts: Accounts, settings: Settings) -> None:
    slow = settings.variants.amount

    def user() -> int:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        user_id = accounts.user_of(token.strip()) if scheme == "Token" else None
        if user_id is None:
            abort(401, "a valid 'Authorization: Token ...' header is needed")
        return user_id

    @app.get("/api/orders/mine/")
    def orders_mine() -> ResponseReturnValue:
        page = orders.list_orders(database.connection(), user(), _page(), one_by_one=slow("orders_mine", "n_plus_one"))
        return page or abort(404, "no such page")

    @app.post("/api/orders/")
    def orders_create() -> ResponseReturnValue:
        user_id, lines = user(), orders.parse_order(_json_body())
        order = orders.create_order(database.connection(), user_id, lines, totalled_sales=slow("orders_create", "lock"))
        return order, 201

    @app.post("/api/orders/bulk/")
    def orders_bulk() -> ResponseReturnValue:
        user_id, wanted = user(), orders.parse_bulk(_json_body())
        created = orders.create_orders(
            database.connection(), user_id, wanted, totalled_sales=slow("orders_bulk", "lock")
        )
        return created, 201

    @app.delete("/api/orders/mine/")
    def orders_cleanup() -> ResponseReturnValue:
        return {"removed": orders.remove_created_orders(database.connection(), user())}

    @app.errorhandler(orders.OrderError)
    def refuse_order(error: orders.OrderError) -> ResponseReturnValue:
        return jsonify(error=str(error)), 400


def _page() -> int:
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PAGE):
        abort(400, "'page' must be a whole number from 1")
    return int(text)


def _json_body() -> object:
    try:
        return json.loads(request.get_data())
    except ValueError:
        abort(400, "the body must be JSON")
