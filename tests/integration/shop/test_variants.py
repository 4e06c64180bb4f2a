"""Slow variants of the bundled shop, by their real causes."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.integration.shop.shops import PASSWORD, Server


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
