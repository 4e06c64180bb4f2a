"""A real check of a server whose pool is what limits it: its report tells so, and nothing that nobody measured."""

from __future__ import annotations

import json

import pytest

from bench.systems.pools import pooled
from gate.cli import main

SIZE = 4
SUITE = """
suite: pooled
preview: {ready: {path: /, status: 200}}
endpoints: {work: {request: GET /, objectives: {p95: 5s}}, slow: {request: GET /slow, objectives: {mean: 10ms}}}
scenarios:
  three: {load: {users: 3, for: 2s}, mix: {work: 1}, objectives: {success: 99%}}
  most: {load: {find: max_users, until: "p95 <= 5s", from: 1, limit: 20, for: 2s}, mix: {work: 1}}
policy: {max_rate: 20/s, budget: {time: 90s}}
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pooled")
    (folder / "gate.yml").write_text(SUITE)
    with pooled(SIZE, work_s=0.1) as url:
        code = main(["check", "--suite", str(folder / "gate.yml"), "--preview", url, "--out", str(folder / "out")])
    return code, folder / "out"


def test_what_is_missed_comes_first_with_its_factor(checked):
    code, out = checked
    text = (out / "report.md").read_text()
    assert code == 1
    first = text.partition("## Findings, by weight")[2].strip().splitlines()[0]
    assert first.startswith("- slow misses its objective")
    assert "× slower than required" in first


def test_the_number_served_at_once_is_about_the_pool(checked):
    _, out = checked
    curves = json.loads((out / "verdict.json").read_text())["assessment"]["bottlenecks"]
    found = next(curve for curve in curves if curve["scenario"] == "most")
    assert found["served_at_once"] == pytest.approx(SIZE, rel=0.3)
    assert found["resource"] is None, "nobody read how full the pool was"
    assert found["waiting_ratio"] > 0.5
    text = (out / "report.md").read_text()
    assert "requests are served at a time." in text
    assert "the pool is configured to" not in text


def test_every_answer_is_in_a_band(checked):
    _, out = checked
    figures = json.loads((out / "verdict.json").read_text())["assessment"]
    for endpoint in figures["endpoints"]:
        mine = [band for band in figures["bands"] if band["endpoint"] == endpoint["endpoint"]]
        assert sum(band["count"] for band in mine) == endpoint["sent"] - endpoint["failed"]


def test_what_nobody_asked_for_is_not_measured(checked):
    _, out = checked
    told = (out / "report.md").read_text().partition("## Not measured")[2]
    for part in ("no probes", "no telemetry", "queries: no check", "nothing on main to compare with"):
        assert part in told


def test_gate_report_makes_the_same_report_from_the_verdict(checked, tmp_path):
    code, out = checked
    assert main(["report", str(out / "verdict.json"), "--out", str(tmp_path)]) == code
    assert (tmp_path / "report.md").read_bytes() == (out / "report.md").read_bytes()
