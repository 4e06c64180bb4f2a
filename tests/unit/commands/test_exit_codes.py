"""The table of exit codes, one test for each line that needs no GitHub."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from gate.cli import main
from gate.errors import ExitCode
from gate.measure.session import Session
from gate.record.codec import canonical, digest, encode_run, load_json
from gate.record.run import Run
from gate.record.value import Notice
from tests.builders import World, history_of, run_of, suite_text
from tests.integration.load.servers import answer, serving, steady

SLOW_SEARCH = World(slower={"search": 1.6})
LIMITS = "endpoints: {home: {request: GET /, objectives: {p95: %s}}}\n"
QUICK = (
    "preview: {ready: {timeout: 1s}%s}\nendpoints: {home: {request: GET /, rate: 200/s}}\n"
    "policy: {max_rate: 200/s, budget: {time: 1s}}\n"
)


@pytest.fixture
def stored(desk):
    """A desk with ten runs of main."""
    desk.store(history_of(desk.suite, 10))
    return desk


# 0 and 1: measured and judged


def test_every_row_decided_or_within_policy_is_0(stored):
    assert stored.compare(run_of(stored.suite)) == ExitCode.APPROVED
    assert stored.verdict["verdict"] == "APPROVED"
    assert set(stored.outcomes.values()) <= {"unchanged", "inconclusive", "improved"}


def test_a_regressed_row_is_1(stored):
    assert stored.compare(run_of(stored.suite, world=SLOW_SEARCH)) == ExitCode.BLOCKED
    assert {name for name, outcome in stored.outcomes.items() if outcome == "regressed"} == {"search/p50", "search/p95"}


def test_a_missed_objective_is_1(desk):
    suite = desk.write(suite_text(LIMITS % "5ms"))
    assert desk.compare(run_of(suite)) == ExitCode.BLOCKED
    assert desk.verdict["reasons"][0]["code"] == "missed"


@pytest.mark.parametrize(
    "world",
    [World(failing={"cart": 50}), World(kind="timeout", failing={"cart": 10}), World(bodies={"cart": 100})],
    ids=["status", "errors", "size"],
)
def test_unexpected_answers_where_baselines_answered_as_expected_are_1(stored, world):
    assert stored.compare(run_of(stored.suite, world=world)) == ExitCode.BLOCKED
    assert stored.verdict["reasons"][0]["code"] == "unexpected-answers"


def test_unexpected_answers_where_the_base_answered_as_expected_are_1(desk):
    run = run_of(desk.suite, world=World(failing={"cart": 50}), base=World())
    assert desk.compare(run) == ExitCode.BLOCKED
    assert desk.verdict["reasons"][0]["code"] == "unexpected-answers"


def test_no_baseline_yet_and_objectives_met_is_0_and_said_first(desk):
    suite = desk.write(suite_text(LIMITS % "500ms"))
    assert desk.compare(run_of(suite)) == ExitCode.APPROVED
    assert "no baseline yet" in desk.comment.splitlines()[0]


# 2: refused


def test_a_suite_that_is_refused_is_2(desk):
    run = run_of(desk.suite)
    desk.suite_file.write_text("endpoints: {home: GET /, home2: POST}\n")
    assert desk.compare(run) == ExitCode.USAGE
    assert not desk.out.exists()


def test_usage_that_is_refused_is_2(desk):
    assert desk.run("compare", desk.folder / "none.json") == ExitCode.USAGE
    with pytest.raises(SystemExit) as ended:
        desk.run("check", "--nonsense")
    assert ended.value.code == ExitCode.USAGE


def test_a_target_that_is_not_allowed_is_2_and_never_asked(desk):
    desk.write(suite_text(QUICK % ", hosts: ['*.preview.example.app']"))
    with serving(steady()) as server:
        # An address of this machine that does not count as loopback.
        assert desk.run("check", "--preview", server.origin.replace("127.0.0.1", "0.0.0.0")) == ExitCode.USAGE
        assert server.connections == 0


# 3: not measured


def test_never_ready_is_3(desk):
    desk.write(suite_text(QUICK % ""))
    with serving(lambda connection, _line, _number: connection.sendall(answer(503)) or True) as server:
        assert desk.run("check", "--preview", server.origin) == ExitCode.NOT_MEASURED
    assert "not ready within 1 s" in desk.comment


def test_a_wrong_commit_is_3(desk):
    desk.write(suite_text(QUICK % ", commit: {header: X-Commit}"))

    def stale(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(answer(headers="X-Commit: 1111111111\r\n"))
        return True

    with serving(stale) as server:
        assert desk.run("check", "--preview", server.origin, "--commit", "2" * 40) == ExitCode.NOT_MEASURED
    assert "did not serve commit 222222222222" in desk.comment


def test_throttled_is_3(desk):
    desk.write(suite_text(QUICK % ""))

    def throttle(connection: socket.socket, _line: str, number: int) -> bool:
        connection.sendall(answer(429 if number > 3 else 200))
        return True

    with serving(throttle) as server:
        assert desk.run("check", "--preview", server.origin) == ExitCode.NOT_MEASURED
    assert "throttled" in desk.comment


@pytest.mark.parametrize("code", ["generator-lag", "generator-cpu", "generator-dropped"])
def test_a_saturated_generator_is_3(stored, code):
    late = Notice(code=code, message="the load generator was late", cure="use a larger runner")
    assert stored.compare(run_of(stored.suite, not_measured=[late])) == ExitCode.NOT_MEASURED
    assert "the load generator was late" in stored.comment.splitlines()[0]


def test_too_little_data_is_3(stored):
    assert stored.compare(run_of(stored.suite, rounds=2)) == ExitCode.NOT_MEASURED
    assert set(stored.outcomes.values()) >= {"not_measured"}


def test_too_little_data_for_every_objective_is_3_where_nothing_else_judges(desk):
    suite = desk.write(suite_text("endpoints: {home: {request: GET /, objectives: {p99: 500ms}}}\n"))
    assert desk.compare(run_of(suite, rounds=3)) == ExitCode.NOT_MEASURED
    assert "too little data" in desk.comment.splitlines()[0]


def test_unexpected_answers_with_nothing_to_compare_are_3(desk):
    suite = desk.write(suite_text(LIMITS % "500ms"))
    assert desk.compare(run_of(suite, world=World(kind="status_404", failing={"home": 50}))) == ExitCode.NOT_MEASURED
    assert "status 404" in desk.verdict["reasons"][0]["message"]


def test_nothing_to_judge_by_is_3(desk):
    assert desk.compare(run_of(desk.suite)) == ExitCode.NOT_MEASURED
    assert desk.verdict["reasons"][0]["code"] == "nothing-to-judge"


def test_inconclusive_where_the_policy_blocks_is_3(desk):
    suite = desk.write(suite_text("policy: {on_inconclusive: block}\n"))
    desk.store(history_of(suite, 10))
    assert desk.compare(run_of(suite, world=World(slower={"search": 1.08}))) == ExitCode.NOT_MEASURED
    assert desk.verdict["reasons"][0]["code"] == "inconclusive"


def test_no_baseline_where_the_policy_blocks_is_3(desk):
    suite = desk.write(suite_text((LIMITS % "500ms") + "policy: {on_missing_baseline: block}\n"))
    assert desk.compare(run_of(suite)) == ExitCode.NOT_MEASURED
    assert desk.verdict["reasons"][0]["code"] == "no-baseline"


def test_everything_slower_and_not_confirmed_is_3(stored):
    assert stored.compare(run_of(stored.suite, world=World(slower={"*": 1.6}))) == ExitCode.NOT_MEASURED
    assert stored.verdict["reasons"][0]["code"] == "everything-slower"


def test_everything_slower_is_0_where_the_policy_lets_it_pass(desk):
    suite = desk.write(suite_text("policy: {on_global_suspect: approve}\n"))
    desk.store(history_of(suite, 10))
    assert desk.compare(run_of(suite, world=World(slower={"*": 1.6}))) == ExitCode.APPROVED
    assert "everything may be" in desk.comment.splitlines()[0]


# 5: baselines that cannot be used


def rehashed(data: bytes, **members: object) -> bytes:
    run = load_json(data)["run"] | members
    return (canonical({"run": run, "sha256": digest(run)}) + "\n").encode()


def _garbled(data: bytes) -> bytes:
    run = Run.model_validate(load_json(data)["run"])
    arm = run.endpoints["home"].arms["candidate"].model_copy(update={"histogram": "AAAA"})
    record = run.endpoints["home"].model_copy(update={"arms": {"candidate": arm}})
    return encode_run(run.model_copy(update={"endpoints": run.endpoints | {"home": record}}))


DAMAGES = {
    "corrupt": lambda data: b"\x00" * len(data),
    "truncated": lambda data: data[: len(data) // 2],
    "newer schema": lambda data: rehashed(data, schema="gate.run/2"),
    "wrong hash": lambda data: data.replace(b'"seed":1', b'"seed":2'),
    "wrong suite": lambda data: rehashed(data, suite="blog"),
    "impossible time": lambda data: rehashed(data, created="2026-13-01T00:00:00Z"),
    "infinite number": lambda data: data.replace(b'"seed":1', b'"seed":1e999'),
    "unreadable latencies": _garbled,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_baselines_that_cannot_be_used_are_5_and_stay_as_they_are(desk, damage):
    suite = desk.write(suite_text((LIMITS % "500ms") + "policy: {objectives: ratchet}\n"))
    desk.store(history_of(suite, 3))
    victim = sorted(desk.baselines.rglob("*.json"))[1]
    victim.write_bytes(DAMAGES[damage](victim.read_bytes()))
    before = desk.files()
    assert desk.compare(run_of(suite)) == ExitCode.BASELINES_UNUSABLE
    assert (desk.verdict["verdict"], desk.verdict["measured"]) == ("BLOCKED", False)
    assert desk.files() == before


def test_a_refresh_into_a_store_that_cannot_be_used_is_5_and_measures_nothing(desk):
    desk.store(history_of(desk.suite, 3, rounds=1))
    victim = sorted(desk.baselines.rglob("*.json"))[1]
    victim.write_bytes(DAMAGES["truncated"](victim.read_bytes()))
    before = desk.files()
    with serving(steady()) as server:
        assert desk.run("refresh", "--preview", server.origin) == ExitCode.BASELINES_UNUSABLE
        assert server.connections == 0
    assert desk.files() == before


# 70, 130, 143: not the preview's doing


def test_a_bug_is_70_without_a_traceback(desk, monkeypatch, capsys):
    def broken(_self: Session) -> None:
        raise ZeroDivisionError("this should not happen")

    monkeypatch.delenv("GATE_DEBUG", raising=False)
    monkeypatch.setattr(Session, "open", broken)
    desk.write(suite_text(QUICK % ""))
    assert desk.run("check", "--preview", "http://127.0.0.1:9") == ExitCode.BUG
    said = capsys.readouterr()
    assert "a bug in the gate: ZeroDivisionError: this should not happen" in said.err
    assert "Traceback" not in said.out + said.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_cancelled_is_130_or_143_and_what_was_measured_is_kept(desk, capsys, number, code):
    desk.write(suite_text(QUICK % ""))

    def strike(connection: socket.socket, line: str, seen: int) -> bool:
        connection.sendall(answer())
        if seen == 30:
            os.kill(os.getpid(), number)
        return True

    with serving(strike) as server:
        assert desk.run("check", "--preview", server.origin) == code
    (path,) = desk.out.glob("run-*.json")
    assert load_json(path.read_bytes())["run"]["complete"] is False
    assert f"cancelled by {number.name}" in capsys.readouterr().err
    assert desk.run("compare", path) == ExitCode.NOT_MEASURED


# Measure only


def test_measure_only_is_0_and_judges_nothing(desk):
    desk.write(suite_text(QUICK % ""))
    with serving(steady()) as server:
        assert desk.run("run", "--preview", server.origin) == ExitCode.APPROVED
    assert [path.name[:4] for path in desk.out.iterdir()] == ["run-"]


def test_measure_only_is_3_where_nothing_can_be_measured(desk):
    desk.write(suite_text(QUICK % ""))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert desk.run("run", "--preview", f"http://127.0.0.1:{port}") == ExitCode.NOT_MEASURED


def test_help_and_version_are_0(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("gate ")
