"""The command line in a process of its own: other encodings, readers that go away."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.builders import history_of, run_of


def gate(*arguments: object, **more) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "gate", *map(str, arguments)], timeout=60, **more)


@pytest.fixture
def verdict(desk):
    desk.store(history_of(desk.suite, 5, rounds=3))
    desk.compare(run_of(desk.suite, rounds=3))
    assert "–" in desk.comment, "the report holds more than ASCII"
    return desk.out / "verdict.json"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_knows_few_characters_is_no_bug(verdict, tmp_path, encoding):
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = gate("report", verdict, "--out", tmp_path / "again", env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"APPROVED: ")
    assert (tmp_path / "again" / "comment.md").read_bytes() == (verdict.parent / "comment.md").read_bytes()


def test_a_reader_who_goes_away_is_told_by_the_exit_code_and_nothing_else(verdict, tmp_path):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as stdout:
        done = gate("report", verdict, "--out", tmp_path / "again", stdout=stdout, stderr=subprocess.PIPE)
    assert done.returncode == 4
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert (tmp_path / "again" / "verdict.json").read_bytes() == verdict.read_bytes()
