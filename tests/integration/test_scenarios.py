"""Scenarios end to end: a rate, users and a fixed count against a real server, judged by their objectives."""

from __future__ import annotations

import json
import socket
import time

import pytest

from gate.cli import main
from tests.integration.load.servers import answer, serving

SUITE = """\
suite: s
endpoints:
  quick: {{request: GET /quick, rate: 100/s}}
  flaky: {{request: GET /flaky, rate: 100/s}}
scenarios:
  one: {{load: {load}, mix: {mix}, objectives: {objectives}{more}}}
policy: {{max_rate: 200/s, budget: {{time: 2s}}}}
"""


def behave(connection: socket.socket, line: str, number: int) -> bool:
    time.sleep(0.002)
    fails = "/flaky" in line and number % 2 == 0
    connection.sendall(answer(500 if fails else 200))
    return True


def check(
    tmp_path, load: str, mix: str = "{quick: 1}", objectives: str = "{p95: 2s}", more: str = ""
) -> tuple[int, dict, dict]:
    """Exit code, the scenario's rows by metric, and its record in the run file."""
    (tmp_path / "gate.yml").write_text(SUITE.format(load=load, mix=mix, objectives=objectives, more=more))
    out = tmp_path / "out"
    (tmp_path / "none").mkdir()
    with serving(behave) as server:
        code = main(
            [
                "check",
                "--suite",
                str(tmp_path / "gate.yml"),
                "--preview",
                server.origin,
                "--baselines",
                str(tmp_path / "none"),
                "--out",
                str(out),
            ]
        )
    rows = {
        row["metric"]: row for row in json.loads((out / "verdict.json").read_text())["rows"] if row["endpoint"] == "one"
    }
    (run,) = out.glob("run-*.json")
    return code, rows, json.loads(run.read_text())["run"]["scenarios"]["one"]


def test_levels_that_climb_are_told_one_by_one_and_are_a_curve(tmp_path):
    """Every answer takes the same, so that throughput is as the number of users, and nothing saturates."""
    _, rows, record = check(tmp_path, "{users: [1, 2, 4], for: 3s, think: 50ms}")
    assert [level["level"] for level in record["levels"]] == [1, 2, 4]
    rates = [level["rate_rps"] for level in record["levels"]]
    assert rates[0] < rates[1] < rates[2]
    assert all(level["met"] is None and level["error_ratio"] == 0 for level in record["levels"])
    counted = sum(level["rate_rps"] for level in record["levels"]) * record["elapsed_s"] / 3
    assert counted == pytest.approx(record["completed"], rel=0.1)
    text = (tmp_path / "out" / "report.md").read_text()
    assert "one: 3 levels up to 4 users. " in text
    assert "served at a time" not in text
    assert rows["limit:p95"]["outcome"] == "met"


def test_a_rate_is_sent_whatever_the_answers_do(tmp_path):
    code, rows, record = check(tmp_path, "{rate: 100/s, for: 2s}", objectives="{p95: 2s, rate: 90/s}")
    assert record["executor"] == "rate"
    assert 150 <= record["planned"] == record["sent"] == record["completed"] <= 250
    assert (rows["limit:p95"]["outcome"], rows["limit:rate"]["outcome"]) == ("met", "met")
    assert code in (0, 3), "the flaky endpoint's own blocks have nothing to compare with"


def test_users_think_between_their_requests(tmp_path):
    _, _, record = check(tmp_path, "{users: 3, for: 1s, think: 200ms}")
    assert record["executor"] == "users"
    assert 9 <= record["completed"] <= 18


def test_a_fixed_count_at_once_succeeds_or_not(tmp_path):
    _, rows, record = check(tmp_path, "{count: 10, concurrent: 10}", objectives="{success: 100%}")
    assert (record["executor"], record["completed"]) == ("count", 10)
    assert rows["limit:success"]["outcome"] == "met"


def test_a_missed_objective_of_a_scenario_blocks(tmp_path):
    code, rows, _ = check(tmp_path, "{count: 40, concurrent: 4}", "{flaky: 1}", "{success: 100%}")
    assert rows["limit:success"]["outcome"] == "missed"
    assert rows["limit:success"]["candidate"] == pytest.approx(0.5, abs=0.2)
    assert code == 1


def test_an_advisory_scenario_is_shown_and_blocks_nothing(tmp_path):
    _, rows, _ = check(tmp_path, "{count: 40, concurrent: 4}", "{flaky: 1}", "{success: 100%}", ", advisory: true")
    assert rows["limit:success"]["outcome"] == "missed"
    assert not rows["limit:success"]["blocks"]
