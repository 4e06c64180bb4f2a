"""The bundled shop: a real server over a real database, and slow variants with real causes."""

from __future__ import annotations

import importlib
import json
import math
import os
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop"
MODULES = (
    "accounts",
    "app",
    "catalogue",
    "database",
    "lookups",
    "orders",
    "request_log",
    "seed",
    "settings",
    "variants",
    "waits",
)
PASSWORD = "a-test-password"
COMMIT = "0123456789abcdef"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Server:
    address: str
    database: Path
    log: Path
    process: subprocess.Popen[str]

    def ask(self, method: str, path: str, body: object = None, token: str | None = None, raw: bytes = b"") -> Answer:
        headers = {"Authorization": f"Token {token}"} if token else {}
        with closing(HTTPConnection(self.address, timeout=20)) as connection:
            connection.request(method, path, raw if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), json.loads(response.read()))

    def get(self, path: str, token: str | None = None) -> Any:
        answer = self.ask("GET", path, token=token)
        assert answer.status == 200
        return answer.body

    def login(self) -> str:
        answer = self.ask("POST", "/api/auth/login/", {"username": "demo", "password": PASSWORD})
        assert answer.status == 200
        token = answer.body["token"]
        assert isinstance(token, str)
        return token

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql).fetchall()


@contextmanager
def running(folder: Path, database: Path, log: Path, cwd: Path | None = None, **extra: str) -> Iterator[Server]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    environment |= {"SHOP_COMMIT": COMMIT, "SHOP_PASSWORD": PASSWORD, "PYTHONDONTWRITEBYTECODE": "1", **extra}
    command = [sys.executable, str(folder / "serve.py"), "--port", "0", "--db", str(database), "--log", str(log)]
    with subprocess.Popen(
        command, env=environment, cwd=cwd, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening http://127.0.0.1:")
            yield Server(line.strip().removeprefix("listening http://"), database, log, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    with running(SHOP, folder / "shop.sqlite3", folder / "requests.jsonl") as started:
        yield started


@pytest.fixture(scope="module")
def shop() -> Iterator[SimpleNamespace]:
    """The application's modules, which are plain scripts' neighbours rather than a package."""
    sys.path.insert(0, str(SHOP))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path.remove(str(SHOP))
        for name in MODULES:
            sys.modules.pop(name, None)


# --- the usual shop, over HTTP -------------------------------------------------------------------


def test_the_database_is_not_small(server: Server) -> None:
    tables = [name for (name,) in server.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    own = [name for name in tables if not name.startswith("sqlite_")]
    assert sum(server.rows(f"SELECT COUNT(*) FROM {name}")[0][0] for name in own) >= 100_000
    assert server.rows("PRAGMA journal_mode") == [("wal",)]


def test_health_and_version(server: Server) -> None:
    assert server.get("/api/health/") == {"status": "ok"}
    assert server.get("/version") == {"commit": COMMIT}


def test_every_answer_is_json_and_names_the_commit(server: Server) -> None:
    for method, path, status in [
        ("GET", "/api/health/", 200),
        ("GET", "/version", 200),
        ("GET", "/nothing/here/", 404),
        ("PUT", "/api/products/", 405),
        ("GET", "/api/orders/mine/", 401),
        ("GET", "/api/products/?page=none", 400),
    ]:
        answer = server.ask(method, path)
        assert answer.status == status
        assert answer.headers["X-Commit"] == COMMIT
        assert answer.headers["Content-Type"] == "application/json"
        assert status < 400 or set(answer.body) == {"error"}


def test_products_are_paged(server: Server) -> None:
    first, second = server.get("/api/products/"), server.get("/api/products/?page=2")
    (total,) = server.rows("SELECT COUNT(*) FROM products")[0]
    assert first["total"] == total == sum(row["products"] for row in first["filters"])
    assert (first["page"], second["page"], first["pages"]) == (1, 2, -(-total // 270))
    assert [p["id"] for p in first["products"] + second["products"]] == list(range(1, 541))
    assert set(first["products"][0]) == {
        "id", "name", "description", "price_cents", "stock", "category", "rating", "reviews", "latest_review"
    }  # fmt: skip
    assert server.ask("GET", f"/api/products/?page={first['pages']}").status == 200
    assert server.ask("GET", f"/api/products/?page={first['pages'] + 1}").status == 404


def test_bad_page_numbers_are_refused(server: Server) -> None:
    for text in ("0", "-1", "x", "1.5", "99999999999999999999"):
        assert server.ask("GET", f"/api/products/?page={text}").status == 400


def test_detail_has_reviews_and_similar_products(server: Server) -> None:
    product = server.get("/api/products/7/")
    assert product["id"] == 7
    assert len(product["reviews"]) == 5
    assert len(product["similar"]) == 32
    shared = [row["shared_words"] for row in product["similar"]]
    assert shared == sorted(shared, reverse=True)
    assert server.ask("GET", "/api/products/999999/").status == 404
    assert server.ask("GET", "/api/products/seven/").status == 404


def test_search_finds_what_the_text_says(server: Server) -> None:
    found = server.get("/api/search/?q=Quiet")
    texts = server.rows("SELECT lower(name || ' ' || description) FROM products")
    assert found["total"] == sum("quiet" in text.replace(",", " ").replace(".", " ").split() for (text,) in texts)
    assert len(found["products"]) == 270
    assert all("<mark>quiet</mark>" in p["snippet"].lower() for p in found["products"])
    both = server.get("/api/search/?q=quiet+soft")
    assert 0 < both["total"] < found["total"]
    assert server.get("/api/search/?q=unheardof") == {"query": "unheardof", "total": 0, "products": []}
    assert server.ask("GET", "/api/search/").status == 400
    assert server.ask("GET", "/api/search/?q=a+b+c+d+e+f").status == 400


def test_categories_add_up(server: Server) -> None:
    answer = server.get("/api/categories/")
    assert answer["total"] == len(answer["categories"]) == 40
    assert sum(row["products"] for row in answer["categories"]) == server.rows("SELECT COUNT(*) FROM products")[0][0]
    sold = server.rows("SELECT SUM(quantity) FROM sales WHERE sold_on LIKE '2024-12-%'")[0][0]
    assert sum(row["sold"] for row in answer["categories"]) == sold


def test_bestsellers_are_the_best(server: Server) -> None:
    answer = server.get("/api/bestsellers/?month=2024-03")
    expected = server.rows(
        "SELECT product_id, SUM(quantity) FROM sales WHERE sold_on LIKE '2024-03-%' "
        "GROUP BY product_id ORDER BY 2 DESC, 1 LIMIT 135"
    )
    assert [(p["id"], p["sold"]) for p in answer["products"]] == expected
    assert server.get("/api/bestsellers/")["month"] == "2024-12"
    assert server.ask("GET", "/api/bestsellers/?month=2024-13").status == 400


def test_login_checks_name_and_password(server: Server) -> None:
    for username, password in [("demo", "wrong"), ("customer-2", PASSWORD), ("nobody", PASSWORD)]:
        answer = server.ask("POST", "/api/auth/login/", {"username": username, "password": password})
        assert answer.status == 401
    bodies: list[object] = [{}, [], {"username": "demo"}, {"username": "demo", "password": 1}]
    for body in bodies:
        assert server.ask("POST", "/api/auth/login/", body).status == 400
    assert server.ask("POST", "/api/auth/login/", raw=b"{not json").status == 400
    assert server.ask("POST", "/api/auth/login/", raw=b"").status == 400


def test_every_worker_takes_the_token(server: Server) -> None:
    token = server.login()
    assert {server.ask("GET", "/api/orders/mine/", token=token).status for _ in range(10)} == {200}


def test_orders_need_a_valid_token(server: Server) -> None:
    token = server.login()
    user, signature = token.split(".", 1)
    other_user = f"{'Mg' if user != 'Mg' else 'MQ'}.{signature}"
    for bad in (None, "nonsense", other_user):
        for method, path in [
            ("GET", "/api/orders/mine/"),
            ("POST", "/api/orders/"),
            ("POST", "/api/orders/bulk/"),
            ("DELETE", "/api/orders/mine/"),
        ]:
            assert server.ask(method, path, token=bad).status == 401


def test_orders_are_really_created_and_removed(server: Server) -> None:
    token = server.login()
    seeded = server.get("/api/orders/mine/", token)
    assert seeded["total"] == 2700
    assert len(seeded["orders"]) == 270
    assert all(len(order["lines"]) == 5 for order in seeded["orders"])
    lines_before = server.rows("SELECT COUNT(*) FROM order_lines")

    lines = [{"product_id": 3, "quantity": 2}, {"product_id": 4, "quantity": 1}]
    created = server.ask("POST", "/api/orders/", {"lines": lines}, token)
    assert created.status == 201
    prices = dict(server.rows("SELECT id, price_cents FROM products WHERE id IN (3, 4)"))
    assert created.body["total_cents"] == 2 * prices[3] + prices[4]
    assert len(created.body["suggestions"]) == 32
    assert server.rows(f"SELECT seeded, total_cents FROM orders WHERE id = {created.body['id']}") == [
        (0, created.body["total_cents"])
    ]

    bulk = server.ask("POST", "/api/orders/bulk/", {"orders": [{"lines": lines}] * 50}, token)
    assert bulk.status == 201
    assert bulk.body["created"] == len(bulk.body["orders"]) == 50
    assert server.rows("SELECT COUNT(*) FROM orders WHERE seeded = 0 AND user_id = 1") == [(51,)]
    last = server.get("/api/orders/mine/?page=11", token)
    assert last["total"] == 2751
    assert last["orders"][0]["id"] == created.body["id"]
    assert [(line["product_id"], line["quantity"]) for line in last["orders"][0]["lines"]] == [(3, 2), (4, 1)]

    assert server.ask("DELETE", "/api/orders/mine/", token=token).body == {"removed": 51}
    assert server.get("/api/orders/mine/", token) == seeded
    assert server.rows("SELECT COUNT(*) FROM order_lines") == lines_before
    assert server.ask("DELETE", "/api/orders/mine/", token=token).body == {"removed": 0}


def test_orders_that_cannot_be_placed_leave_nothing(server: Server) -> None:
    token = server.login()
    good = {"product_id": 3, "quantity": 2}
    for lines in (
        [],
        "x",
        [1],
        [{"product_id": 3}],
        [{**good, "quantity": 0}],
        [{**good, "quantity": True}],
        [{**good, "product_id": 999_999}],
        [good] * 21,
    ):
        assert server.ask("POST", "/api/orders/", {"lines": lines}, token).status == 400
    bulks: list[object] = [
        [],
        [{"lines": []}],
        [{"lines": [good]}] * 101,
        [{"lines": [good]}, {"lines": [{**good, "product_id": 0}]}],
    ]
    for orders in bulks:
        assert server.ask("POST", "/api/orders/bulk/", {"orders": orders}, token).status == 400
    assert server.ask("POST", "/api/orders/", raw=b"[", token=token).status == 400
    assert server.rows("SELECT COUNT(*) FROM orders WHERE seeded = 0") == [(0,)]


def test_the_log_has_one_line_per_request(server: Server) -> None:
    before = len(server.log.read_text().splitlines())
    server.get("/api/search/?q=quiet")
    server.ask("GET", "/nothing/here/")
    entries = [json.loads(line) for line in server.log.read_text().splitlines()[before:]]
    assert [(entry["endpoint"], entry["status"]) for entry in entries] == [("search", 200), ("unmatched", 404)]
    assert all(0 < entry["duration_ms"] < 20_000 for entry in entries)


def test_a_copied_folder_serves_the_same_database_and_stops_with_its_workers(server: Server, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(SHOP, copy, ignore=shutil.ignore_patterns("__pycache__"))
    created = server.database.stat().st_ino
    with running(copy, server.database, tmp_path / "log", Path("/"), SHOP_FAIL="search:503") as second:
        assert second.get("/api/products/3/") == server.get("/api/products/3/")
        assert second.ask("GET", "/api/search/?q=quiet").status == 503
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(timeout=15) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(second.process.pid, 0)
    assert server.database.stat().st_ino == created


def test_a_wrong_variant_stops_the_start_with_2(tmp_path: Path) -> None:
    database = tmp_path / "shop.sqlite3"
    ended = subprocess.run(
        [sys.executable, str(SHOP / "serve.py"), "--port", "0", "--db", str(database)],
        env={**os.environ, "SHOP_SLOW": "search:moon_phase:1"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 2
    assert "unknown variant search:moon_phase" in ended.stderr
    assert not database.exists()


# --- settings and files --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOP_SLOW", "search"),
        ("SHOP_SLOW", "search:no_index"),
        ("SHOP_SLOW", "search:no_index:0"),
        ("SHOP_SLOW", "search:no_index:6"),
        ("SHOP_SLOW", "search:no_index:x"),
        ("SHOP_SLOW", "search:no_index:1:2"),
        ("SHOP_SLOW", "health:no_index:1"),
        ("SHOP_SLOW", "search:no_index:1,search:no_index:2"),
        ("SHOP_SLOW", "search:wait:1.2,search:wait:1.3"),
        ("SHOP_SLOW", "search:wait:1"),
        ("SHOP_SLOW", "search:wait:nan"),
        ("SHOP_SLOW", "search:wait:inf"),
        ("SHOP_SLOW", "search:wait:x"),
        ("SHOP_SLOW", "version:wait:2"),
        ("SHOP_FAIL", "nowhere"),
        ("SHOP_FAIL", "search:"),
        ("SHOP_FAIL", "search:200"),
        ("SHOP_FAIL", "search:600"),
        ("SHOP_FAIL", "search:x"),
    ],
)
def test_bad_variants_are_refused(shop: SimpleNamespace, name: str, value: str) -> None:
    with pytest.raises(shop.variants.VariantError, match=name):
        shop.variants.parse_variants({name: value})


def test_variants_are_read(shop: SimpleNamespace) -> None:
    parse = shop.variants.parse_variants
    assert parse({}) == parse({"SHOP_SLOW": "", "SHOP_FAIL": ""}) == shop.variants.Variants()
    both = parse({"SHOP_SLOW": "search:no_index:1, detail:payload:5", "SHOP_FAIL": "login"})
    assert both.amount("search", "no_index") == shop.variants.AMOUNTS["search", "no_index"][0]
    assert both.amount("detail", "payload") == shop.variants.AMOUNTS["detail", "payload"][4]
    assert both.amount("products", "n_plus_one") == 0
    assert both.failure == shop.variants.Failure("login", 500)


def test_waits_are_read(shop: SimpleNamespace) -> None:
    environment = {"SHOP_WAIT_MS": "25", "SHOP_SLOW": "search:wait:1.2, health:wait:2,search:no_index:1"}
    read = shop.settings.read_settings(environment, Path("shop.sqlite3"), None)
    assert read.wait_s == 0.025
    assert read.variants.wait_factors == {"search": 1.2, "health": 2.0}
    assert set(read.variants.amounts) == {("search", "no_index")}
    assert shop.settings.read_settings({}, Path("shop.sqlite3"), None).wait_s == 0


@pytest.mark.parametrize(
    "environment",
    [{"SHOP_WAIT_MS": text} for text in ("-1", "nan", "inf", "x")] + [{"SHOP_SLOW": "search:wait:1.2"}],
)
def test_bad_waits_are_refused(shop: SimpleNamespace, environment: dict[str, str]) -> None:
    with pytest.raises(shop.variants.VariantError, match="SHOP_WAIT_MS"):
        shop.settings.read_settings(environment, Path("shop.sqlite3"), None)


def test_waits_scatter_around_their_median_and_the_slow_ones_around_theirs(shop: SimpleNamespace) -> None:
    slept: list[float] = []
    waits = shop.waits.Waits(0.025, {"search": 1.2}, Random(7), slept.append)
    for _ in range(4_000):
        waits.wait("detail")
        waits.wait("search")
    for median_s, some in ((0.025, slept[::2]), (0.030, slept[1::2])):
        logs = [math.log(wait_s / median_s) for wait_s in some]
        assert statistics.fmean(logs) == pytest.approx(0, abs=4 * shop.waits.SIGMA / math.sqrt(len(logs)))
        assert statistics.stdev(logs) == pytest.approx(shop.waits.SIGMA, rel=0.1)


def test_who_asks_no_database_does_not_wait(shop: SimpleNamespace) -> None:
    slept: list[float] = []
    waits = shop.waits.Waits(0.025, {}, sleep=slept.append)
    for endpoint in (None, "version", "unmatched"):
        waits.wait(endpoint)
    shop.waits.Waits(0.0, {}, sleep=slept.append).wait("search")
    assert slept == []


def test_the_log_counts_the_waits(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(SHOP, server.database, log, SHOP_WAIT_MS="20", SHOP_SLOW="health:wait:3") as waiting:
        for _ in range(20):
            waiting.get("/api/search/?q=zzz")
            waiting.get("/api/health/")
            waiting.get("/version")
    took: dict[str, list[float]] = {}
    for entry in map(json.loads, log.read_text().splitlines()):
        took.setdefault(entry["endpoint"], []).append(entry["duration_ms"])
    medians = {endpoint: statistics.median(some) for endpoint, some in took.items()}
    assert medians["version"] < medians["search"] < medians["health"]
    assert min(took["health"]) > 20  # a third of its median: 5.5 sigma away


def test_every_grade_is_more_than_the_one_before(shop: SimpleNamespace) -> None:
    for amounts in shop.variants.AMOUNTS.values():
        assert list(amounts) == sorted(set(amounts))


def test_another_version_is_replaced_and_another_file_is_not(shop: SimpleNamespace, tmp_path: Path) -> None:
    outdated, foreign = tmp_path / "outdated.sqlite3", tmp_path / "foreign.sqlite3"
    with closing(sqlite3.connect(outdated)) as connection:
        connection.execute(f"PRAGMA application_id = {shop.database.APPLICATION_ID}")
        connection.execute("CREATE TABLE products (id)")
    assert shop.database.prepare(outdated)
    assert not shop.database.prepare(outdated)
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE precious (id)")
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to have been read as one\n" * 20)
    for path in (foreign, text):
        before = path.read_bytes()
        with pytest.raises(shop.database.DatabaseError):
            shop.database.prepare(path)
        assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.tmp"))


# --- the causes of the slow variants, in this process ----------------------------------------------


@dataclass
class Traced:
    """A shop in this process whose SQL statements are noted."""

    client: Any
    statements: list[str]
    opened: list[sqlite3.Connection]
    token: str = ""

    def ask(self, endpoint: str) -> Any:
        lines = [{"product_id": 3, "quantity": 2}, {"product_id": 4, "quantity": 1}]
        method, path, body = {
            "health": ("GET", "/api/health/", None),
            "version": ("GET", "/version", None),
            "products": ("GET", "/api/products/?page=3", None),
            "detail": ("GET", "/api/products/5000/", None),
            "search": ("GET", "/api/search/?q=quiet", None),
            "categories": ("GET", "/api/categories/", None),
            "bestsellers": ("GET", "/api/bestsellers/?month=2024-06", None),
            "login": ("POST", "/api/auth/login/", {"username": "demo", "password": PASSWORD}),
            "orders_mine": ("GET", "/api/orders/mine/?page=2", None),
            "orders_create": ("POST", "/api/orders/", {"lines": lines}),
            "orders_bulk": ("POST", "/api/orders/bulk/", {"orders": [{"lines": lines}] * 3}),
            "orders_cleanup": ("DELETE", "/api/orders/mine/", None),
        }[endpoint]
        return self.client.open(path, method=method, json=body, headers={"Authorization": f"Token {self.token}"})

    def sql_of(self, endpoint: str) -> list[str]:
        self.statements.clear()
        assert self.ask(endpoint).status_code < 300
        return list(self.statements)

    def plan_of(self, statement: str) -> str:
        rows = self.opened[0].execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        return "\n".join(row["detail"] for row in rows)


Start = Callable[..., Traced]


@pytest.fixture
def start(shop: SimpleNamespace, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    usual_connect = shop.database.connect
    started: list[Traced] = []

    def start_traced(slow: str = "", fail: str = "") -> Traced:
        statements: list[str] = []
        opened: list[sqlite3.Connection] = []

        def connect(path: Path) -> sqlite3.Connection:
            connection: sqlite3.Connection = usual_connect(path)
            connection.set_trace_callback(statements.append)
            opened.append(connection)
            return connection

        monkeypatch.setattr(shop.database, "connect", connect)
        variants = shop.variants.parse_variants({"SHOP_SLOW": slow, "SHOP_FAIL": fail})
        settings = shop.settings.Settings(server.database, password=PASSWORD, variants=variants)
        traced = Traced(shop.app.create_app(settings).test_client(), statements, opened)
        traced.token = traced.ask("login").json.get("token", "")
        started.append(traced)
        return traced

    yield start_traced
    for traced in started:
        for connection in traced.opened:
            shop.orders.remove_created_orders(connection, 1)
            connection.close()


ALL_ENDPOINTS = (
    "health", "version", "products", "detail", "search", "categories", "bestsellers",
    "login", "orders_mine", "orders_create", "orders_bulk", "orders_cleanup",
)  # fmt: skip


def shapes(statements: list[str]) -> list[str]:
    """Statements without their numbers, which differ for the time of day and new ids."""
    return [re.sub(r"[0-9]+", "N", " ".join(statement.split())) for statement in statements]


def test_each_variant_changes_its_own_endpoint_only(shop: SimpleNamespace, start: Start) -> None:
    assert set(ALL_ENDPOINTS) == set(shop.variants.ENDPOINTS)
    usual = start()
    sql = {endpoint: shapes(usual.sql_of(endpoint)) for endpoint in ALL_ENDPOINTS}
    for slowed, cause in shop.variants.AMOUNTS:
        variant = start(f"{slowed}:{cause}:2")
        for endpoint in ALL_ENDPOINTS:
            # More rounds of hashing are no SQL.
            same = endpoint != slowed or cause == "hash_cost"
            assert (shapes(variant.sql_of(endpoint)) == sql[endpoint]) is same, (slowed, cause, endpoint)


@pytest.mark.parametrize(("endpoint", "queries_per_row"), [("products", 3), ("orders_mine", 1)])
def test_n_plus_one_is_one_query_per_row(
    shop: SimpleNamespace, start: Start, endpoint: str, queries_per_row: int
) -> None:
    usual = start()
    expected, usually = usual.ask(endpoint).json, len(usual.sql_of(endpoint))
    for grade in (1, 5):
        rows = shop.variants.AMOUNTS[endpoint, "n_plus_one"][grade - 1]
        variant = start(f"{endpoint}:n_plus_one:{grade}")
        assert variant.ask(endpoint).json == expected
        # At the last grade every row asks for itself and nothing is left for the shared query.
        shared = 0 if grade == 5 else queries_per_row
        assert len(variant.sql_of(endpoint)) == usually - queries_per_row + shared + rows * queries_per_row


@pytest.mark.parametrize(
    ("endpoint", "table", "index", "key"),
    [("search", "product_words", "words_by_word", "product_id<?"), ("bestsellers", "sales", "sales_by_day", "rowid<?")],
)
def test_no_index_reads_rows_past_the_index(
    shop: SimpleNamespace, start: Start, endpoint: str, table: str, index: str, key: str
) -> None:
    usual = start()
    expected = usual.ask(endpoint).json
    (statement,) = usual.sql_of(endpoint)
    usual_plan = usual.plan_of(statement)
    assert f"SEARCH {table} USING INDEX {index}" in usual_plan.replace("COVERING ", "")
    assert key not in usual_plan
    for grade in (1, 5):
        variant = start(f"{endpoint}:no_index:{grade}")
        assert variant.ask(endpoint).json == expected
        (statement,) = variant.sql_of(endpoint)
        plan = variant.plan_of(statement)
        scanned = [line for line in plan.splitlines() if line.startswith(f"SEARCH {table}") and key in line]
        assert len(scanned) == 1
        assert index not in scanned[0]
        assert str(shop.variants.AMOUNTS[endpoint, "no_index"][grade - 1]) in statement


@pytest.mark.parametrize(("endpoint", "added"), [("detail", {"similar_in_full"}), ("categories", set())])
def test_payload_grows_with_the_grade(start: Start, endpoint: str, added: set[str]) -> None:
    usual = start().ask(endpoint)
    sizes = [len(usual.data)]
    for grade in range(1, 6):
        answer = start(f"{endpoint}:payload:{grade}").ask(endpoint)
        assert set(answer.json) - set(usual.json) == added
        sizes.append(len(answer.data))
    assert sizes == sorted(set(sizes))
    assert sizes[-1] > 100_000


def test_hash_cost_is_more_rounds(shop: SimpleNamespace, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    usual_hash = shop.accounts.hashlib.pbkdf2_hmac

    def noted(name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
        rounds.append(iterations)
        return bytes(usual_hash(name, password, salt, iterations))

    monkeypatch.setattr(shop.accounts.hashlib, "pbkdf2_hmac", noted)
    start()
    start("login:hash_cost:3")
    usual = shop.accounts.HASH_ROUNDS
    assert set(rounds) == {usual, usual + shop.variants.AMOUNTS["login", "hash_cost"][2]}
    assert rounds == sorted(rounds)


@pytest.mark.parametrize(("endpoint", "lock_name"), [("orders_create", "_CREATE_LOCK"), ("orders_bulk", "_BULK_LOCK")])
def test_the_lock_makes_other_orders_wait(shop: SimpleNamespace, start: Start, endpoint: str, lock_name: str) -> None:
    lock = getattr(shop.orders, lock_name)
    variant = start(f"{endpoint}:lock:1")
    ended: list[int] = []

    def order() -> None:
        ended.append(variant.ask(endpoint).status_code)
        variant.opened.pop().close()

    with lock:
        ordering = threading.Thread(target=order)
        ordering.start()
        ordering.join(0.3)
        assert ordering.is_alive()
        for other in set(ALL_ENDPOINTS) - {endpoint}:
            assert variant.ask(other).status_code < 300
    ordering.join(10)
    assert ended == [201]


@pytest.mark.parametrize("endpoint", ["orders_create", "orders_bulk"])
def test_the_lock_is_held_during_the_work(
    shop: SimpleNamespace, start: Start, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    class NotingLock:
        def __enter__(self) -> None:
            traced.statements.append("lock")

        def __exit__(self, *_: object) -> None:
            traced.statements.append("unlock")

    monkeypatch.setattr(shop.orders, "_CREATE_LOCK", NotingLock())
    monkeypatch.setattr(shop.orders, "_BULK_LOCK", NotingLock())
    traced = start()
    usual = traced.sql_of(endpoint)
    assert "lock" not in usual
    traced = start(f"{endpoint}:lock:1")
    first, total, *rest, last = traced.sql_of(endpoint)
    assert (first, last) == ("lock", "unlock")
    assert "SUM(quantity * price_cents) FROM sales" in total
    assert shapes(rest) == shapes(usual)


def test_a_failing_endpoint_answers_at_once(start: Start) -> None:
    failing = start(fail="search")
    failing.statements.clear()
    assert failing.ask("search").status_code == 500
    assert failing.statements == []
    assert failing.ask("detail").status_code == 200
    assert start(fail="login:503").ask("login").status_code == 503
