"""What a load took is given back or not: descriptors of a real process, connections of a real PostgreSQL."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.integration.telemetry.gates import environment, gate, run_in

SUITE = """\
suite: s
preview: {{serve: {{command: "{python} {application}"}}, ready: {{timeout: 30s}}}}
endpoints: {{home: {{request: GET /, rate: 100/s}}, kept: {{request: GET /kept, rate: 100/s, gate: false}}}}
policy: {{max_rate: 200/s, budget: {{time: 6s}}}}
telemetry:
  every: 100ms
  rest: 2s
  processes: true
  postgres: {{dsn: "${{DATABASE_URL}}", plans: 0}}
  objectives: [{{of: processes.descriptors, back: 10%}}, {{of: postgres.connections, back: 2}}]
scenarios: {{steady: {{load: {{users: 4, think: 10ms, for: 5s}}, mix: {{{mix}: 1}}, objectives: {{success: 100%}}}}}}
"""


def checked(folder, mix, dsn):
    application = Path(__file__).with_name("enduring.py")
    text = SUITE.format(python=sys.executable, application=application, mix=mix)
    done = gate(folder, text, "check", env=environment(DATABASE_URL=dsn))
    assert (folder / "out" / "verdict.json").exists(), done.stderr
    rows = json.loads((folder / "out" / "verdict.json").read_text())["rows"]
    run = run_in(folder)
    rests = run.telemetry.rests["*"]
    levels = {of: tuple(rest.levels[of] for rest in (rests.before, rests.after)) for of in rests.after.levels}
    return done, {row["metric"]: row for row in rows}, levels, run.scenarios["steady"].completed


def test_descriptors_and_connections_that_stay_open_are_not_back(tmp_path, dsn):
    done, rows, levels, answered = checked(tmp_path, "kept", dsn)
    assert done.returncode == 1, done.stdout
    before, after = levels["processes.descriptors"]
    row = rows["telemetry:processes.descriptors:back"]
    assert (row["id"], row["outcome"]) == ("s/run/telemetry:processes.descriptors:back", "missed")
    assert (row["candidate"], row["limit"]) == (after, pytest.approx(before * 1.1))
    assert f"processes.descriptors: {before:,.6g} before the load, {after:,.6g} after it: NOT back" in done.stdout
    # a file for every fifth answer, a connection for every hundredth: those of the clients are closed for the rest
    assert after - before == pytest.approx(answered / 5 + answered / 100, abs=2)
    report = (tmp_path / "out" / "report.md").read_text()
    assert re.search(r"\| postgres.connections \| all scenarios \| \d+ \| \d+ \|", report)
    before, after = levels["postgres.connections"]
    assert rows["telemetry:postgres.connections:back"]["outcome"] == "missed"
    assert after - before == pytest.approx(answered / 100, abs=1)


def test_those_of_connections_that_are_closed_are_back(tmp_path, dsn):
    done, rows, levels, _ = checked(tmp_path, "home", dsn)
    assert done.returncode == 0, done.stdout
    assert {rows[f"telemetry:{of}:back"]["outcome"] for of in ("processes.descriptors", "postgres.connections")} == {
        "met"
    }
    for of in ("processes.descriptors", "processes.threads", "postgres.connections"):
        assert levels[of][0] == levels[of][1], of
