"""The gate starts a preview, and ends it with all that it started, whatever happens in between."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gate.serving.preview import free_port
from tests.integration.processes import COMMAND, wait_for
from tests.integration.telemetry.gates import APPLICATION, environment, gate, run_in, suite

FOREVER = """\
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # and its child in a process group of its own
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", deaf], process_group=0)
open(os.environ["PIDS"], "w").write(f"{os.getpid()} {child.pid}")
os.execv(sys.executable, [sys.executable, sys.argv[1], *sys.argv[2:]])
"""


def is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    return False


def test_it_is_measured_and_gone_afterwards_and_its_words_are_kept(tmp_path):
    done = gate(tmp_path, suite(argument="'two words'"))
    assert done.returncode == 0, done.stderr
    assert run_in(tmp_path).environment.host == "loopback"
    assert "application with ['two words']" in (tmp_path / "out" / "serve.log").read_text()
    assert run_in(tmp_path).telemetry is None


def test_it_is_run_without_a_shell(tmp_path):
    done = gate(tmp_path, suite(argument="$HOME;touch {x}*"))
    assert done.returncode == 0, done.stderr
    assert "application with ['$HOME;touch', '{x}*']" in (tmp_path / "out" / "serve.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_what_it_started_though_they_do_not_listen(tmp_path, number):
    (tmp_path / "stubborn.py").write_text(FOREVER)
    pids = tmp_path / "pids"
    text = suite().replace(f"{APPLICATION} plain", f"stubborn.py {APPLICATION}")
    (tmp_path / "gate.yml").write_text(text.replace("9s", "60s"))
    command = [*COMMAND, "run", f"--suite={tmp_path / 'gate.yml'}", f"--out={tmp_path / 'out'}"]
    with subprocess.Popen(command, env=environment(PIDS=str(pids)), stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: "round" in process.stderr.readline(), "the load")
        mine = [int(pid) for pid in pids.read_text().split()]
        assert all(map(is_running, mine))
        process.send_signal(number)
        process.communicate()
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert not any(map(is_running, mine))


def test_when_the_gate_is_killed_it_is_ended_all_the_same(tmp_path):
    (tmp_path / "stubborn.py").write_text(FOREVER.replace("SIG_IGN", "SIG_DFL"))
    pids = tmp_path / "pids"
    text = suite().replace(f"{APPLICATION} plain", f"stubborn.py {APPLICATION}")
    (tmp_path / "gate.yml").write_text(text.replace("9s", "60s"))
    command = [*COMMAND, "run", f"--suite={tmp_path / 'gate.yml'}", f"--out={tmp_path / 'out'}"]
    with subprocess.Popen(command, env=environment(PIDS=str(pids)), stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: "round" in process.stderr.readline(), "the load")
        mine = [int(pid) for pid in pids.read_text().split()]
        process.kill()
        process.communicate()
    wait_for(lambda: not any(map(is_running, mine)), "the end of the preview")


def test_one_that_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path):
    (tmp_path / "broken.py").write_text("print('no such table: orders')\nraise SystemExit(4)\n")
    done = gate(tmp_path, suite().replace(str(APPLICATION), "broken.py"))
    assert done.returncode == 3
    assert "ended with exit code 4; it said last:\nno such table: orders" in done.stderr


def test_one_that_ends_under_load_is_not_measured(tmp_path):
    text = suite("scenarios: {end: {load: {rate: 5/s, for: 3s}, mix: {die: 1}}}\n")
    text = text.replace("endpoints: {", "endpoints: {die: {request: GET /die, gate: false}, ").replace("9s", "15s")
    done = gate(tmp_path, text)
    assert done.returncode == 3, done.stderr
    assert "preview.serve started ended with exit code 3" in done.stderr


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "INPUT_GITHUB-TOKEN"])
def test_it_is_refused_beside_a_token(tmp_path, name):
    done = gate(tmp_path, suite(), env=environment(**{name: "secret-token"}))
    assert done.returncode == 2
    assert f"{name} would be within its reach" in done.stderr
    assert "secret-token" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_preview_given_by_hand_goes_before_it(tmp_path):
    done = gate(tmp_path, suite().replace("30s", "1s"), "run", "--preview=http://127.0.0.1:1")
    assert done.returncode == 3
    assert "connection refused" in done.stderr
    assert not (tmp_path / "out" / "serve.log").exists()


def test_a_program_that_is_not_there_is_named(tmp_path):
    done = gate(tmp_path, suite().replace(f"{sys.executable} {APPLICATION}", "./nothing.sh"))
    assert done.returncode == 2
    assert "./nothing.sh" in done.stderr


def test_a_scenario_has_it_started_with_its_own_values_and_those_behind_with_the_usual(tmp_path):
    more = """
scenarios:
  usual: {load: {count: 20}, mix: {home: 1}, objectives: {bytes: 5B}}
  other: {load: {count: 20}, mix: {home: 1}, serve: {ANSWER: "0123456789"}}
  after: {load: {count: 20}, mix: {home: 1}}
"""
    done = gate(tmp_path, suite(more))
    assert done.returncode == 0, done.stderr
    sizes = {name: record.body_max for name, record in run_in(tmp_path).scenarios.items()}
    assert sizes == {"usual": 2, "other": 10, "after": 2}
    assert (tmp_path / "out" / "serve.log").read_text().count("application with") == 3


def test_without_serve_such_a_scenario_is_left_out_and_blocks(tmp_path):
    more = "scenarios: {other: {load: {count: 20}, mix: {home: 1}, serve: {ANSWER: '0'}}}\n"
    port = free_port()
    with subprocess.Popen([sys.executable, APPLICATION], env={**os.environ, "PORT": str(port)}) as server:
        try:
            done = gate(tmp_path, suite(more), "check", f"--preview=http://127.0.0.1:{port}")
        finally:
            server.kill()
    assert done.returncode == 3
    assert "scenario other was not measured" in done.stdout
