"""The marketplace of examples/marketplace-admin at 1,000 admins: what it answers, writes down and leaves to do."""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg
import pytest

from gate.cli import main
from tests.integration.examples.servers import EXAMPLES, PATIENCE_S, Example, started
from tests.integration.processes import wait_for, workers_of

FOLDER = EXAMPLES / "marketplace-admin"
ADMINS = 1_000
PASSWORD = "open-sesame"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("market")


def log_in(server: Example, admin: int = 1, password: str = PASSWORD):
    account = {"email": f"admin-{admin}@market.example", "password": password}
    return server.ask("POST", "/api/login/", account, headers=JSON, plain=True)


@contextmanager
def market(postgres, redis_url, files, name: str, *arguments: str, **settings: str):
    environment = {
        "DATABASE_URL": postgres.url("market"),
        "REDIS_URL": redis_url,
        "MARKETPLACE_ADMINS": str(ADMINS),
        **settings,
    }
    with started(FOLDER, files / f"{name}.txt", environment, *arguments) as server:
        headers = {"Authorization": f"Bearer {log_in(server).json['token']}", **JSON}
        yield Example(server.port, server.process, server.errors, headers)


@pytest.fixture(scope="module")
def server(postgres, redis_url, files):
    with market(postgres, redis_url, files, "server", "--workers", "2") as running:
        yield running


@pytest.fixture
def table(server, postgres):
    with psycopg.connect(postgres.url("market"), autocommit=True) as connection:
        yield connection


def counted(connection, table: str, where: str = "true") -> int:
    return connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]


def permissions(server: Example, admin: int, **headers: str):
    return server.ask("GET", f"/api/admins/{admin}/permissions/", headers=headers)


# What it holds and answers


def test_the_rows_follow_from_the_number_of_admins(table):
    assert counted(table, "admins", f"id <= {ADMINS}") == ADMINS
    assert counted(table, "assignments", "granted_by IS NULL") == 10 * ADMINS
    assert counted(table, "audit", "id <= (SELECT last_audit FROM seeded)") == 100 * ADMINS
    assert counted(table, "departments", "parent_id IS NULL") == 1
    assert counted(table, "roles", "parent_id IS NULL") == 1


def below(connection, table: str, top: int) -> set[int]:
    """The same hierarchy, walked in Python."""
    children: dict[int, list[int]] = {}
    for number, parent in connection.execute(f"SELECT id, parent_id FROM {table}"):
        children.setdefault(parent, []).append(number)
    found, left = set(), [top]
    while left:
        one = left.pop()
        found.add(one)
        left += children.get(one, [])
    return found


@pytest.mark.parametrize("admin", [1, 2, 3, 17, 999])
def test_an_admin_may_do_what_its_role_and_all_below_it_may_and_what_it_was_granted(admin, server, table):
    (role,) = table.execute("SELECT role_id FROM admins WHERE id = %s", (admin,)).fetchone()
    roles = list(below(table, "roles", role))
    expected = {
        code
        for (code,) in table.execute(
            "SELECT code FROM permissions JOIN role_permissions ON permission_id = id WHERE role_id = ANY(%s)"
            " UNION SELECT code FROM permissions JOIN assignments ON permission_id = id WHERE admin_id = %s",
            (roles, admin),
        )
    }
    answer = permissions(server, admin).json
    assert set(answer["permissions"]) == expected
    assert answer["count"] == len(expected)
    assert ("admins.manage" in expected) == (admin == 1)


@pytest.mark.parametrize("department", [1, 2, 10])
def test_a_department_is_told_with_all_below_it(department, server, table):
    inside = below(table, "departments", department)
    answer = server.ask("GET", f"/api/departments/{department}/").json
    assert answer["departments"] == len(inside)
    report = server.ask("GET", f"/api/departments/{department}/permissions/").json
    most = table.execute(
        "SELECT count(*) FROM assignments JOIN admins ON admins.id = admin_id"
        " WHERE department_id = ANY(%s) GROUP BY permission_id ORDER BY 1 DESC LIMIT 1",
        (list(inside),),
    ).fetchone()
    assert report[0]["admins"] == most[0]


def test_admins_are_listed_page_by_page(server, table):
    numbers, after = [], 0
    while page := server.ask("GET", f"/api/admins/?department=4&after={after}&limit=30").json:
        numbers += [admin["id"] for admin in page]
        after = numbers[-1]
    assert numbers == [n for (n,) in table.execute("SELECT id FROM admins WHERE department_id = 4 ORDER BY id")]


def test_only_who_may_manage_changes_anything_and_everybody_known_reads(server, table):
    before = counted(table, "audit")
    other = {"Authorization": f"Bearer {log_in(server, admin=2).json['token']}"}
    changing = [
        ("POST", "/api/admins/", {"email": "a@b.example", "department": 1, "role": 2}),
        ("PATCH", "/api/admins/5/", {"department": 1}),
        ("PUT", "/api/admins/5/permissions/9/", None),
        ("DELETE", "/api/admins/5/permissions/9/", None),
        ("POST", "/api/bulk/grants/", {"admins": [5], "permission": 9}),
        ("DELETE", "/api/made/", None),
    ]
    for method, path, body in changing:
        assert server.ask(method, path, body, headers=other).status == 403, path
        assert server.ask(method, path, body, headers=JSON, plain=True).status == 401, path
    for path in ("/api/admins/5/", "/api/admins/?department=1", "/api/departments/1/", "/api/audit/count/"):
        assert server.ask("GET", path, headers=other).status == 200, path
        assert server.ask("GET", path, plain=True).status == 401, path
    assert log_in(server, password="wrong").status == 401
    assert log_in(server, admin=ADMINS + 1).status == 401
    assert counted(table, "audit") == before


def test_what_cannot_be_is_refused_and_neither_kept_nor_written_down(server, table):
    before = counted(table, "audit"), counted(table, "admins"), counted(table, "assignments")
    new = {"email": "new@market.example", "department": 1, "role": 2}
    refused = [
        ("POST", "/api/admins/", {**new, "department": 5_000}, 404),
        ("POST", "/api/admins/", {**new, "email": "admin-7@market.example"}, 409),
        ("POST", "/api/admins/", {**new, "role": 1}, 422),
        ("POST", "/api/admins/", {**new, "email": "no address"}, 422),
        ("PATCH", "/api/admins/900000/", {"department": 1}, 404),
        ("PUT", "/api/admins/900000/permissions/9/", None, 404),
        ("PUT", "/api/admins/5/permissions/9000/", None, 404),
        ("PUT", "/api/admins/99999999999/permissions/9/", None, 422),
        ("POST", "/api/bulk/grants/", {"admins": [*range(1, 102)], "permission": 9}, 422),
        ("POST", "/api/bulk/grants/", {"admins": [1, 900_000], "permission": 9}, 404),
        ("POST", "/api/bulk/grants/", {"admins": [1], "department": 1, "permission": 9}, 422),
        ("GET", "/api/admins/900000/", None, 404),
        ("GET", "/api/departments/5000/", None, 404),
        ("GET", "/api/admins/?department=1&limit=1000", None, 422),
    ]
    for method, path, body, status in refused:
        assert server.ask(method, path, body).status == status, (path, body)
    assert (counted(table, "audit"), counted(table, "admins"), counted(table, "assignments")) == before


# One row of audit for each operation


def test_every_operation_is_written_down_once_even_when_many_do_the_same_at_once(server, table):
    def ask(number: int) -> int:
        admin = 2 + number % 3  # a few admins, so that they meet
        asked = [
            ("PUT", f"/api/admins/{admin}/permissions/9/", None),
            ("DELETE", f"/api/admins/{admin}/permissions/9/", None),
            ("PATCH", f"/api/admins/{admin}/", {"department": 1 + number % 10}),
            ("POST", "/api/bulk/grants/", {"admins": [4, 3, 2, 3], "permission": 11 + number % 2}),
            ("POST", "/api/bulk/grants/", {"department": 1 + number % 10, "permission": 30}),
            ("POST", "/api/admins/", {"email": f"made-{number}@market.example", "department": 1, "role": 2}),
        ]
        return server.ask(*asked[number % len(asked)]).status

    def audited() -> int:
        return server.ask("GET", "/api/audit/count/").json["count"]

    before, rows = audited(), counted(table, "audit")
    with concurrent.futures.ThreadPoolExecutor(16) as people:
        statuses = list(people.map(ask, range(240)))
    assert set(statuses) == {200, 201}
    assert audited() - before == counted(table, "audit") - rows == 240
    newest = table.execute("SELECT action, count(*) FROM audit GROUP BY 1 HAVING action IN ('create', 'bulk grant')")
    assert dict(newest.fetchall()).items() >= {"create": 40, "bulk grant": 80}.items()
    removed = server.ask("DELETE", "/api/made/").json
    assert removed["admins"] == 40
    assert counted(table, "admins") == ADMINS
    assert counted(table, "assignments", "granted_by IS NOT NULL") == 0
    assert audited() - before == 241, "the removal, too"


def test_a_bulk_of_a_hundred_is_all_or_none_and_one_row(server, table):
    rows = counted(table, "audit")
    assert (
        server.ask("POST", "/api/bulk/grants/", {"admins": [*range(101, 201)], "permission": 12}).json["admins"] == 100
    )
    detail = table.execute("SELECT detail FROM audit ORDER BY id DESC LIMIT 1").fetchone()[0]
    assert detail == {"permission": 12, "admins": [*range(101, 201)]}
    assert counted(table, "audit") - rows == 1
    server.ask("DELETE", "/api/made/")


# Cache and queue


def test_permissions_are_kept_until_they_change_and_a_hit_asks_no_database(server, table):
    admin = 321
    first, second, past = permissions(server, admin), permissions(server, admin), None
    assert [first.headers["X-Cache"], second.headers["X-Cache"]] == ["miss", "hit"]
    before = server.ask("GET", "/api/cache/").json
    past = permissions(server, admin, **{"Cache-Control": "no-cache"})
    assert past.headers["X-Cache"] == "bypass"
    assert first.json == second.json == past.json
    assert permissions(server, admin).headers["X-Cache"] == "hit"
    after = server.ask("GET", "/api/cache/").json
    assert after["hits"] - before["hits"] == 1
    (missing,) = table.execute(
        "SELECT min(id) FROM permissions WHERE id > 1 AND NOT code = ANY(%s)", (first.json["permissions"],)
    ).fetchone()
    assert server.ask("PUT", f"/api/admins/{admin}/permissions/{missing}/").json == {"granted": 1}
    changed = permissions(server, admin)
    assert (changed.headers["X-Cache"], changed.json["count"]) == ("miss", first.json["count"] + 1)
    assert server.ask("DELETE", f"/api/admins/{admin}/permissions/{missing}/").json == {"revoked": 1}
    assert permissions(server, admin).json == first.json


def test_every_change_leaves_a_job_that_is_done_in_the_background(server, table):
    wait_for(lambda: server.ask("GET", "/api/queue/").json["depth"] == 0, "an empty queue")
    done, told = server.ask("GET", "/api/queue/").json["done"], counted(table, "notifications")
    server.ask("PATCH", "/api/admins/8/", {"department": 2})
    server.ask("POST", "/api/bulk/grants/", {"admins": [8, 9, 10], "permission": 12})
    wait_for(lambda: server.ask("GET", "/api/queue/").json["done"] == done + 2, "two jobs")
    assert counted(table, "notifications") - told == 4
    server.ask("DELETE", "/api/made/")


def test_a_queue_that_nobody_works_on_grows_and_gets_older_and_nothing_in_it_is_lost(server, table):
    (worker,) = [pid for pid in workers_of(server.process.pid) if pid == min(workers_of(server.process.pid))]
    wait_for(lambda: server.ask("GET", "/api/queue/").json["depth"] == 0, "an empty queue")
    told = counted(table, "notifications")
    os.kill(worker, signal.SIGSTOP)
    try:
        for _ in range(5):
            server.ask("PATCH", "/api/admins/8/", {"department": 2})
        # The stopped process may still be waiting for one, which Redis then hands over.
        first = server.ask("GET", "/api/queue/").json
        assert first["depth"] in (4, 5)
        time.sleep(0.3)
        assert server.ask("GET", "/api/queue/").json["age_s"] >= first["age_s"] + 0.3
        metrics = server.ask("GET", "/api/metrics/", plain=True).text
        assert f"marketplace_queue_depth {first['depth']}\n" in metrics
    finally:
        os.kill(worker, signal.SIGCONT)
    wait_for(lambda: counted(table, "notifications") == told + 5, "all five")


# Tokens


def test_a_token_ends_when_it_says_and_no_other_key_makes_one(postgres, redis_url, files, server):
    with market(postgres, redis_url, files, "short", MARKETPLACE_TOKEN_S="2") as short:
        assert short.ask("GET", "/api/me/").json["admin"] == 1
        wait_for(lambda: short.ask("GET", "/api/me/").status == 401, "the end of the token")
        token = log_in(short).json
        assert token["expires_in"] == 2
        assert server.ask("GET", "/api/me/", headers={"Authorization": f"Bearer {token['token']}"}).status == 401


LONG = """\
suite: long
identities:
  owner:
    login:
      - request: POST /api/login/
        json: {email: admin-1@market.example, password: "${MARKETPLACE_PASSWORD}"}
        extract: {token: $.token}
    headers: {Authorization: "Bearer {token}"}
endpoints: {me: {request: GET /api/me/, identity: owner, rate: 50/s}}
scenarios: {enduring: {load: {rate: 20/s, for: 12s, spacing: evenSTRETCH}, mix: {me: 1}}}
policy: {max_rate: 50/s, budget: {time: 4s}}
"""


@pytest.mark.parametrize("stretch", [", stretch: 3s", ""])
def test_a_load_longer_than_a_token_is_made_in_stretches_or_not_at_all(
    stretch, postgres, redis_url, files, monkeypatch, tmp_path
):
    monkeypatch.setenv("MARKETPLACE_PASSWORD", PASSWORD)
    (tmp_path / "gate.yml").write_text(LONG.replace("STRETCH", stretch))
    with market(postgres, redis_url, files, "ending", MARKETPLACE_TOKEN_S="8") as ending:
        code = main(["run", f"--suite={tmp_path / 'gate.yml'}", f"--preview={ending.origin}", f"--out={tmp_path}"])
    (path,) = tmp_path.glob("run-*.json")
    run = json.loads(path.read_text())["run"]
    if not stretch:
        assert code == 3
        assert "a login lasts 8 s" in run["not_measured"][0]["message"]
        return
    assert (code, run["not_measured"]) == (0, [])
    record = run["scenarios"]["enduring"]
    assert (record["planned"], record["completed"], record["errors"]) == (240, 240, {})
    assert record["elapsed_s"] >= 11.9


def test_tokens_are_read_only_as_they_were_signed(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "tokens", raising=False)
    from tokens import Tokens

    monkeypatch.delitem(sys.modules, "tokens")
    now_s = 1000.0
    tokens = Tokens(b"key", 60, lambda: now_s)
    token = tokens.give(7)
    header, claims, signature = token.split(".")
    assert tokens.admin_of(f"Bearer {token}") == 7
    forged = ["", "Bearer ", f"Basic {token}", f"Bearer {header}.{claims}.", f"Bearer {header}.{claims}.{signature}x"]
    other = Tokens(b"key", 60, lambda: now_s).give(1).split(".")[1]
    forged += [f"Bearer {header}.{other}.{signature}", f"Bearer {Tokens(b'other', 60, lambda: now_s).give(7)}"]
    assert [tokens.admin_of(text) for text in forged] == [None] * len(forged)
    now_s = 1060.0
    assert tokens.admin_of(f"Bearer {token}") is None


# How much history it has


def test_it_has_as_much_history_as_it_is_started_with_and_counts_none_of_it_as_new(postgres, redis_url, files):
    own = {"DATABASE_URL": postgres.url("market_history")}

    def told(name: str, **settings: str) -> tuple[int, int, int]:
        with market(postgres, redis_url, files, name, **own, **settings) as server:
            server.ask("PATCH", "/api/admins/8/", {"department": 2})
            with psycopg.connect(own["DATABASE_URL"]) as connection:
                rows = counted(connection, "audit", "id <= (SELECT last_audit FROM seeded)")
            newest = server.ask("GET", "/api/admins/8/audit/?limit=200").json
            assert [row["id"] for row in newest] == sorted((row["id"] for row in newest), reverse=True)
            counts = server.ask("GET", "/api/audit/count/").json["count"], server.ask("GET", "/api/about/").json
            assert counts[1]["audit_rows"] == rows
            assert f"marketplace_audit_rows {rows}\n" in server.ask("GET", "/api/metrics/", plain=True).text
            return rows, counts[0], len(newest)

    found = [
        told("first"),
        told("long", MARKETPLACE_AUDIT_ROWS="150000"),
        told("longer", MARKETPLACE_AUDIT_ROWS="160000"),
    ]
    found.append(told("again"))
    assert [rows for rows, _, _ in found] == [100_000, 150_000, 160_000, 100_000]
    assert [new for _, new, _ in found] == [1, 2, 3, 4]
    assert found[1][2] > found[0][2], "each admin has its share of it"


def test_each_process_tells_of_its_own_pool(server):
    told = {}
    for _ in range(20):  # each on a connection of its own, which the kernel gives to either
        page = server.ask("GET", "/api/metrics/", plain=True).text
        told |= dict(re.findall(r'^marketplace_pool_size\{pid="(\d+)"\} (\d+)$', page, re.M))
        assert re.search(r'^marketplace_pool_in_use\{pid="\d+"\} \d+$', page, re.M)
        assert re.search(r'^marketplace_pool_wait_seconds_total\{pid="\d+"\} [\d.]+$', page, re.M)
    assert told.keys() <= {str(pid) for pid in workers_of(server.process.pid)}
    assert set(told.values()) == {"10"}
    assert len(told) == 2


# How it starts and ends


def test_workers_share_the_connections_and_take_each_others_tokens(server):
    pids = workers_of(server.process.pid)
    assert len(pids) == 3, "two that answer, one for jobs"
    for _ in range(20):  # each on a connection of its own, which the kernel gives to either
        assert server.ask("GET", "/api/me/").status == 200


@pytest.mark.parametrize("victim", [0, -1])
def test_one_process_that_ends_ends_all_and_sigterm_too(victim, postgres, redis_url, files):
    with market(postgres, redis_url, files, f"ended{victim}", "--workers", "2") as ending:
        pids = sorted(workers_of(ending.process.pid))
        os.kill(pids[victim], signal.SIGKILL)
        assert ending.process.wait(PATIENCE_S) == 1
        wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), "the end of all")


def test_sigterm_ends_all(postgres, redis_url, files):
    with market(postgres, redis_url, files, "sigterm") as ending:
        pids = workers_of(ending.process.pid)
        ending.process.send_signal(signal.SIGTERM)
        assert ending.process.wait(PATIENCE_S) == 0
        assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL: is not set"),
        ({"REDIS_URL": ""}, "REDIS_URL: is not set"),
        ({"MARKETPLACE_ADMINS": "many"}, "MARKETPLACE_ADMINS: 'many' is not a whole number"),
        ({"MARKETPLACE_AUDIT_ROWS": "99999"}, "MARKETPLACE_AUDIT_ROWS: 99,999 are fewer than the 100,000 of 1,000"),
        ({"MARKETPLACE_VARIANT": "loud"}, "MARKETPLACE_VARIANT: 'loud' is none of sound, lost-audit, n-plus-one"),
        ({"MARKETPLACE_ADMINS": "2000"}, "holds 1,000 admins, version 1, not 2,000, version 1; drop it"),
    ],
)
def test_wrong_settings_are_named_with_what_was_seen(settings, said, server, postgres, redis_url):
    environment = {
        "DATABASE_URL": postgres.url("market"),
        "REDIS_URL": redis_url,
        "MARKETPLACE_ADMINS": str(ADMINS),
        **settings,
    }
    command = [sys.executable, FOLDER / "serve.py", "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert said in done.stderr
    assert postgres.password not in done.stderr


# Measured by the gate


def test_every_request_of_the_suite_is_answered_as_expected_and_written_down(server, table, files, monkeypatch):
    monkeypatch.setenv("MARKETPLACE_PASSWORD", PASSWORD)
    assert main(["validate", "--suite", str(FOLDER / "gate.yml")]) == 0
    text = (FOLDER / "gate.yml").read_text()
    for whole, small in (
        (r"for: 60s", "for: 4s"),
        (r"rate: 5/s", "rate: 20/s"),
        (r"budget: {time: 110s}", "budget: {time: 20s}"),
        (r"max_rate: 100/s", "max_rate: 200/s"),
        (r"p95: \d+m?s, p99: \d+m?s", "p95: 10s"),
    ):
        assert re.search(whole, text), whole
        text = re.sub(whole, small, text)
    (files / "gate.yml").write_text(text)
    (files / "none").mkdir()
    before = counted(table, "audit")
    given = [f"--suite={files / 'gate.yml'}", f"--baselines={files / 'none'}", f"--out={files}"]
    assert main(["check", f"--preview={server.origin}", *given]) in (0, 1)
    (path,) = files.glob("run-*.json")
    run = json.loads(path.read_text())["run"]
    assert run["not_measured"] == []
    sent = {name: record["arms"]["candidate"] for name, record in run["endpoints"].items()}
    assert all(arm["errors"] == {} for arm in sent.values())
    assert run["scenarios"]["business"]["errors"] == {}
    assert counted(table, "audit") > before
    assert counted(table, "admins") == ADMINS, "the cleanup has taken them away"
