"""A server that leaks 1 kB a request is found, one that fills a bounded cache is not; counted, not timed."""

from __future__ import annotations

import json

import pytest

from tests.integration.telemetry.gates import gate, run_in, suite

MORE = """
telemetry:
  every: 100ms
  prometheus: {{url: /metrics, series: {{memory: process_resident_memory_bytes}}}}
  processes: true
  objectives:
    - {{of: memory, leak: none, least: 300B, scenario: steady}}
    - {{of: memory, statistic: growth_per_request, most: 300B, scenario: steady, advisory: true}}
    - {{of: processes.memory, leak: none, least: 300B, scenario: steady, advisory: true}}
scenarios: {{steady: {{load: {{users: 4, think: 8ms, for: 20s}}, mix: {{{path}: 1}}, objectives: {{success: 100%}}}}}}
"""
ENDPOINTS = "endpoints: {home: {request: GET /, rate: 50/s}, %s: {request: GET /%s, rate: 50/s}}"


def checked(folder, path):
    text = suite(MORE.format(path=path)).replace(
        "endpoints: {home: {request: GET /, rate: 50/s}}", ENDPOINTS % (path, path)
    )
    done = gate(folder, text.replace("time: 9s", "time: 20s"), "check")
    assert (folder / "out" / "verdict.json").exists(), done.stderr
    verdict = json.loads((folder / "out" / "verdict.json").read_text())
    rows = {row["metric"]: row for row in verdict["rows"] if row["metric"].startswith("telemetry:")}
    return done, verdict, rows, run_in(folder)


def test_a_server_that_leaks_a_kilobyte_a_request_is_blocked_for_it(tmp_path):
    done, _, rows, run = checked(tmp_path, "leak")
    assert done.returncode == 1, done.stderr
    row = rows["telemetry:memory:leak"]
    assert (row["id"], row["outcome"], row["blocks"]) == ("s/steady/telemetry:memory:leak", "missed", True)
    assert row["candidate"] == pytest.approx(1000, rel=0.2)
    assert rows["telemetry:memory:growth_per_request"]["outcome"] == "missed"
    assert rows["telemetry:processes.memory:leak"]["outcome"] == "missed"
    assert done.stdout.split("\n")[0].endswith("a leak")
    window = next(window for window in run.telemetry.windows if window.name == "steady")
    assert window.answered == run.scenarios["steady"].completed > 3000


def test_one_that_fills_a_bounded_cache_is_not(tmp_path):
    done, _, rows, _ = checked(tmp_path, "cache")
    assert done.returncode == 0, done.stdout
    # Beside other work so few seconds may be too short to tell; bench.systems watches for longer.
    assert rows["telemetry:memory:leak"]["outcome"] in ("met", "inconclusive")
    assert rows["telemetry:processes.memory:leak"]["outcome"] in ("met", "inconclusive")
