"""Commands that are cancelled, killed, or run side by side: they end, and leave no process and no half a file."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate.load.listening import SILENCE_S
from tests.integration.load.servers import answer, serving, steady
from tests.integration.processes import COMMAND, FOREVER_S, SOON_S, SUITE, folder_of, started, wait_for, workers_of


def hesitant(connection: socket.socket, _line: str, _number: int) -> bool:
    """Answer after a while: most of the time the gate waits inside the library."""
    time.sleep(1.0)
    connection.sendall(answer(503))
    return True


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_waiting_for_the_preview_ends_it(tmp_path, number, code):
    with serving(hesitant) as server, started(tmp_path, "check", server) as process:
        wait_for(lambda: server.requests != [], "the first look")
        time.sleep(0.2)
        process.send_signal(number)
        try:
            _, said = process.communicate(timeout=SOON_S)
        except subprocess.TimeoutExpired:
            pytest.fail("it goes on waiting")
    assert process.returncode == code
    assert f"cancelled by {number.name}" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out" / "verdict.json").exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
@pytest.mark.parametrize("times", [1, 2])
def test_a_cancelled_load_ends_soon_and_takes_its_worker_along(tmp_path, times):
    """Twice is what somebody in a hurry does; the second one need not be answered politely."""
    with serving(steady()) as server, started(tmp_path, "check", server) as process:
        wait_for(lambda: len(server.requests) > 40, "the load")
        (worker,) = workers_of(process.pid)
        began = time.monotonic()
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        _, said = process.communicate(timeout=FOREVER_S)
        wait_for(lambda: not Path(f"/proc/{worker}").exists(), "the end of the worker")
        assert time.monotonic() - began < SOON_S
    assert process.returncode in ((130,) if times == 1 else (130, -signal.SIGINT))
    assert "Traceback" not in said
    assert [path.name for path in (tmp_path / "out").glob(".writing-*")] == []
    if times == 1:
        (path,) = (tmp_path / "out").glob("run-*.json")
        run = json.loads(path.read_text())["run"]
        assert (run["complete"], run["not_measured"][0]["code"]) == (False, "cancelled")


def test_what_was_measured_before_a_signal_is_kept_to_the_last_request(tmp_path):
    """The segment that was cut short included: nothing the preview saw is missing from the run file."""
    with serving(steady(0.002)) as server, started(tmp_path, "run", server) as process:
        wait_for(lambda: sum("/home" in line for line in server.requests) > 140, "the blocks")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=FOREVER_S)
        seen = sum("/home" in line for line in server.requests)
    assert process.returncode == 143
    (path,) = (tmp_path / "out").glob("run-*.json")
    run = json.loads(path.read_text())["run"]
    assert not run["complete"]
    blocks = run["endpoints"]["home"]["arms"]["candidate"]["blocks"]
    again = 50 * run["generator"]["repeated"]
    kept = run["warmup"]["home"]["candidate"]["requests"] + sum(block["sent"] for block in blocks) + again
    assert kept - 1 <= seen <= kept, "one that was just being sent may not have arrived"
    assert blocks[-1]["planned"] <= 50


@pytest.mark.parametrize(
    "load", ["{users: 6, for: 20s}", "{find: max_users, until: p95 <= 5s, from: 6, limit: 9, for: 20s}"]
)
def test_a_scenario_cut_short_is_in_the_report_with_the_reason_and_its_figures(tmp_path, load):
    suite = (
        "suite: s\nendpoints: {home: {request: GET /home, rate: 100/s}, walk: {request: GET /walk, rate: 100/s}}\n"
        f"scenarios:\n  crowd: {{load: {load}, mix: {{walk: 1}}}}\n"
        "  later: {load: {users: 1, for: 1s}, mix: {walk: 1}}\npolicy: {max_rate: 200/s, budget: {time: 4s}}\n"
    )
    with serving(steady(0.02)) as server, started(tmp_path, "check", server, suite=suite) as process:
        wait_for(lambda: sum("/walk" in line for line in server.requests) > 1200, "the scenario")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=FOREVER_S)
    assert process.returncode == 143
    text = (tmp_path / "out" / "report.md").read_text()
    assert not (tmp_path / "out" / "verdict.json").exists()
    assert text.startswith("# Performance report: s\n\n**BLOCKED - not measured**: cancelled by SIGTERM")
    (told,) = [line for line in text.splitlines() if line.startswith("- scenario crowd was cut short after ")]
    assert ": cancelled by SIGTERM" in told
    assert "- scenario later: not begun" in text
    endpoint, _ = [line for line in text.splitlines() if line.startswith("| home |")]
    assert "not judged" in endpoint
    if "find" not in load:
        (line,) = [line for line in text.splitlines() if line.startswith("| crowd |")]
        assert "**CUT SHORT**" in line
        assert " of 20 s: " in told
    (path,) = (tmp_path / "out").glob("run-*.json")
    record = json.loads(path.read_text())["run"]["scenarios"]["crowd"]
    assert record["cut_short"]["message"].startswith("cancelled by SIGTERM")
    assert record["completed"] > 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
def test_a_lost_worker_ends_the_run_soon_and_what_was_measured_before_is_kept(tmp_path):
    with serving(steady()) as server, started(tmp_path, "check", server) as process:
        wait_for(lambda: sum("/home" in line for line in server.requests) > 140, "the blocks")
        (worker,) = workers_of(process.pid)
        folder, began = folder_of(worker), time.monotonic()
        assert folder.is_dir()
        os.kill(worker, signal.SIGKILL)
        process.communicate(timeout=FOREVER_S)
        assert time.monotonic() - began < SOON_S
    assert process.returncode == 3
    assert not folder.exists()
    (path,) = (tmp_path / "out").glob("run-*.json")
    run = json.loads(path.read_text())["run"]
    assert not run["complete"]
    assert "worker ended" in run["not_measured"][0]["message"]
    assert run["endpoints"]["home"]["arms"]["candidate"]["blocks"]
    assert json.loads((tmp_path / "out" / "verdict.json").read_text())["exit_code"] == 3


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
def test_a_worker_that_says_nothing_any_more_ends_the_run_and_is_ended(tmp_path):
    """Stopped here; stuck or starved would look the same from outside."""
    with serving(steady()) as server, started(tmp_path, "run", server) as process:
        wait_for(lambda: sum("/home" in line for line in server.requests) > 140, "the blocks")
        (worker,) = workers_of(process.pid)
        os.kill(worker, signal.SIGSTOP)
        try:
            _, said = process.communicate(timeout=SILENCE_S + 2 * SOON_S)
        except subprocess.TimeoutExpired:
            pytest.fail("it goes on waiting")
        wait_for(lambda: not Path(f"/proc/{worker}").exists(), "the end of the worker")
    assert process.returncode == 3
    assert f"the load worker (process {worker}) said nothing for 10 s in the middle of a measurement" in said
    assert "run again on a larger or quieter runner" in said
    (path,) = (tmp_path / "out").glob("run-*.json")
    run = json.loads(path.read_text())["run"]
    assert not run["complete"]
    assert run["not_measured"][0]["code"] == "not-measured"
    assert run["endpoints"]["home"]["arms"]["candidate"]["blocks"], "what was measured before is kept"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
def test_a_gate_that_is_killed_takes_its_worker_along(tmp_path):
    with serving(steady()) as server, started(tmp_path, "run", server) as process:
        wait_for(lambda: len(server.requests) > 40, "the load")
        (worker,) = workers_of(process.pid)
        folder = folder_of(worker)
        process.kill()
        process.wait(timeout=FOREVER_S)
        wait_for(lambda: not Path(f"/proc/{worker}").exists(), "the end of the worker")
        assert not folder.exists()
        sent = len(server.requests)
        time.sleep(0.5)
        assert len(server.requests) == sent, "nobody loads the preview any more"
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_two_refreshes_at_once_store_two_whole_runs(tmp_path):
    with serving(steady()) as server:
        (tmp_path / "gate.yml").write_text(SUITE.replace("50/s", "200/s").replace("time: 20s", "time: 1s"))
        command = [
            sys.executable,
            "-I",
            "-m",
            "gate",
            "refresh",
            f"--suite={tmp_path / 'gate.yml'}",
            f"--preview={server.origin}",
        ]
        command.append(f"--baselines={tmp_path / 'baselines'}")
        both = [
            subprocess.Popen(
                [*command, f"--out={tmp_path / name}"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            for name in ("one", "two")
        ]
        said = [process.communicate(timeout=FOREVER_S)[1] for process in both]
    codes = [process.returncode for process in both]
    assert set(codes) <= {0, 3}, said  # 3 where one was in the other's way
    stored = list((tmp_path / "baselines").rglob("*"))
    assert sum(path.suffix == ".json" for path in stored) == codes.count(0)
    assert not [path for path in stored if path.name.startswith(".writing-")]


def test_each_request_of_a_run_has_an_id_of_its_own(tmp_path):
    """Warm-up, rounds and blocks measured again included: an application refuses an id it has seen."""
    keys: list[str] = []

    def orders(connection: socket.socket, line: str, _number: int) -> bool:
        if line.startswith("POST "):
            keys.append(line.split(" ")[1])
        connection.sendall(answer())
        return True

    with serving(orders) as server:
        suite = tmp_path / "gate.yml"
        suite.write_text(
            "endpoints:\n"
            "  buy: {request: 'POST /buy?key={{uuid}}', mutates: true, rate: 200/s}\n"
            "  sell: {request: 'POST /sell?key={{uuid}}', mutates: true, rate: 200/s}\n"
            "policy: {max_rate: 200/s, budget: {time: 2s}}\n"
        )
        done = subprocess.run(
            [
                sys.executable,
                "-I",
                "-m",
                "gate",
                "run",
                f"--suite={suite}",
                f"--preview={server.origin}",
                f"--out={tmp_path / 'out'}",
            ],
            capture_output=True,
            timeout=FOREVER_S,
        )
    assert done.returncode in (0, 3), done.stderr
    assert len(keys) >= 300
    assert len({key.partition("=")[2] for key in keys if key.startswith("/buy")}) == sum(
        key.startswith("/buy") for key in keys
    )
    assert len(set(keys)) == len(keys)


def test_of_two_previews_one_that_never_comes_up_is_told_and_nothing_is_approved(tmp_path):
    with serving(steady()) as up, serving(lambda connection, _line, _number: connection.close()) as down:
        (tmp_path / "baselines").mkdir()
        (tmp_path / "gate.yml").write_text(
            "preview: {ready: {timeout: 1s}, commit: {header: X-Commit}}\n"
            "endpoints: {home: {request: GET /, rate: 200/s}}\npolicy: {max_rate: 200/s, budget: {time: 1s}}\n"
        )
        done = subprocess.run(
            [*COMMAND, "check", "--preview", up.origin, "--preview", down.origin, "--suite", tmp_path / "gate.yml"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=FOREVER_S,
        )
    assert done.returncode == 3, done.stderr
    assert "not ready within 1 s" in (tmp_path / "gate-out" / "comment.md").read_text().splitlines()[0]
