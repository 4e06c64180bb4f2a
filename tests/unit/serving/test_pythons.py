from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from gate.serving.pythons import catches, parents_only, pythons, topmost

CHILD = "import signal, subprocess, sys; signal.signal(signal.SIGUSR1, print); print('up', flush=True)"


@pytest.fixture
def shell():
    """A session of a shell, which starts Python, which starts Python."""
    inner = f"{CHILD}; subprocess.run([sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(60)'])"
    command = ["sh", "-c", f'{sys.executable} -c "$0"; true', inner]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert [process.stdout.readline() for _ in range(2)] == ["up\n", "1\n"]
        yield process.pid
        os.killpg(process.pid, signal.SIGKILL)


def test_processes_of_python_are_found_and_the_topmost_told(shell):
    found = list(pythons(shell))
    assert len(found) == 2
    assert shell not in found
    (first,) = topmost(shell)
    assert catches(first, signal.SIGUSR1)
    assert not catches(first, signal.SIGUSR2)
    (second,) = set(found) - {first}
    assert not catches(second, signal.SIGUSR1)


@pytest.mark.parametrize(
    ("scope", "capabilities", "expected"),
    [("0", 0, False), ("1", 0, True), ("1", 1 << 19, False), ("3", 1 << 18, True), (None, 0, False)],
)
def test_who_may_look_into_others(tmp_path, scope, capabilities, expected):
    (tmp_path / "sys" / "kernel" / "yama").mkdir(parents=True)
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "status").write_text(f"Name:\tx\nCapEff:\t{capabilities:016x}\n")
    if scope is not None:
        (tmp_path / "sys" / "kernel" / "yama" / "ptrace_scope").write_text(f"{scope}\n")
    assert parents_only(tmp_path) is expected
