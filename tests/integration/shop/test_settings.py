"""What the bundled shop is told, and the files it keeps."""

from __future__ import annotations

import json
import math
import sqlite3
import statistics
from contextlib import closing
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from tests.integration.shop.shops import SHOP, Server, running


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
