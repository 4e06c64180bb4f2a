"""The example learning platform: a real server over a real database."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.integration.examples.platforms import COMMIT, FOLDER, SIZE, Platform, environment, manage, running
from tests.integration.processes import wait_for

LESSON: dict[str, Any] = {"course": 1, "room": "lab", "starts_at": "2027-03-01T08:00:00Z", "minutes": 45}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running(tmp_path_factory.mktemp("learning") / "learning.sqlite3") as started:
        yield started


@pytest.fixture(scope="module")
def student(platform: Platform) -> str:
    return platform.login("student")


@pytest.fixture(scope="module")
def teacher(platform: Platform) -> str:
    return platform.login("teacher")


@pytest.fixture(scope="module")
def admin(platform: Platform) -> str:
    return platform.login("admin")


def lessons(platform: Platform) -> int:
    return int(platform.rows("SELECT COUNT(*) FROM learning_lesson")[0][0])


def test_the_seeded_rows_are_there_and_the_same_in_every_database(platform: Platform, tmp_path: Path) -> None:
    counts = {
        name: platform.rows(f"SELECT COUNT(*) FROM {name}")[0][0]
        for name in (
            "learning_material",
            "learning_lesson",
            "learning_assignment",
            "learning_course",
            "learning_chatroom",
        )
    }
    assert list(counts.values()) == [SIZE, SIZE, SIZE // 2, SIZE // 20, SIZE // 20]
    with running(tmp_path / "second.sqlite3") as second:
        for table in [*counts, "learning_material_tags", "learning_enrolment", "learning_chatmessage"]:
            everything = f"SELECT * FROM {table} ORDER BY id"
            assert second.rows(everything) == platform.rows(everything)


def test_what_people_ask_for_is_answered(platform: Platform, student: str, admin: str) -> None:
    assert platform.get("/api/health/") == {"status": "ok"}
    profile = platform.get("/api/profile/me/", student)
    assert (profile["username"], profile["role"], profile["courses"]) == ("student", "student", 4)
    for path, token, total in [
        ("/api/materials/", student, SIZE),
        ("/api/lessons/", student, SIZE),
        ("/api/chat/rooms/", student, SIZE // 20),
        ("/api/assignments/", admin, SIZE // 2),
        ("/api/admin/users/", admin, platform.rows("SELECT COUNT(*) FROM auth_user")[0][0]),
    ]:
        page = platform.get(path, token)
        assert (page["count"], len(page["results"])) == (total, 10)
    assert len(platform.get("/api/materials/?page_size=60", student)["results"]) == 60


def test_the_counts_beside_rows_are_those_of_the_database(platform: Platform, student: str, admin: str) -> None:
    taking = dict(platform.rows("SELECT student_id, COUNT(*) FROM learning_enrolment GROUP BY 1"))
    for user in platform.get("/api/admin/users/?page_size=100", admin)["results"]:
        assert user["courses"] == taking.get(user["id"], 0)
    said = dict(platform.rows("SELECT room_id, COUNT(*) FROM learning_chatmessage GROUP BY 1"))
    for room in platform.get("/api/chat/rooms/", student)["results"]:
        assert room["messages"] == said[room["id"]]
    own = "SELECT COUNT(*) FROM learning_assignment JOIN learning_enrolment USING (course_id) WHERE student_id = 1"
    assert platform.get("/api/assignments/", student)["count"] == platform.rows(own)[0][0] > 0


@pytest.mark.parametrize(
    ("method", "path", "who", "raw", "status"),
    [
        ("GET", "/api/profile/me/", None, b"", 401),
        ("GET", "/api/profile/me/", "nope", b"", 401),
        ("POST", "/api/auth/login/", None, b'{"username":', 400),
        ("POST", "/api/auth/login/", None, b'{"username": "student"}', 400),
        ("POST", "/api/auth/login/", None, b'{"username": "student", "password": "wrong"}', 401),
        ("POST", "/api/auth/login/", None, b'{"username": "student-1", "password": ""}', 400),
        ("GET", "/api/nothing/here/", None, b"", 404),
        ("GET", "/nothing", None, b"", 404),
        ("GET", "/static/learning/../settings.py", None, b"", 404),
        ("PUT", "/api/materials/", "student", b"{}", 405),
        ("GET", "/api/materials/?page=1000000", "student", b"", 404),
        ("GET", "/api/materials/?category=x", "student", b"", 400),
        ("GET", "/api/materials/9999999/", "student", b"", 404),
        ("GET", "/api/admin/users/", "student", b"", 403),
        ("GET", "/api/admin/users/", "teacher", b"", 403),
        ("GET", "/api/about/", "student", b"", 403),
        ("GET", "/api/about/", None, b"", 401),
        ("POST", "/api/lessons/", "student", b"{}", 403),
        ("POST", "/api/lessons/", "teacher", b"{}", 400),
        ("POST", "/api/lessons/", "teacher", b"[1", 400),
    ],
)
def test_errors_are_json_and_say_whose_they_are(
    platform: Platform, method: str, path: str, who: str | None, raw: bytes, status: int
) -> None:
    token = platform.login(who) if who in {"student", "teacher"} else who
    answer = platform.ask(method, path, token=token, raw=raw)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/json")
    assert isinstance(answer.body, dict)
    assert b"Traceback" not in answer.raw


def test_what_a_constraint_refuses_stores_nothing(platform: Platform, teacher: str) -> None:
    before = lessons(platform)
    third = {**LESSON, "starts_at": "2027-03-15T08:00:00Z"}
    assert platform.ask("POST", "/api/lessons/", third, teacher).status == 201
    for refused in (third, {**LESSON, "weeks": 3}, {**LESSON, "minutes": 0}, {**LESSON, "minutes": -5}):
        answer = platform.ask("POST", "/api/lessons/", refused, teacher)
        assert answer.status == 409
        assert "constraint failed" in answer.body["detail"].lower()
        assert platform.get("/api/lessons/count/", teacher) == {"count": before + 1}
    assert platform.ask("POST", "/api/lessons/", {**LESSON, "weeks": 2}, teacher).status == 201
    assert lessons(platform) == before + 3
    assert platform.ask("DELETE", "/api/lessons/mine/", token=teacher).body == {"removed": 3}
    assert platform.ask("DELETE", "/api/lessons/mine/", token=teacher).body == {"removed": 0}
    assert lessons(platform) == before


def test_answers_name_commit_and_origin_and_no_server(platform: Platform) -> None:
    answer = platform.ask("GET", "/api/health/")
    assert answer.headers["x-commit"] == COMMIT
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "server" not in answer.headers
    asked = {"Origin": "https://app.example", "Access_Control_Request_Method": "POST"}
    preflight = platform.ask("OPTIONS", "/api/lessons/", **asked)
    assert preflight.status == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "Authorization" in preflight.headers["access-control-allow-headers"]


def test_long_answers_are_compressed_where_asked_for(platform: Platform, student: str) -> None:
    plain = platform.ask("GET", "/api/materials/?page_size=50", token=student)
    packed = platform.ask("GET", "/api/materials/?page_size=50", token=student, Accept_Encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.raw) == plain.raw
    assert 1_000 < len(packed.raw) < len(plain.raw) / 2
    assert "content-encoding" not in platform.ask("GET", "/api/health/", Accept_Encoding="gzip").headers


def test_static_files_are_served(platform: Platform) -> None:
    answer = platform.ask("GET", "/static/learning/learning.css")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/css"
    assert answer.raw == (FOLDER / "learning/static/learning/learning.css").read_bytes()


def test_about_says_what_runs(platform: Platform, admin: str) -> None:
    about = platform.get("/api/about/", admin)
    assert about["framework"].startswith("Django 5.")
    assert about["database"] == f"SQLite {sqlite3.sqlite_version} in a file"
    assert (about["debug"], about["cache"], about["variant"]) == (False, "LocMemCache", "none")
    assert about["pool_size"] == platform.metric("db_pool_size") == 10
    assert "journal wal" in about["connections"]


def test_connections_are_given_back(platform: Platform, student: str) -> None:
    taken = platform.metric("db_pool_waits_total")
    paths = ["/api/health/", "/api/materials/", "/api/nothing/", "/api/lessons/count/"] * 10
    with ThreadPoolExecutor(20) as together:
        answers = list(together.map(lambda path: platform.ask("GET", path, token=student).status, paths))
    assert sorted(answers) == [200] * 30 + [404] * 10
    assert platform.metric("db_pool_in_use") == 0
    assert platform.metric("db_pool_waits_total") == taken + 30
    assert platform.metric("db_pool_wait_seconds_total") >= 0


@pytest.mark.skipif(find_spec("gate_instrument") is None, reason="gate-instrument is not installed")
def test_switched_on_it_says_how_many_queries_it_asked_and_how_long_it_waited(platform: Platform, student: str) -> None:
    path = "/api/materials/?page_size=50"
    assert "server-timing" not in platform.ask("GET", path, token=student).headers
    with running(platform.database, GATE_INSTRUMENT="1") as watched:
        timing = watched.ask("GET", path, token=student).headers["server-timing"]
    told = {part.split(";")[0].strip(): part for part in timing.split(",")}
    assert 'desc="4' in told["db"]
    assert {"pool", "held"} <= set(told)


def test_a_busy_database_is_told_from_a_broken_one(platform: Platform, student: str, teacher: str) -> None:
    with (
        running(platform.database, LEARNING_POOL="1", LEARNING_POOL_TIMEOUT="0.05") as small,
        closing(sqlite3.connect(platform.database, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as beside,
    ):
        assert small.get("/api/lessons/count/", student) == {"count": SIZE}
        other.execute("BEGIN IMMEDIATE")  # the only connection waits for this lock, and whoever comes next for it
        try:
            waiting = beside.submit(small.ask, "POST", "/api/lessons/", LESSON, teacher)
            wait_for(lambda: small.metric("db_pool_in_use") == 1, "the lock to be waited for")
            answer = small.ask("GET", "/api/lessons/count/", token=student)
            assert (answer.status, "retry-after" in answer.headers) == (503, False)
            assert answer.body == {"detail": "all 1 connections were in use for 0.05 s"}
        finally:
            other.execute("ROLLBACK")
        assert waiting.result().status == 201
        assert small.ask("DELETE", "/api/lessons/mine/", token=teacher).status == 200


def test_migrations_are_applied_and_the_schema_has_every_index(platform: Platform, tmp_path: Path) -> None:
    assert manage(platform.database, "migrate", "--check").returncode == 0
    assert manage(platform.database, "makemigrations", "--check").returncode == 0
    whole = manage(platform.database, "check_indexes")
    assert whole.returncode == 0
    assert {line.split()[0] for line in whole.stdout.splitlines()} == {"ok"}
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(platform.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("DROP INDEX material_of_category")
        target.execute("DROP INDEX message_newest")
        target.execute("CREATE INDEX message_newest ON learning_chatmessage (id, room_id)")
        target.commit()
    broken = manage(copy, "check_indexes")
    assert broken.returncode == 1
    assert "learning_material material_of_category, learning_chatmessage message_newest" in broken.stderr
    assert manage(tmp_path / "empty.sqlite3", "migrate", "--check").returncode == 1


def chat(platform: Platform, room: object, query: str = "", **headers: str) -> ClientConnection:
    address = f"ws://{platform.address}/ws/chat/{room}/{query}"
    return connect(address, additional_headers=headers, open_timeout=60, close_timeout=10)


def test_the_chat_answers_with_the_number_it_stores(platform: Platform, student: str) -> None:
    with (
        chat(platform, 3, f"?token={student}") as by_query,
        chat(platform, 3, Authorization=f"Token {student}") as by_header,
    ):
        numbers = []
        for socket in (by_query, by_header, by_query):
            socket.send(json.dumps({"text": "is anybody there?", "n": len(numbers)}))
            answer = json.loads(socket.recv(timeout=60))
            assert answer == {"text": "is anybody there?", "n": len(numbers), "id": answer["id"]}
            numbers.append(answer["id"])
    said = platform.get("/api/chat/rooms/3/messages/", student)["results"]
    assert [message["id"] for message in said[:3]] == sorted(numbers, reverse=True)


@pytest.mark.parametrize(
    ("room", "query"), [(3, ""), (3, "?token="), (3, "?token=nope"), (999, "?token={token}"), ("x", "?token={token}")]
)
def test_the_chat_refuses_who_has_no_token_and_rooms_that_are_not_there(
    platform: Platform, student: str, room: object, query: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        chat(platform, room, query.replace("{token}", student))
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "message", ["no json", "[]", "{}", '{"text": 1}', '{"text": ""}', json.dumps({"text": "x" * 1001})]
)
def test_the_chat_ends_with_who_sends_nonsense(platform: Platform, student: str, message: str) -> None:
    with chat(platform, 3, f"?token={student}") as socket:
        socket.send(message)
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(timeout=60)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1007


def test_fifty_connections_are_held_and_all_answered(platform: Platform, student: str) -> None:
    with ExitStack() as open_ones:
        held = [open_ones.enter_context(chat(platform, 1 + n % 5, f"?token={student}")) for n in range(50)]
        for socket in held:
            socket.send('{"text": "still here"}')
        assert len({json.loads(socket.recv(timeout=60))["id"] for socket in held}) == 50
        assert platform.metric("db_pool_in_use") == 0


COUNT_QUERIES = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
os.environ["DJANGO_SETTINGS_MODULE"] = "learning.settings"
import django
django.setup()
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.authtoken.models import Token
client = Client(headers={"Authorization": "Token " + Token.objects.get(user__username="student").key})
for path in sys.argv[2:]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    print(path, len(queries))
"""


def counted(database: Path, script: str, *arguments: str, **extra: str) -> dict[str, int]:
    ended = subprocess.run(
        [sys.executable, "-c", script, str(FOLDER), *arguments],
        env=environment(LEARNING_DB=str(database), LEARNING_HOSTS="testserver", **extra),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return {name: int(count) for name, count in (line.split() for line in ended.stdout.splitlines())}


def queries_by_items(database: Path, **extra: str) -> dict[str, list[int]]:
    paths = [f"/api/{name}/?page_size={items}" for name in ("materials", "lessons") for items in (1, 10, 50)]
    found = list(counted(database, COUNT_QUERIES, *paths, **extra).values())
    return {"materials": found[:3], "lessons": found[3:]}


def test_lists_ask_a_constant_number_of_queries(platform: Platform, student: str) -> None:
    assert student
    assert queries_by_items(platform.database) == {"materials": [4, 4, 4], "lessons": [3, 3, 3]}


def test_n_plus_one_asks_three_more_for_each_material(platform: Platform, student: str) -> None:
    assert student
    slow = queries_by_items(platform.database, LEARNING_VARIANT="n_plus_one")
    assert slow == {"materials": [3 + 3, 3 + 30, 3 + 150], "lessons": [3, 3, 3]}


def test_error_contract_blames_the_server_for_everything(platform: Platform) -> None:
    with running(platform.database, LEARNING_VARIANT="error_contract") as broken:
        assert broken.ask("GET", "/api/profile/me/", token="nope").status == 500
        assert broken.ask("POST", "/api/auth/login/", raw=b'{"username":').status == 500
        assert broken.ask("POST", "/api/auth/login/", {}).status == 500
        assert broken.get("/api/profile/me/", broken.login("student"))["username"] == "student"


TRACE_MEMORY = """
import os, sys
sys.path.insert(0, sys.argv[1])
os.environ["DJANGO_SETTINGS_MODULE"] = "learning.settings"
import gc, tracemalloc
import django
django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory  # its Client would itself keep something of each request
handler, factory = WSGIHandler(), RequestFactory()
def ask(times):
    for _ in range(times):
        handler.get_response(factory.get("/api/health/")).close()
tracemalloc.start()
ask(2_500)
gc.collect()
before = tracemalloc.get_traced_memory()[0]
ask(1_332)
gc.collect()
print("grown", tracemalloc.get_traced_memory()[0] - before)
"""


@pytest.mark.parametrize(("variant", "grown_bytes"), [("leak", 1_332 * 1_024), ("cache", 0)])
def test_the_leak_keeps_a_kilobyte_of_every_request_and_the_cache_is_bounded(
    platform: Platform, variant: str, grown_bytes: int
) -> None:
    # Django's cache drops a third of its 2,000 entries whenever it is full: its memory goes up and down with a period
    # of 666 requests, so the two ends of two periods are compared, once it has been full.
    grown = counted(platform.database, TRACE_MEMORY, LEARNING_VARIANT=variant)["grown"]
    assert grown == pytest.approx(grown_bytes, abs=0.1 * 1_332 * 1_024)


def alive(group: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_it_ends_with_its_workers(platform: Platform, tmp_path: Path, workers: int) -> None:
    with running(platform.database, workers) as second:
        assert second.get("/api/lessons/count/", second.login("student"))["count"] == SIZE
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(timeout=60) == 0
        wait_for(lambda: not alive(second.process.pid), "the last of its processes")


def test_run_sh_serves_on_the_port_it_is_given(platform: Platform) -> None:
    given = environment(PYTHON=sys.executable, PORT="0", LEARNING_DB=str(platform.database))
    with subprocess.Popen(
        [str(FOLDER / "run.sh")], env=given, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"LEARNING_VARIANT": "moon_phase"}, "unknown variant 'moon_phase'"),
        ({"LEARNING_SIZE": "10"}, "LEARNING_SIZE=10: 10 is too small; give at least 1000"),
        ({"LEARNING_SIZE": "many"}, "LEARNING_SIZE=many"),
        ({"LEARNING_POOL": "none"}, "LEARNING_POOL=none: give a number above zero"),
        ({"LEARNING_POOL_TIMEOUT": "0"}, "LEARNING_POOL_TIMEOUT=0: give a number above zero"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_2(tmp_path: Path, extra: dict[str, str], said: str) -> None:
    ended = subprocess.run(
        [sys.executable, str(FOLDER / "serve.py"), "--port=0", f"--db={tmp_path / 'learning.sqlite3'}"],
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(tmp_path / "learning.sqlite3")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM auth_user").fetchall() == [(0,)]
