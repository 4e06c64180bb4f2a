"""Commands that are cut short, and the same command in steps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.measure.session import Session
from tests.integration.faults.desks import Desk, Ended, by_path, content, sound, suite_text
from tests.integration.load.servers import answer, serving
from tests.integration.processes import FOREVER_S, wait_for, workers_of


def struck(desk: Desk, tmp_path: Path, strike: Callable[[int, int], None]) -> Ended:
    """A check in a process of its own, struck in the middle of the load; its worker is gone with it."""
    desk.suite.write_text(suite_text().replace("time: 1s", "time: 10s"))
    before, texts = content(desk.baselines), (tmp_path / "stdout", tmp_path / "stderr")
    with serving(sound) as server, texts[0].open("wb") as stdout, texts[1].open("wb") as stderr:
        arguments = desk.arguments("check", (), server.origin, desk.out)
        process = subprocess.Popen([sys.executable, "-I", "-m", "gate", *arguments], stdout=stdout, stderr=stderr)
        try:
            wait_for(lambda: "round" in texts[1].read_text() or process.poll() is not None, "the load")
            (worker,) = workers_of(process.pid)
            assert b"gate.load.worker" in Path(f"/proc/{worker}/cmdline").read_bytes()
            strike(process.pid, worker)
            code = process.wait(timeout=FOREVER_S)
        finally:
            process.kill()
            process.wait()
    wait_for(lambda: not Path(f"/proc/{worker}").exists(), "the end of the worker")
    ended = Ended(code, texts[0].read_text(), texts[1].read_text(), desk.out)
    desk.hold_in_order(ended, before)
    assert ended.run["complete"] is False
    return ended


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_load_and_keeps_what_was_measured(seasoned, tmp_path, number, code):
    ended = struck(seasoned, tmp_path, lambda gate, _worker: os.kill(gate, number))
    assert ended.code == code
    assert f"cancelled by {number.name}" in ended.stderr
    assert not (ended.out / "verdict.json").exists()
    compared = seasoned.gate("compare", ended.run_file, out=tmp_path / "compared")
    assert compared.code == 3
    assert f"cancelled by {number.name}" in compared.comment


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the worker through /proc")
def test_a_worker_that_is_killed_is_not_measured(seasoned, tmp_path):
    ended = struck(seasoned, tmp_path, lambda _gate, worker: os.kill(worker, signal.SIGKILL))
    assert ended.code == 3
    assert "load worker ended with code -9" in ended.comment


def test_a_bug_is_called_a_bug(desk, monkeypatch):
    def broken(_self: Session) -> None:
        raise RuntimeError("this should not happen")

    monkeypatch.delenv("GATE_DEBUG", raising=False)
    monkeypatch.setattr(Session, "open", broken)
    ended = desk.gate("check", preview="http://127.0.0.1:9")
    assert ended.code == 70
    assert "a bug in the gate: RuntimeError: this should not happen" in ended.stderr


def test_a_run_of_a_sound_preview_is_0_and_its_judgement_repeats_byte_by_byte(seasoned, tmp_path):
    with serving(sound) as server:
        ran = seasoned.gate("run", preview=server.origin)
    assert ran.code == 0
    assert f"{ran.run_file}\n" in ran.stdout
    first, second = (seasoned.gate("compare", ran.run_file, out=tmp_path / name) for name in ("first", "second"))
    assert first.code == second.code == 0
    names = ("verdict.json", "comment.md", "summary.md")
    for name in names:
        assert (first.out / name).read_bytes() == (second.out / name).read_bytes()
    shown = seasoned.gate("report", first.out / "verdict.json", out=tmp_path / "shown")
    assert shown.code == 0
    for name in names:
        assert (shown.out / name).read_bytes() == (first.out / name).read_bytes()


def test_a_run_of_a_preview_that_is_never_ready_is_3_and_marked(desk):
    with serving(by_path({}, answer(503))) as server:
        ended = desk.gate("run", preview=server.origin)
    assert ended.code == 3
    assert "status 503" in ended.stderr
    assert ended.run["complete"] is False
    assert ended.run["not_measured"][0]["code"] == "not-measured"


def test_a_check_is_a_run_and_a_comparison(seasoned, tmp_path):
    with serving(sound) as server:
        checked = seasoned.gate("check", preview=server.origin)
    assert checked.code == 0
    compared = seasoned.gate("compare", checked.run_file, out=tmp_path / "compared")
    assert compared.code == 0
    for name in ("verdict.json", "comment.md"):
        assert (compared.out / name).read_bytes() == (checked.out / name).read_bytes()


def test_a_store_that_was_named_and_is_not_there_is_no_empty_store(desk):
    desk.baselines.rmdir()
    ended = desk.gate("check", preview="http://127.0.0.1:9")
    assert ended.code == 2
    assert str(desk.baselines) in ended.stderr
    assert "gate refresh" in ended.stderr
