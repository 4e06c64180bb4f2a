"""The study of real servers, two checks of it: it measures, goes on where it was, and reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import figures
from bench.decision.servers import __main__ as command
from bench.decision.servers import checks, journal, report, study
from bench.decision.servers.cases import ENDPOINTS


def test_two_checks_in_two_lanes_and_their_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(study, "STORED_RUNS", 1)
    monkeypatch.setattr(checks, "LOOKS", 20)
    monkeypatch.setattr(figures, "RESULTS", tmp_path / "results")
    first, second = tmp_path / "lane-1", tmp_path / "lane-2"
    begin = ["--seconds", "5", "--stored-seconds", "5", "--rate", "80", "--checks", "1"]
    duet = ["--ways", "duet", "--channels", "loopback", "--cases", "unchanged"]
    stored = ["--ways", "stored", "--channels", "proxy", "--cases", "one+50%"]
    assert command.main([*begin, "--state", str(first), "--lane", "1/2", *duet]) == 0
    assert command.main([*begin, "--state", str(second), "--lane", "2/2", *stored]) == 0

    lines = [line for state in (first, second) for line in report.with_truth(journal.read(state)[1])]
    assert [line["number"] % 2 for line in lines] == [0, 1]
    assert all(line["lanes"] == 2 for line in lines)
    assert [(line["way"], line["channel"], line["case"]) for line in lines] == [
        ("duet", "loopback", "unchanged"),
        ("stored", "proxy", "one+50%"),
    ]
    for line in lines:
        assert line["exit_code"] in (0, 1, 3), line["said"]
        assert set(line["truth"]) == set(ENDPOINTS)
        blocks = 3 * 50 * len(ENDPOINTS) * (2 if line["way"] == "duet" else 1)
        assert line["requests"] >= blocks, "the servers saw fewer requests than three rounds of blocks"
        assert 0 < line["servers_ratio"] + line["gate_ratio"] <= 1
    unchanged, slowed = lines
    assert unchanged["added"] == {}
    assert slowed["added"]["min_s"] >= 0.0199
    (culprit,) = slowed["slowed"]
    assert 0.25 < slowed["truth"][culprit] < 1.0
    assert list((second / "out").rglob("run-*.json")), "run files are kept, to be judged again by another decision"

    assert command.main(["--report", str(first), str(second)]) == 0
    rows = {row["figure"]: row for row in json.loads((tmp_path / "results" / "servers.json").read_text())}
    assert rows["duet, loopback: unchanged, blocked"]["n"] == 1
    assert rows["stored, proxy: one+50%, caught"]["n"] == 1
    assert rows["proxy: delay added in one direction, p50, median over runs"]["n"] == 2


def test_another_study_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "study.json").write_text("{}\n")
    assert command.main(["--state", str(tmp_path), "--checks", "1"]) == 2
    assert "another --state" in capsys.readouterr().err
