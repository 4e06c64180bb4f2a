"""Real processes, watched by the session that they are of."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from gate.telemetry.processes import SessionOfProcesses, at_work_s, in_session
from gate.telemetry.source import Unread
from tests.integration.processes import wait_for

TREE = """
import os, subprocess, sys, time
files = [open(os.devnull) for _ in range(50)]
kept = bytearray(os.urandom(1000) * 30000)
work = "import sys\\nfor n in range(3_000_000): pass\\nprint('done', flush=True)\\nsys.stdin.read()"
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
child = subprocess.Popen([sys.executable, "-c", work], process_group=0, **pipes)
child.stdout.readline()
print("ready", flush=True)
sys.stdin.readline()
child.stdin.close(); child.wait()
print("one left", flush=True)
sys.stdin.read()
"""


def values(watched) -> dict[str, float]:
    return {name.removeprefix("processes."): reading.value for name, reading in watched.read().items()}


@pytest.fixture
def tree():
    command = [sys.executable, "-c", TREE]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_all_of_a_session_are_added_up_also_in_groups_of_their_own(tree):
    watched = SessionOfProcesses(lambda: tree.pid)
    watched.begin()
    found = values(watched)
    own = {process.pid: process for process in in_session(tree.pid)}
    assert found["count"] == len(own) == 2
    assert own[tree.pid].descriptors >= 50
    assert own[tree.pid].memory_bytes > 30_000_000
    assert found["memory"] >= 30_000_000 + own[max(own)].memory_bytes / 2
    assert found["threads"] == 2
    assert found["cpu"] > own[tree.pid].cpu_s


def test_processor_time_of_those_that_ended_stays_counted(tree):
    watched = SessionOfProcesses(lambda: tree.pid)
    before = values(watched)
    tree.stdin.write("go on\n")
    tree.stdin.flush()
    assert tree.stdout.readline() == "one left\n"
    after = values(watched)
    assert after["count"] == 1
    assert after["cpu"] >= before["cpu"]


def test_the_machine_is_at_work_for_others_too(tree):
    """Half a second of this process, which is in no session that is watched."""
    watched = SessionOfProcesses(lambda: tree.pid)
    before, own_s = values(watched), time.process_time()
    while time.process_time() - own_s < 0.5:
        pass
    after = values(watched)
    assert after["machine_cpu"] - before["machine_cpu"] > 0.4
    assert after["cpu"] - before["cpu"] < 0.2


def test_only_processors_that_it_may_use_are_counted_and_neither_idle_nor_guests(tmp_path):
    lines = [
        "cpu  9 9 9 9 9 9 9 9 9 9",
        "cpu0 100 20 30 1000 500 1 2 3 60 7",
        "cpu1 10 0 0 900 0 0 0 0 0 0",
        "intr 5 5",
    ]
    (tmp_path / "stat").write_text("\n".join(lines))
    ticks = os.sysconf("SC_CLK_TCK")
    assert at_work_s({0}, tmp_path) == 156 / ticks
    assert at_work_s({0, 1}, tmp_path) == 166 / ticks
    assert at_work_s({0, 1, 2}, tmp_path) is None, "of one of them nothing is known"
    (tmp_path / "stat").write_text(lines[0])
    assert at_work_s({0}, tmp_path) is None


def test_what_is_gone_and_what_was_never_started_cannot_be_read(tree):
    tree.kill()
    tree.wait()
    wait_for(lambda: not list(in_session(tree.pid)), "the end of the session")
    for leader in (lambda: tree.pid, lambda: None):
        with pytest.raises(Unread, match="none of its processes"):
            SessionOfProcesses(leader).begin()


def test_where_there_is_no_proc_nothing_is_claimed(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(in_session(os.getpid(), tmp_path / "nothing"))


def test_the_number_of_processors_is_read_once(tree):
    watched = SessionOfProcesses(lambda: tree.pid)
    watched.begin()
    assert watched.end().facts == {"processes.cores": float(len(os.sched_getaffinity(0)))}
