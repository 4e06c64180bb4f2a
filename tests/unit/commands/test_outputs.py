"""What commands leave on disk: whole files or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gate.cli import main
from gate.commands.outputs import write_whole
from gate.errors import UsageError
from gate.measure.session import Session
from gate.record.codec import encode_run
from gate.record.endpoint import EndpointRecord
from tests.builders import history_of, run_of, suite_text
from tests.integration.load.servers import serving, steady
from tests.unit.commands.desk import Desk


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_as_a_whole(tmp_path):
    write_whole(tmp_path / "new" / "a.json", b"first")
    write_whole(tmp_path / "new" / "a.json", b"second")
    assert names(tmp_path / "new") == ["a.json"]
    assert (tmp_path / "new" / "a.json").read_bytes() == b"second"
    assert (tmp_path / "new" / "a.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("broken", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_breaks_off_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path, monkeypatch, broken):
    write_whole(tmp_path / "a.json", b"first")

    def stop(_handle: int) -> None:
        raise broken

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises((UsageError, KeyboardInterrupt)):
        write_whole(tmp_path / "a.json", b"second")
    assert names(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"first"


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(desk):
    desk.out.write_text("a file")
    with serving(steady()) as server:
        assert desk.run("check", "--preview", server.origin) == 2
        assert server.connections == 0
    assert desk.out.read_text() == "a file"


@pytest.mark.parametrize("damage", ["histogram", "bytes"])
def test_a_run_file_that_cannot_be_used_is_refused_by_name(desk, capsys, damage):
    run = run_of(desk.suite, rounds=3)
    record = run.endpoints["home"].arms["candidate"].model_copy(update={"histogram": "AAAA"})
    broken = EndpointRecord(config_hash=run.endpoints["home"].config_hash, arms={"candidate": record})
    path = desk.folder / "run.json"
    data = encode_run(run.model_copy(update={"endpoints": run.endpoints | {"home": broken}}))
    path.write_bytes(data if damage == "histogram" else b"no run")
    assert desk.run("compare", path) == 2
    assert str(path) in capsys.readouterr().err
    assert not desk.out.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"exit_code": 99},
        {"exit_code": 0, "verdict": "APPROVED"},  # with reasons
        {"reasons": []},  # BLOCKED without
        {"schema": "gate.verdict/2"},
        {"level": "1 %"},
        {"unknown": 1},
    ],
)
def test_a_verdict_file_that_contradicts_itself_is_refused(desk, capsys, change):
    assert desk.compare(run_of(desk.suite, rounds=3)) == 3
    path = desk.folder / "changed.json"
    path.write_text(json.dumps(desk.verdict | change))
    assert desk.run("report", path) == 2
    assert "is not a verdict" in capsys.readouterr().err


def test_the_same_files_give_the_same_bytes_and_a_report_repeats_them(desk, tmp_path):
    desk.store(history_of(desk.suite, 5))
    run = run_of(desk.suite)
    desk.compare(run)
    first = {name: (desk.out / name).read_bytes() for name in names(desk.out)}
    desk.compare(run)
    assert {name: (desk.out / name).read_bytes() for name in names(desk.out)} == first
    assert main(["report", str(desk.out / "verdict.json"), "--out", str(tmp_path / "again")]) == 0
    assert {name: (tmp_path / "again" / name).read_bytes() for name in names(tmp_path / "again")} == first


def test_json_on_the_terminal_is_the_verdict_file(desk, capsys):
    desk.compare(run_of(desk.suite, rounds=3), options=["--json"])
    assert json.loads(capsys.readouterr().out) == desk.verdict


def test_a_reader_who_goes_away_costs_no_measurement(tmp_path, monkeypatch):
    """Progress goes to a pipe that may be closed; the run is on disk all the same."""
    desk = Desk(
        tmp_path,
        suite_text("endpoints: {home: {request: GET /, rate: 200/s}}\npolicy: {max_rate: 200/s, budget: {time: 1s}}\n"),
    )
    measured = []

    def close(session: Session, *how, real=Session.close):
        measured.append(real(session, *how))
        return measured[-1]

    class Closed:
        def isatty(self) -> bool:
            return False

        def write(self, _text: str) -> None:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

        def close(self) -> None:
            pass

    monkeypatch.setattr(Session, "close", close)
    monkeypatch.setattr("sys.stderr", Closed())
    with serving(steady()) as server:
        assert desk.run("run", "--preview", server.origin) == 0
    assert [path.name for path in desk.out.iterdir()] == [f"run-{measured[0].run.run_id}.json"]


def test_a_signal_in_the_middle_of_a_file_comes_after_it_is_whole(tmp_path):
    """By its usual action, as a second one has: the process is gone at once, and nothing half is left."""
    place = tmp_path / "a.json"
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom gate.commands.outputs import write_whole\n"
        "os.fsync = lambda _handle: os.kill(os.getpid(), signal.SIGTERM)\n"
        "write_whole(Path(sys.argv[1]), b'whole')\nprint('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(place)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert place.read_bytes() == b"whole"
