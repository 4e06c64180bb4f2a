"""Setup, cleanup and teardown at work: what the preview was asked, when, by whom, and what is said if it fails."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from gate.cli import main
from gate.record.codec import decode_run, encode_run
from tests.integration.load.servers import Behaviour, Server, answer, serving
from tests.integration.processes import FOREVER_S, started, wait_for, workers_of

SUITE = """\
suite: s
identities:
  user:
    login: [{request: POST /login, extract: {token: $.token}}]
    headers: {Authorization: "Token {token}"}
setup:
  - {request: POST /flush, status: 204}
  - {request: POST /shelves, identity: user, json: {key: "{{uuid}}"}, status: 201, extract: {shelf: $.id}}
  - {request: "POST /shelves/{shelf}/fill", json: {shelf: "{shelf}"}}
endpoints:
  see: {request: "GET /see/{shelf}", rate: 200/s}
  buy:
    request: POST /buy
    json: {shelf: "{shelf}"}
    identity: user
    rate: 200/s
    mutates: true
    cleanup: {request: "DELETE /bought/{shelf}"}
  once: {request: "PUT /once/{shelf}"}
teardown:
  - {request: "DELETE /shelves/{shelf}", identity: user}
  - {request: POST /flush, status: 204}
policy: {max_rate: 400/s, budget: {time: 2s}}
"""
SHELF = 4711


def shop(**odd: int) -> Behaviour:
    """Answers as it should, but for these paths with these statuses."""

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        path = line.split(" ")[1]
        status = next((code for start, code in odd.items() if path.startswith(f"/{start}")), None)
        usual = 204 if path == "/flush" else 201 if path == "/shelves" else 200
        body = b"" if (status or usual) == 204 else json.dumps({"id": SHELF, "token": "t1"}).encode()
        connection.sendall(answer(status or usual, body))
        return True

    return behave


def asked(server: Server) -> list[str]:
    """Methods and paths that were asked, in their order, each once for those that follow one another."""
    lines = [" ".join(line.split(" ")[:2]) for line in server.requests]
    return [line for before, line in zip(["", *lines], lines, strict=False) if line != before]


def gate(folder: Path, command: str, *options: str, suite: str = SUITE) -> tuple[int, dict]:
    """Exit code of a command in this process, and its last run."""
    (folder / "gate.yml").write_text(suite)
    (folder / "baselines").mkdir(exist_ok=True)
    stored = [f"--baselines={folder / 'baselines'}"] if command == "check" else []
    code = main([command, f"--suite={folder / 'gate.yml'}", f"--out={folder / 'out'}", *stored, *options])
    files = sorted((folder / "out").glob("run-*.json"), key=lambda path: path.stat().st_mtime)
    return code, json.loads(files[-1].read_text())["run"]


def judged_without(notices: list[dict], folder: Path) -> int:
    """Exit code of the last run, judged again as if it had not said these."""
    (file,) = (folder / "out").glob("run-*.json")
    run = decode_run(file.read_bytes())
    kept = [one for one in run.notices if one.message not in {notice["message"] for notice in notices}]
    assert len(kept) < len(run.notices)
    (folder / "silent.json").write_bytes(encode_run(run.model_copy(update={"notices": kept})))
    where = [f"--suite={folder / 'gate.yml'}", f"--baselines={folder / 'baselines'}", f"--out={folder / 'silent'}"]
    return main(["compare", *where, str(folder / "silent.json")])


def left_behind(run: dict) -> list[dict]:
    return [notice for notice in run["notices"] if notice["code"] == "left-behind"]


BEFORE = ["GET /", "POST /login", "POST /flush", "POST /shelves", f"POST /shelves/{SHELF}/fill", f"PUT /once/{SHELF}"]
AFTER = [f"DELETE /bought/{SHELF}", f"DELETE /shelves/{SHELF}", "POST /flush"]


def test_validate_tells_what_is_asked_outside_the_measurement(tmp_path, capsys):
    (tmp_path / "gate.yml").write_text(SUITE)
    assert main(["validate", f"--suite={tmp_path / 'gate.yml'}"]) == 0
    assert (
        "asked once outside the measurement: setup step 1, setup step 2, setup step 3, cleanup of buy, teardown step 1,"
        " teardown step 2" in capsys.readouterr().out
    )


def test_setup_goes_before_everything_and_teardown_after_it_once_each(tmp_path):
    with serving(shop()) as server:
        code, run = gate(tmp_path, "run", "--preview", server.origin)
    heads = dict(zip(server.requests, server.heads, strict=True))
    assert code in (0, 3), "3 where this machine is too busy"
    assert asked(server)[: len(BEFORE)] == BEFORE
    assert asked(server)[-len(AFTER) :] == AFTER
    for line in (*BEFORE[3:], *AFTER[:2]):
        assert sum(sent.startswith(line + " ") for sent in server.requests) == 1, line
    assert b'{"shelf":4711}' in heads[f"POST /shelves/{SHELF}/fill HTTP/1.1"], "a number stays one"
    assert b'{"shelf":4711}' in heads["POST /buy HTTP/1.1"]
    for line, is_somebody in (("POST /shelves", True), ("POST /flush", False), (AFTER[0], True), (AFTER[1], True)):
        assert (b"authorization: Token t1" in heads[f"{line} HTTP/1.1"]) == is_somebody, line
    assert left_behind(run) == []


def test_no_request_of_setup_or_teardown_is_part_of_a_figure(tmp_path):
    with serving(shop()) as server:
        _, run = gate(tmp_path, "run", "--preview", server.origin)
    for name, path in (("see", "/see"), ("buy", "/buy"), ("once", "/once")):
        counted = sum(block["sent"] for block in run["endpoints"][name]["arms"]["candidate"]["blocks"])
        counted += run["warmup"].get(name, {}).get("candidate", {}).get("requests", 0)
        seen = sum(line.split(" ")[1] in (path, f"{path}/{SHELF}") for line in server.requests)
        again = 50 * run["generator"]["repeated"]
        assert counted <= seen <= counted + again


def test_base_and_candidate_have_setups_of_their_own(tmp_path):
    with serving(shop()) as preview, serving(shop()) as base:
        gate(tmp_path, "run", "--preview", preview.origin, "--base", base.origin)
        for server in (preview, base):
            assert asked(server)[: len(BEFORE)] == BEFORE
            assert asked(server)[-len(AFTER) :] == AFTER


def test_two_arms_at_one_origin_are_set_up_once(tmp_path):
    with serving(shop()) as server:
        gate(tmp_path, "run", "--preview", server.origin, "--base", server.origin)
    for line in ("POST /shelves", *AFTER[:2]):
        assert sum(sent.startswith(line + " ") for sent in server.requests) == 1, line


@pytest.mark.parametrize(
    ("odd", "says", "cure"),
    [
        ({"flush": 503}, "setup step 1 on the preview, POST /flush, answered status 503", "see setup[0] in the suite"),
        (
            {"shelves": 200},
            "setup step 2 on the preview, POST /shelves, answered status 200",
            "see setup[1] in the suite",
        ),
    ],
)
def test_a_setup_that_fails_ends_the_run_and_what_it_began_is_torn_down(tmp_path, capsys, odd, says, cure):
    with serving(shop(**odd)) as server:
        code, run = gate(tmp_path, "check", "--preview", server.origin)
    assert code == 3
    assert says in capsys.readouterr().out
    assert run["not_measured"][0]["message"] == says
    assert run["not_measured"][0]["cure"].startswith(cure)
    assert not any(line.split(" ")[1].startswith(("/see", "/buy", "/once", "/bought")) for line in server.requests)
    assert server.requests[-1].startswith("POST /flush "), "the last step of teardown"


def test_a_value_that_setup_does_not_find_is_named(tmp_path, capsys):
    suite = SUITE.replace("extract: {shelf: $.id}", "extract: {shelf: $.data.id}")
    with serving(shop()) as server:
        code, run = gate(tmp_path, "run", "--preview", server.origin, suite=suite)
    assert code == 3
    assert run["not_measured"][0]["message"] == (
        "setup step 2 on the preview, POST /shelves, answered without $.data.id, where {shelf} comes from"
    )
    assert "gate: left behind: teardown step 1 on the preview, DELETE /shelves/{shelf}" in capsys.readouterr().err
    assert [notice["message"] for notice in left_behind(run)] == [
        "teardown step 1 on the preview, DELETE /shelves/{shelf}, was not sent: nothing gave it {shelf};"
        " what this run created may still be there"
    ]


def test_what_could_not_be_cleaned_up_is_told_loudly_and_changes_no_verdict(tmp_path, capsys):
    with serving(shop(bought=500)) as preview, serving(shop()) as base:
        code, run = gate(tmp_path, "check", "--preview", preview.origin, "--base", base.origin)
    assert code in {0, 1, 3}, "a busy machine may call anything slower"
    assert judged_without(left_behind(run), tmp_path) == code
    told = left_behind(run)
    assert [notice["message"] for notice in told] == [
        "cleanup of buy on the preview, DELETE /bought/{shelf}, answered status 500;"
        " what this run created may still be there"
    ]
    assert told[0]["cure"] == "take it away by hand, and see endpoints.buy.cleanup"
    assert "cleanup of buy on the preview" in capsys.readouterr().out
    comment = (tmp_path / "out" / "comment.md").read_text()
    assert comment.index("cleanup of buy on the preview") < (comment + "<details>").index("<details>")


@pytest.mark.parametrize("at", ["/see", "/once"])
def test_a_signal_leaves_nothing_behind_and_ends_soon_all_the_same(tmp_path, at):
    with serving(shop()) as server, started(tmp_path, "run", server, suite=SUITE) as process:
        wait_for(lambda: any(line.split(" ")[1].startswith(at) for line in server.requests), "the load")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=FOREVER_S)
        assert time.monotonic() - began < 6, "a second, on a machine with other work to do"
        assert asked(server)[-len(AFTER) :] == AFTER
    assert process.returncode == 143


def test_a_teardown_that_hangs_holds_no_signal_up(tmp_path):
    def behave(connection: socket.socket, line: str, number: int) -> bool:
        if line.startswith("DELETE"):
            time.sleep(30)
        return shop()(connection, line, number)

    with serving(behave) as server, started(tmp_path, "run", server, suite=SUITE) as process:
        wait_for(lambda: any("/see" in line for line in server.requests), "the load")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=FOREVER_S)
        assert time.monotonic() - began < 6, "a second, on a machine with other work to do"
    (path,) = (tmp_path / "out").glob("run-*.json")
    told = [notice["message"] for notice in left_behind(json.loads(path.read_text())["run"])]
    assert [text.partition(";")[0] for text in told] == [
        "cleanup of buy on the preview, DELETE /bought/{shelf}, failed: no answer in time",
        "teardown step 1 on the preview, DELETE /shelves/{shelf}, failed: no answer in time",
    ]
    assert asked(server)[-1] == AFTER[-1], "what does not hang is done"


def test_a_signal_while_tearing_down_goes_on_with_it(tmp_path):
    def behave(connection: socket.socket, line: str, number: int) -> bool:
        if line.startswith("DELETE /bought") and sum("/bought" in asked for asked in server.requests) == 1:
            time.sleep(30)
        return shop()(connection, line, number)

    with serving(behave) as server, started(tmp_path, "run", server, suite=SUITE) as process:
        wait_for(lambda: any("/bought" in line for line in server.requests), "the cleanup")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=FOREVER_S)
        assert asked(server)[-2:] == AFTER[1:]
    assert process.returncode == 143
    (path,) = (tmp_path / "out").glob("run-*.json")
    assert not json.loads(path.read_text())["run"]["complete"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
def test_a_lost_worker_leaves_nothing_behind(tmp_path):
    with serving(shop()) as server, started(tmp_path, "check", server, suite=SUITE) as process:
        wait_for(lambda: sum("/see" in line for line in server.requests) > 40, "the load")
        (worker,) = workers_of(process.pid)
        os.kill(worker, signal.SIGKILL)
        process.communicate(timeout=FOREVER_S)
        assert asked(server)[-len(AFTER) :] == AFTER
    assert process.returncode == 3


def test_a_preview_that_is_never_ready_is_not_asked_to_tear_down(tmp_path):
    suite = SUITE.replace("suite: s\n", "suite: s\npreview: {ready: {status: 204, timeout: 1s}}\n")
    with serving(shop()) as server:
        code, run = gate(tmp_path, "run", "--preview", server.origin, suite=suite)
    assert code == 3
    assert set(asked(server)) == {"GET /"}
    assert left_behind(run) == []
