"""The warehouse of examples/warehouse-scans at 20,000 bags: what it answers, what is wrong with it, what cures it."""

from __future__ import annotations

import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import psycopg
import pytest

from tests.integration.examples.servers import EXAMPLES, PATIENCE_S, Example, started
from tests.integration.processes import wait_for, workers_of

FOLDER = EXAMPLES / "warehouse-scans"
BAGS = 20_000
ACCOUNT = {"username": "clerk", "password": "scan-the-bags"}
BAG = "WB10000007"
OTHER = "WB10000008"
INJECTED = (
    "' OR '1'='1",
    "'; DROP TABLE scans; --",
    "WB%",
    '" OR ""="',
    "\\' OR 1=1 --",
    "1 UNION SELECT tag FROM bags",
)
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("warehouse")


@contextmanager
def warehouse(postgres, files, database: str, **settings: str):
    environment = {"DATABASE_URL": postgres.url(database), "WAREHOUSE_BAGS": str(BAGS), **settings}
    with started(FOLDER, files / f"{database}.txt", environment) as server:
        token = server.ask("POST", "/api/tokens/", ACCOUNT).json["token"]
        yield Example(server.port, server.process, server.errors, {"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def built(postgres, files):
    with warehouse(postgres, files, "warehouse_built") as server:
        yield server


@pytest.fixture(scope="module")
def fixed(postgres, files):
    with warehouse(postgres, files, "warehouse_fixed", WAREHOUSE_VARIANT="fixed") as server:
        yield server


@pytest.fixture
def tables(postgres, built, fixed):
    """Statements to the databases of both, by their name; they are there since both have started."""
    with (
        psycopg.connect(postgres.url("warehouse_built"), autocommit=True) as one,
        psycopg.connect(postgres.url("warehouse_fixed"), autocommit=True) as other,
    ):
        yield {"built": one, "fixed": other}


def session(server: Example) -> tuple[dict[str, str], str]:
    """A browser's cookie header and the token of its forms."""
    answer = server.ask("POST", "/api/login/", ACCOUNT, plain=True)
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}, answer.json["csrf"]


def form(**fields: str) -> dict[str, object]:
    return {"body": urlencode(fields), "headers": {"Content-Type": "application/x-www-form-urlencoded"}}


# What it answers


@pytest.mark.parametrize("which", ["built", "fixed"])
def test_both_answer_the_same_and_as_the_tables_say(which, built, fixed, tables, request):
    server, table = request.getfixturevalue(which), tables[which]
    for state in ("sorted", "loaded", "claimed", "sorted"):
        scan = {"bag": BAG, "zone": "A1", "scanner": "S01", "state": state}
        assert server.ask("POST", "/api/scans/", scan).status == 201
    answer = server.ask("GET", "/api/stats/").json
    expected = table.execute(
        "SELECT zone, state, count(*), sum(weight_g) / count(*) FROM bags WHERE state <> 'claimed'"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    assert [tuple(row.values()) for row in answer["totals"]] == expected
    hours = table.execute(
        "SELECT to_char(date_trunc('hour', arrived_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS+00:00'),"
        " left(zone, 1), count(*) FROM bags"
        " WHERE arrived_at >= (SELECT date_trunc('day', max(arrived_at), 'UTC') FROM bags) + interval '18 hours'"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    assert [tuple(row.values()) for row in answer["arrivals"]] == hours
    assert len({hour for hour, _, _ in hours}) == 6


@pytest.mark.parametrize("which", ["built", "fixed"])
def test_scans_of_a_bag_are_listed_newest_first_and_taken_away_again(which, request):
    server = request.getfixturevalue(which)
    before = server.ask("GET", f"/api/scans/?bag={OTHER}").json
    recorded = [
        server.ask("POST", "/api/scans/", {"bag": OTHER, "zone": zone, "scanner": "S02", "state": "loaded"}).json["id"]
        for zone in ("B1", "B2")
    ]
    after = server.ask("GET", f"/api/scans/?bag={OTHER}").json
    assert [scan["id"] for scan in after["scans"]] == recorded[::-1] + [scan["id"] for scan in before["scans"]]
    assert server.ask("GET", f"/api/bags/{OTHER}/").json["zone"] == "B2"
    assert server.ask("DELETE", "/api/scans/recorded/").json["removed"] >= 2
    assert server.ask("GET", f"/api/scans/?bag={OTHER}").json == before


def test_an_answer_has_the_seal_of_its_body(fixed):
    first, again = (fixed.ask("GET", f"/api/scans/?bag={BAG}") for _ in range(2))
    other = fixed.ask("GET", f"/api/scans/?bag={OTHER}")
    assert first.headers["X-Seal"] == again.headers["X-Seal"] != other.headers["X-Seal"]


def test_what_cannot_be_is_refused(fixed, tables):
    counted = "SELECT count(*) FROM scans"
    before = tables["fixed"].execute(counted).fetchone()
    good = {"bag": BAG, "zone": "A1", "scanner": "S01", "state": "sorted"}
    assert fixed.ask("POST", "/api/scans/", '{"bag":').status == 400
    assert fixed.ask("POST", "/api/scans/", []).status == 400
    for name in good:
        assert fixed.ask("POST", "/api/scans/", {**good, name: ""}).status == 400
        assert fixed.ask("POST", "/api/scans/", {**good, name: "a\0b"}).status == 400
    assert fixed.ask("POST", "/api/scans/", {**good, "state": "lost"}).status == 400
    assert fixed.ask("POST", "/api/scans/", {**good, "bag": "WB1"}).status == 404
    assert fixed.ask("GET", "/api/bags/WB1/").status == 404
    assert fixed.ask("GET", "/api/nothing/").status == 404
    assert fixed.ask("PUT", "/api/scans/").status == 405
    assert fixed.ask("GET", f"/api/scans/?bag={BAG}&limit=-1").status == 400
    assert fixed.ask("GET", "/api/scans/?bag=%00").status == 400
    assert tables["fixed"].execute(counted).fetchone() == before


# Security and edges


def test_all_but_health_and_logging_in_asks_who_asks(built):
    assert built.ask("GET", "/api/health/", plain=True).status == 200
    asked = [
        ("GET", "/api/stats/"),
        ("GET", f"/api/scans/?bag={BAG}"),
        ("POST", "/api/scans/"),
        ("DELETE", "/api/scans/recorded/"),
        ("GET", f"/api/bags/{BAG}/"),
        ("GET", f"/bags/?tag={BAG}"),
        ("POST", "/bags/notes"),
        ("GET", "/api/about/"),
        ("GET", "/api/journal/"),
        ("POST", "/api/logout/"),
        ("GET", "/unknown/"),
    ]
    for method, path in asked:
        assert built.ask(method, path, plain=True).status == 401, path
        assert built.ask(method, path, headers={"Authorization": "Bearer nope"}).status == 401, path
        assert built.ask(method, path, headers={"Authorization": "Basic Y2xlcms6eA=="}).status == 401, path
    for wrong in ({"password": "wrong"}, {"username": "else"}, {"password": None}):
        assert built.ask("POST", "/api/login/", ACCOUNT | wrong, plain=True).status == 401
        assert built.ask("POST", "/api/tokens/", ACCOUNT | wrong, plain=True).status == 401


@pytest.mark.parametrize("text", INJECTED)
def test_statements_in_a_tag_are_only_a_tag(text, built, tables):
    counted = (
        "SELECT (SELECT count(*) FROM bags), (SELECT count(*) FROM scans), (SELECT md5(string_agg(zone, '')) FROM bags)"
    )
    before = tables["built"].execute(counted).fetchone()
    answer = built.ask("GET", f"/api/scans/?bag={quote(text)}")
    assert (answer.status, answer.json) == (200, {"bag": text, "count": 0, "scans": []})
    assert built.ask("GET", f"/api/bags/{quote(text, safe='')}/").status == 404
    scan = {"bag": text[:20], "zone": text[:20], "scanner": text[:20], "state": "sorted"}
    assert built.ask("POST", "/api/scans/", scan).status == 404
    assert tables["built"].execute(counted).fetchone() == before


def test_scripts_are_shown_not_run_whether_sent_or_stored(fixed):
    cookie, csrf = session(fixed)
    page = fixed.ask("GET", f"/bags/?tag={quote(SCRIPT)}", headers=cookie, plain=True)
    assert page.status == 404
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    written = form(tag=BAG, text=SCRIPT, csrf_token=csrf)
    written["headers"] |= cookie
    assert fixed.ask("POST", "/bags/notes", **written, plain=True).status == 303
    shown = fixed.ask("GET", f"/bags/?tag={BAG}", headers=cookie, plain=True)
    assert "<script" not in shown.text
    assert "clerk: &lt;script&gt;alert(1)&lt;/script&gt;" in shown.text


def test_a_form_without_the_token_of_its_session_changes_nothing(fixed, tables):
    counted = "SELECT count(*) FROM notes"
    (cookie, csrf), (_, of_another) = session(fixed), session(fixed)
    before = tables["fixed"].execute(counted).fetchone()[0]
    for token in ({}, {"csrf_token": of_another}, {"csrf_token": csrf[:-1]}):
        forged = form(tag=BAG, text="forged", **token)
        forged["headers"] |= cookie
        assert fixed.ask("POST", "/bags/notes", **forged, plain=True).status == 403
    scan = {"bag": BAG, "zone": "A1", "scanner": "S01", "state": "sorted"}
    assert fixed.ask("POST", "/api/scans/", scan, headers=cookie, plain=True).status == 403
    assert tables["fixed"].execute(counted).fetchone()[0] == before
    assert fixed.ask("POST", "/api/scans/", scan, headers=cookie | {"X-CSRF-Token": csrf}, plain=True).status == 201
    page = fixed.ask("GET", f"/bags/?tag={BAG}", headers=cookie, plain=True).text
    meant = form(tag=BAG, text="meant", csrf_token=re.search(r'csrf_token" value="([^"]+)"', page)[1])
    meant["headers"] |= cookie
    assert fixed.ask("POST", "/bags/notes", **meant, plain=True).status == 303
    assert tables["fixed"].execute(counted).fetchone()[0] == before + 1


def flags(answer) -> dict[str, str]:
    parts = [part.strip().partition("=") for part in answer.headers["Set-Cookie"].split(";")[1:]]
    return {name: value for name, _, value in parts if name != "Expires"}


def test_the_session_cookie_is_as_careful_as_set(built, postgres, files):
    expected = {"Secure": "", "HttpOnly": "", "SameSite": "Lax", "Path": "/", "Max-Age": "28800"}
    assert flags(built.ask("POST", "/api/login/", ACCOUNT, plain=True)) == expected
    settings = {"WAREHOUSE_COOKIE": "SameSite=Strict", "WAREHOUSE_SESSION_S": "1"}
    with warehouse(postgres, files, "warehouse_short", **settings) as server:
        answer = server.ask("POST", "/api/login/", ACCOUNT, plain=True)
        assert flags(answer) == {"SameSite": "Strict", "Path": "/", "Max-Age": "1"}
        cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}

        # A browser that keeps the cookie all the same gets nothing for it.
        wait_for(
            lambda: server.ask("GET", "/api/about/", headers=cookie, plain=True).status == 401, "the session's end"
        )


def test_a_body_that_is_too_large_is_refused_and_the_next_one_answered(built):
    large = {"bag": "x" * 70_000, "zone": "A1", "scanner": "S01", "state": "sorted"}
    assert built.ask("POST", "/api/scans/", large).status == 413
    assert built.ask("POST", "/api/login/", large, plain=True).status == 413
    assert built.ask("GET", "/api/health/").status == 200


def test_requests_are_limited_only_where_a_limit_is_set(built, postgres, files):
    assert {built.ask("GET", "/api/journal/").status for _ in range(40)} == {200}
    with warehouse(postgres, files, "warehouse_limited", WAREHOUSE_RATE_LIMIT="2") as server:
        seen = (server.ask("POST", "/api/login/", ACCOUNT | {"password": "no"}, plain=True) for _ in range(200))
        refused = next(answer for answer in seen if answer.status != 401)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        assert {server.ask("GET", "/api/health/").status for _ in range(20)} == {200}


# What is wrong with it as built


def plan(connection, table: str, condition: str) -> str:
    rows = connection.execute(f"EXPLAIN SELECT * FROM {table} WHERE {condition}").fetchall()
    return "\n".join(line for (line,) in rows)


def test_as_built_whole_tables_are_read_and_cured_by_indexes(built, fixed, tables):
    by_bag, recent = "bag_id = 7", "arrived_at >= '2026-02-28T18:00Z'"
    assert "Seq Scan on scans" in plan(tables["built"], "scans", by_bag)
    assert "Seq Scan on bags" in plan(tables["built"], "bags", recent)
    assert "scans_bag_id_scanned_at_idx" in plan(tables["fixed"], "scans", by_bag)
    assert "bags_arrived_at_idx" in plan(tables["fixed"], "bags", recent)


def statements(connection, server: Example, path: str) -> list[tuple[str, int]]:
    """What one request asks the database, with the rows it gets."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    connection.execute("SELECT pg_stat_statements_reset()")
    assert server.ask("GET", path).status == 200
    return connection.execute(
        "SELECT query, rows FROM pg_stat_statements JOIN pg_database ON dbid = pg_database.oid"
        " WHERE datname = current_database() AND query ~ '^\\s*SELECT (zone|date_trunc)'"
    ).fetchall()


def test_as_built_every_recent_bag_is_fetched_to_be_counted(built, fixed, tables):
    as_built = statements(tables["built"], built, "/api/stats/")
    cured = statements(tables["fixed"], fixed, "/api/stats/")
    assert any("FROM bags" in query and "GROUP BY" in query for query, _ in as_built)
    assert not any("FROM bags" in query and "count" in query and "state" in query for query, _ in cured)
    fetched, counted = ([rows for query, rows in asked if "arrived_at" in query] for asked in (as_built, cured))
    assert fetched == [pytest.approx(BAGS / 60 / 4, abs=2)]
    assert counted == [len(fixed.ask("GET", "/api/stats/").json["arrivals"])]
    assert counted[0] <= 6 * 6, "hours and halls"


def waiting_for_locks(connection) -> int:
    statement = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'warehouse-scans' AND wait_event_type = 'Lock'
    """
    return connection.execute(statement).fetchone()[0]


@contextmanager
def full_pool(postgres, database: str, server: Example, size: int):
    """As many requests as there are connections, and as many again, held up by a lock on the bags."""
    with (
        concurrent.futures.ThreadPoolExecutor(2 * size) as people,
        psycopg.connect(postgres.url(database), autocommit=True) as watching,
        psycopg.connect(postgres.url(database)) as locking,
    ):
        locking.execute("LOCK TABLE bags IN ACCESS EXCLUSIVE MODE")
        asked = [people.submit(server.ask, "GET", "/api/stats/") for _ in range(2 * size)]
        wait_for(lambda: waiting_for_locks(watching) == size, f"{size} held up")
        time.sleep(0.2)
        assert waiting_for_locks(watching) == size, "no more than the pool has"
        yield
        locking.rollback()
        assert {each.result().status for each in asked} == {200}


def test_as_built_four_connections_are_all_and_whoever_asks_needs_one(built, postgres):
    answered = threading.Event()

    def read_journal() -> int:
        status = built.ask("GET", "/api/journal/").status
        answered.set()
        return status

    with concurrent.futures.ThreadPoolExecutor(1) as person:
        with full_pool(postgres, "warehouse_built", built, size=4):
            reading = person.submit(read_journal)
            assert built.ask("GET", "/api/health/").status == 200
            assert not answered.wait(1), "the journal needs no database, but waits for a connection"
        assert reading.result() == 200


def test_cured_there_are_more_and_who_needs_none_takes_none(fixed, postgres):
    with full_pool(postgres, "warehouse_fixed", fixed, size=12):
        assert fixed.ask("GET", "/api/journal/").status == 200


def test_as_built_the_journal_keeps_every_request_and_cured_the_newest(built, fixed):
    before = built.ask("GET", "/api/journal/").json["kept"]
    for _ in range(30):
        built.ask("GET", "/api/health/")
    assert built.ask("GET", "/api/journal/").json["kept"] == before + 31
    with concurrent.futures.ThreadPoolExecutor(4) as people:
        list(people.map(lambda _: fixed.ask("GET", "/api/health/"), range(1_050)))
    assert fixed.ask("GET", "/api/journal/").json["kept"] == 1_000


def test_a_kept_request_takes_about_a_kilobyte(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "journal", raising=False)
    from journal import Journal

    monkeypatch.delitem(sys.modules, "journal")
    journal, requests = Journal(fixes=()), 2_000
    tracemalloc.start()
    for number in range(requests):
        journal.note("GET", f"/api/scans/?bag=WB{number}" + "x" * (number % 2_000), 200, "clerk")
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown / requests == pytest.approx(1_000, rel=0.1)


@pytest.mark.parametrize(
    ("variant", "indexed", "summed"),
    [("indexes", True, False), ("summary", False, True), ("pool+lending", False, False)],
)
def test_cures_come_one_by_one(variant, indexed, summed, postgres, files):
    with warehouse(postgres, files, "warehouse_some", WAREHOUSE_VARIANT=variant) as server:
        assert server.ask("GET", "/api/about/").json["fixes"] == sorted(variant.split("+"))
        assert server.ask("GET", "/api/stats/").status == 200
        with psycopg.connect(postgres.url("warehouse_some"), autocommit=True) as connection:
            assert ("scans_bag_id_scanned_at_idx" in plan(connection, "scans", "bag_id = 7")) == indexed
            (there,) = connection.execute("SELECT to_regclass('stock') IS NOT NULL").fetchone()
            assert there == summed


# How it starts and ends


def test_the_template_is_seeded_once_and_every_database_has_the_same_rows(built, fixed, postgres, files):
    with warehouse(postgres, files, "warehouse_another") as server:
        assert "seeding" not in server.errors.read_text()
        with psycopg.connect(postgres.url("warehouse_another")) as connection:
            assert connection.execute("SELECT count(*), min(tag), max(tag) FROM bags").fetchone() == (
                BAGS,
                "WB10000000",
                "WB10019999",
            )
            (scans,) = connection.execute("SELECT count(*) FROM scans").fetchone()
            assert scans == BAGS + 60, "the first bag goes round"


def test_sigterm_ends_it_with_its_workers(built, postgres, files):
    environment = {"DATABASE_URL": postgres.url("warehouse_built"), "WAREHOUSE_BAGS": str(BAGS)}
    with started(FOLDER, files / "ended.txt", environment, "--workers", "2") as server:
        workers = workers_of(server.process.pid)
        assert len(workers) == 2
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0
        wait_for(lambda: not any(os.path.exists(f"/proc/{worker}") for worker in workers), "the end of the workers")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL: is not set"),
        ({"WAREHOUSE_VARIANT": "faster"}, "WAREHOUSE_VARIANT: 'faster' is not known"),
        ({"WAREHOUSE_BAGS": "many"}, "WAREHOUSE_BAGS: 'many' is not a whole number"),
        ({"WAREHOUSE_COOKIE": "Secret"}, "WAREHOUSE_COOKIE: 'Secret'"),
        ({"WAREHOUSE_RATE_LIMIT": "0"}, "WAREHOUSE_RATE_LIMIT: '0'"),
        ({"WAREHOUSE_BAGS": "10"}, "holds a warehouse of 20,000 bags"),
        ({"DATABASE_URL": "other"}, "holds something other than a warehouse"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/none"}, "DATABASE_URL: database 'none'"),
    ],
)
def test_wrong_settings_are_named_with_what_was_seen(settings, said, built, postgres):
    if settings.get("DATABASE_URL") == "other":
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE other")
        with psycopg.connect(postgres.url("other"), autocommit=True) as connection:
            connection.execute("CREATE TABLE accounts (id int)")
        settings = {"DATABASE_URL": postgres.url("other")}
    environment = {"DATABASE_URL": postgres.url("warehouse_built"), "WAREHOUSE_BAGS": str(BAGS), **settings}
    done = subprocess.run(
        [sys.executable, FOLDER / "serve.py", "--port", "0"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert postgres.password not in done.stderr
