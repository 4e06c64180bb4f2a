"""Loads beyond this machine, end to end: the scenario is not reached, and the rest of the run stands."""

from __future__ import annotations

import json
import socket

import pytest

from gate.cli import main
from gate.load import engine, health
from tests.integration.load.servers import answer, serving

SUITE = """\
suite: s
endpoints: {quick: {request: GET /quick, rate: 50/s}}
scenarios:
  modest: {load: {count: 20}, mix: {quick: 1}}
  huge: {load: LOAD, mix: {quick: 1}MORE}
policy: {max_rate: 20000/s, budget: {time: 4s}}
"""


def behave(connection: socket.socket, _line: str, _number: int) -> bool:
    connection.sendall(answer(200))
    return True


def check(folder, load: str, more: str = "") -> tuple[int, dict, dict, int]:
    """Exit code, verdict, run, and how many requests the server saw."""
    (folder / "gate.yml").write_text(SUITE.replace("LOAD", load).replace("MORE", more))
    (folder / "none").mkdir()
    given = [f"--suite={folder / 'gate.yml'}", f"--baselines={folder / 'none'}", f"--out={folder}"]
    with serving(behave) as server:
        code = main(["check", f"--preview={server.origin}", *given])
        seen = len(server.requests)
    (path,) = folder.glob("run-*.json")
    return code, json.loads((folder / "verdict.json").read_text()), json.loads(path.read_text())["run"], seen


@pytest.mark.parametrize(
    "load",
    ["{rate: 9000/s, for: 60s}", '{find: max_rate, until: "p95 <= 1s", from: 10/s, limit: 9000/s}'],
    ids=["rate", "search"],
)
def test_a_rate_above_what_this_machine_can_send_is_not_begun(load, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(engine, "SAFE_SHARE", 0.03)  # a machine a tenth as fast
    code, verdict, run, seen = check(tmp_path, load, ", advisory: true")
    assert run["not_measured"] == []
    assert run["scenarios"]["huge"]["sent"] == 0
    assert run["scenarios"]["huge"]["not_reached"]["code"] == "generator-small"
    assert run["scenarios"]["modest"]["completed"] == 20
    assert seen < 2000
    assert "scenario huge was not reached: the load generator can send" in capsys.readouterr().out
    assert code == 3, "nothing else is judged in this suite"
    assert not any("huge" in reason["message"] for reason in verdict["reasons"])


def test_one_that_was_sent_late_is_not_missed_and_leaves_the_others_alone(tmp_path, monkeypatch):
    for limit in ("LATE_S", "LATE_SHARE_OF_LATENCY"):
        monkeypatch.setattr(health, limit, 1e-9)  # every request is later than that
    code, verdict, run, _ = check(tmp_path, "{rate: 50/s, for: 2s}", ", objectives: {p95: 1us, rate: 40/s}")
    assert code == 3
    assert run["not_measured"] == []
    assert run["scenarios"]["huge"]["completed"] > 0
    assert run["scenarios"]["huge"]["not_reached"]["code"] == "generator-lag"
    outcomes = {row["metric"]: row["outcome"] for row in verdict["rows"] if row["endpoint"] == "huge"}
    assert outcomes == {"limit:p95": "not_measured", "limit:rate": "not_measured"}
    assert any(reason["message"].startswith("scenario huge was not reached: ") for reason in verdict["reasons"])
