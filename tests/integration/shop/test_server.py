"""The bundled shop: a real server over a real database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.shop.shops import COMMIT, PASSWORD, SHOP, Server, running


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
