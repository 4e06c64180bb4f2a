"""The console of examples/deploy-console: what it answers, where its pool ends, how it throttles."""

from __future__ import annotations

import concurrent.futures
import json
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import psycopg
import pytest

from gate.cli import main
from tests.integration.examples.servers import EXAMPLES, PATIENCE_S, Example, started
from tests.integration.processes import wait_for

FOLDER = EXAMPLES / "deploy-console"
JSON = {"Content-Type": "application/json"}
ACCOUNT = {"username": "operator", "password": "ship-it"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("console")


def log_in(server: Example, **other: str):
    return server.ask("POST", "/api/login/", ACCOUNT | other, headers=JSON, plain=True)


@contextmanager
def console(postgres, files, name: str, **settings: str):
    environment = {"DATABASE_URL": postgres.url("console"), "CONSOLE_CLUSTER_MS": "200", **settings}
    with started(FOLDER, files / f"{name}.txt", environment) as server:
        token = log_in(server).json["token"]
        headers = {"Authorization": f"Bearer {token}", **JSON}
        yield Example(server.port, server.process, server.errors, headers)


@pytest.fixture(scope="module")
def server(postgres, files):
    with console(postgres, files, "server") as running:
        yield running


@pytest.fixture
def table(server, postgres):
    with psycopg.connect(postgres.url("console"), autocommit=True) as connection:
        yield connection


def deploy(server: Example, **more: object):
    return server.ask("POST", "/api/deployments/", {"project": 7, "version": "2.0.1", **more})


# What it answers


def test_what_is_deployed_and_approved_is_there_until_it_is_taken_away(server, table):
    answer = deploy(server)
    assert (answer.status, answer.json["state"]) == (201, "running")
    number = answer.json["id"]
    row = "SELECT project_id, version, state, started_by FROM deployments WHERE id = %s"
    assert table.execute(row, (number,)).fetchone() == (7, "2.0.1", "running", "operator")
    for _ in range(2):
        assert server.ask("POST", "/api/approvals/", {"deployment": number}).json == {"approvals": 1}
    assert server.ask("DELETE", "/api/mine/").json == {"deployments": 1, "approvals": 0}, "they went with it"
    assert table.execute(row, (number,)).fetchone() is None


def test_connectors_are_told_as_the_tables_say(server, table):
    one = server.ask("GET", "/api/connectors/5/").json
    newest = "SELECT is_up FROM checks WHERE connector_id = 5 ORDER BY checked_at DESC LIMIT 1"
    assert one["is_up"] == table.execute(newest).fetchone()[0]
    of_project = server.ask("GET", "/api/connectors/?project=6").json
    assert {each["id"] for each in of_project} == {
        number for (number,) in table.execute("SELECT id FROM connectors WHERE project_id = 6")
    }
    assert 0 < of_project[0]["up_ratio"] < 1


def test_who_asks_must_be_known(server):
    asked = [
        ("GET", "/api/about/"),
        ("POST", "/api/deployments/"),
        ("POST", "/api/approvals/"),
        ("GET", "/api/connectors/1/"),
        ("GET", "/api/connectors/?project=1"),
        ("DELETE", "/api/mine/"),
        ("POST", "/api/throttle/flush/"),
    ]
    for method, path in asked:
        for headers in ({}, {"Authorization": "Bearer nope"}, {"Authorization": "Basic b3A6eA=="}):
            assert server.ask(method, path, headers=headers, plain=True).status == 401, path
    for wrong in ({"password": "wrong"}, {"username": "else"}):
        assert log_in(server, **wrong).status == 401
    assert server.ask("GET", "/api/health/", plain=True).status == 200


def test_what_cannot_be_is_refused_and_nothing_kept(server, table):
    before = table.execute("SELECT count(*) FROM deployments").fetchone()
    assert deploy(server, project=100_000).status == 404
    assert deploy(server, version="two; or three").status == 422
    assert deploy(server, force=True).status == 422
    assert server.ask("POST", "/api/deployments/", '{"project":').status == 422
    assert server.ask("POST", "/api/approvals/", {"deployment": 10**12}).status == 404
    assert server.ask("GET", "/api/connectors/100000/").status == 404
    assert server.ask("GET", "/api/connectors/99999999999/").status == 404
    assert server.ask("GET", "/api/nothing/").status == 404
    assert table.execute("SELECT count(*) FROM deployments").fetchone() == before


# Where it ends


def held(connection) -> int:
    """Connections of the console that wait for the cluster, in a transaction."""
    statement = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = 'console' AND application_name = 'deploy-console' AND wait_event = 'PgSleep'
    """
    return connection.execute(statement).fetchone()[0]


def test_deployments_hold_connections_until_there_are_none_and_everybody_waits(postgres, files, table):
    settings = {"CONSOLE_POOL": "3", "CONSOLE_CLUSTER_MS": "2000", "CONSOLE_POOL_WAIT_S": "1"}
    with (
        console(postgres, files, "small", **settings) as small,
        concurrent.futures.ThreadPoolExecutor(8) as people,
    ):
        asked = [people.submit(deploy, small) for _ in range(3)]
        wait_for(lambda: held(table) == 3, "three held")
        late = [people.submit(deploy, small), people.submit(small.ask, "GET", "/api/connectors/5/")]
        assert small.ask("GET", "/api/health/").status == 200, "needs no connection"
        for answer in (each.result() for each in late):
            assert (answer.status, answer.json["detail"]) == (503, "no database connection became free in 1 s")
            assert "Retry-After" not in answer.headers, "or it would be taken for throttling"
        assert held(table) <= 3
        assert {each.result().status for each in asked} == {201}
        assert deploy(small).status == 201, "the pool is whole again"


# How it throttles


def test_after_so_many_requests_in_a_minute_a_client_is_told_to_wait_until_that_is_flushed(postgres, files):
    with console(postgres, files, "throttled", CONSOLE_THROTTLE="20") as throttled:
        seen = [throttled.ask("GET", "/api/connectors/5/") for _ in range(25)]
        assert [answer.status for answer in seen] == [200] * 20 + [429] * 5
        assert 1 <= int(seen[-1].headers["Retry-After"]) <= 60
        assert throttled.ask("GET", "/api/health/").status == 200
        assert throttled.ask("POST", "/api/throttle/flush/").status == 204
        assert throttled.ask("GET", "/api/connectors/5/").status == 200


def test_logins_have_a_throttle_of_their_own(postgres, files):
    with console(postgres, files, "logins", CONSOLE_LOGIN_THROTTLE="3") as throttled:
        statuses = [log_in(throttled).status for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        assert throttled.ask("GET", "/api/connectors/5/").status == 200


def test_a_minute_that_is_over_is_forgotten(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "throttle", raising=False)
    from throttle import Throttle

    monkeypatch.delitem(sys.modules, "throttle")
    now_s = 1000.0
    throttle = Throttle(2, lambda: now_s)
    assert [throttle.wait_s("a") for _ in range(3)] == [None, None, 60]
    assert throttle.wait_s("b") is None
    now_s = 1045.5
    assert throttle.wait_s("a") == 15
    now_s = 1060.0
    assert [throttle.wait_s("a") for _ in range(3)] == [None, None, 60]
    assert Throttle(None).wait_s("a") is None


# How it starts and ends


def test_sigterm_ends_it_with_requests_under_way_answered(postgres, files):
    with console(postgres, files, "ended", CONSOLE_CLUSTER_MS="1000") as ending:
        answers = []
        asking = threading.Thread(target=lambda: answers.append(deploy(ending).status))
        asking.start()
        time.sleep(0.3)
        ending.process.send_signal(signal.SIGTERM)
        ending.process.wait(PATIENCE_S)
        asking.join(PATIENCE_S)
        assert answers == [201]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL: is not set"),
        ({"CONSOLE_POOL": "0"}, "CONSOLE_POOL: '0' is not a whole number from 1 to 90"),
        ({"CONSOLE_THROTTLE": "many"}, "CONSOLE_THROTTLE: 'many'"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/none"}, "DATABASE_URL: database 'none'"),
    ],
)
def test_wrong_settings_are_named_with_what_was_seen(settings, said, postgres):
    environment = {"DATABASE_URL": postgres.url("console"), **settings}
    command = [sys.executable, FOLDER / "serve.py", "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert said in done.stderr
    assert postgres.password not in done.stderr


# Measured by the gate


SMALLER = (
    (r"for: \d+s", "for: 3s"),
    (r"ramp: \ds", "ramp: 500ms"),
    (r"users: (50|100|200)\b", "users: 10"),
    (r"users: 1000", "users: 300"),
    (r"think: \ds", "think: 1s"),
    (r"rate: (8|10)/s", "rate: 25/s"),
    (r"p50: (100|600)ms", "p50: 1s"),
    (r"p95: (100ms|200ms|500ms|1s|1500ms)", "p95: 5s"),
    (r"max_rate: 50/s", "max_rate: 200/s"),
    (r"budget: {time: 55s}", "budget: {time: 8s}"),
)
"""As the suite, but shorter, and with limits that a busy machine meets as long as nobody waits for a connection."""


def check(files, server: Example, name: str, *changes: tuple[str, str]) -> tuple[int, dict, dict]:
    """Exit code, verdict and run of the suite at a small scale."""
    text = (FOLDER / "gate.yml").read_text()
    for old, new in (*SMALLER, *changes):
        assert re.search(old, text), old
        text = re.sub(old, new, text)
    folder = files / name
    (folder / "none").mkdir(parents=True)
    (folder / "gate.yml").write_text(text)
    given = [f"--suite={folder / 'gate.yml'}", f"--baselines={folder / 'none'}", f"--out={folder}"]
    code = main(["check", f"--preview={server.origin}", *given])
    (path,) = folder.glob("run-*.json")
    return code, json.loads((folder / "verdict.json").read_text()), json.loads(path.read_text())["run"]


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("CONSOLE_PASSWORD", ACCOUNT["password"])


def test_three_scenarios_pass_and_the_burst_that_uses_up_the_pool_is_told_and_blocks_nothing(
    postgres, files, password, table
):
    assert main(["validate", "--suite", str(FOLDER / "gate.yml")]) == 0
    with console(postgres, files, "measured", CONSOLE_POOL="12", CONSOLE_POOL_WAIT_S="1") as measured:
        code, verdict, run = check(files, measured, "advisory")
        assert code == 0, verdict["reasons"]
        assert run["scenarios"].keys() == {"deployments", "approvals", "connectors", "burst"}
        assert run["scenarios"]["burst"]["errors"]["status_503"] > 0
        assert all(not record["errors"] for name, record in run["scenarios"].items() if name != "burst")
        missed = {row["endpoint"] for row in verdict["rows"] if row["outcome"] == "missed"}
        assert missed == {"burst"}
        assert table.execute("SELECT count(*) FROM deployments WHERE started_by = 'operator'").fetchone() == (0,)

    folder = files / "advisory"
    suite, (measurement,) = (folder / "gate.yml").read_text(), folder.glob("run-*.json")
    (folder / "blocking.yml").write_text(suite.replace("\n    advisory: true", ""))
    given = [f"--suite={folder / 'blocking.yml'}", f"--baselines={folder / 'none'}", f"--out={files / 'blocking'}"]
    assert main(["compare", str(measurement), *given]) == 1, "the same run, where the burst may block"
    verdict = json.loads((files / "blocking" / "verdict.json").read_text())
    assert verdict["verdict"] == "BLOCKED"
    assert any("burst" in row for reason in verdict["reasons"] for row in reason["rows"])


def test_a_throttled_measurement_is_called_that_and_not_slow(postgres, files, password):
    with console(postgres, files, "limited", CONSOLE_THROTTLE="30") as limited:
        code, verdict, _ = check(files, limited, "throttled")
    assert (code, verdict["measured"]) == (3, False)
    assert "429" in verdict["reasons"][0]["message"] or "throttl" in verdict["reasons"][0]["message"]


def test_what_others_asked_before_is_flushed_by_the_setup_and_one_login_is_enough(postgres, files, password):
    settings = {"CONSOLE_THROTTLE": "1500", "CONSOLE_LOGIN_THROTTLE": "2"}
    with console(postgres, files, "flushed", **settings) as limited:
        while limited.ask("GET", "/api/connectors/5/").status == 200:
            pass
        code, _, run = check(files, limited, "once", (r"users: 300,", "users: 10,"))
    assert (code, run["not_measured"]) == (0, [])
