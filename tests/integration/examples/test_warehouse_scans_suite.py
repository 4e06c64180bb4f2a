"""The warehouse's own suite: what it says of the warehouse as built, and of the cured one."""

from __future__ import annotations

import json
import re
import signal
import subprocess

import psycopg
import pytest

from bench.systems.examples import EXAMPLES, Checked, Suite, check, cut, environment, prepared, read
from gate.cli import main
from tests.integration.processes import COMMAND, FOREVER_S

FOLDER = EXAMPLES / "warehouse-scans"
ENDPOINTS = ["health", "stats", "scans", "bag", "record"]
MISSING = ["scans_bag_id_scanned_at_idx", "bags_arrived_at_idx"]
SECURITY = [
    "stats-asks-who-asks",
    "forged-token",
    "session-lifetime-and-cookie-flags",
    "sql-in-a-tag-always-true",
    "sql-in-a-path",
    "the-scans-are-still-there",
    "script-in-a-tag",
    "form-without-the-csrf-token",
    "request-size-limit",
]


def settings(postgres, name: str, bags: int = 100_000) -> dict[str, str]:
    return {
        "DATABASE_URL": postgres.url(f"suite_{name.replace('-', '_')}_{bags}"),
        "WAREHOUSE_PASSWORD": "scan-the-bags",
        "WAREHOUSE_BAGS": str(bags),
        "WAREHOUSE_VARIANT": name,
    }


def suite(slowest_ms: int) -> Suite:
    """The endpoints, and six people for a moment; how fast is required is the test's to say."""
    people = {"load": {"users": 6, "for": "2s", "think": "50ms"}, "mix": {"scans": 5, "stats": 4, "bag": 1}}
    small = cut(read(FOLDER), ENDPOINTS, {"people": people}, "20/s", 15)
    small["classes"] = {"work": {"p50": f"{slowest_ms}ms"}}
    small["endpoints"]["health"] = small["endpoints"]["health"] | {"objectives": {"p50": "1s"}}
    return small


def measured(postgres, copy, name: str, slowest_ms: int) -> Checked:
    return check(FOLDER, copy, suite(slowest_ms), settings(postgres, name))


@pytest.fixture(scope="module")
def built(postgres, tmp_path_factory):
    return measured(postgres, tmp_path_factory.mktemp("warehouse") / "built", "as-built", 1)


@pytest.fixture(scope="module")
def fixed(postgres, tmp_path_factory):
    return measured(postgres, tmp_path_factory.mktemp("warehouse") / "fixed", "fixed", 2000)


def test_as_built_it_is_blocked_for_the_indexes_that_are_not_there(built):
    assert (built.code, built.verdict["verdict"]) == (1, "BLOCKED")
    first = built.reasons[0]
    assert (first["code"], first["rows"]) == ("probe-failed", ["warehouse-scans/expected-indexes/probe"])
    assert all(f"no index {name}" in first["message"] for name in MISSING)


def test_limits_that_are_missed_follow_with_their_factors_the_farthest_first(built):
    told = [line for line in built.section("Findings, by weight") if "slower than required" in line]
    factors = [float(re.search(r"([\d.,]+) × slower", line)[1].replace(",", "")) for line in told]
    assert factors == sorted(factors, reverse=True)
    assert any(line.startswith("- stats misses its objective: p50 is") for line in told)
    assert factors[0] > 1


def test_slow_statements_are_named_with_the_tables_they_read_from_end_to_end(built, fixed):
    text = "\n".join(built.section("Queries and database"))
    for table, rows in (("bags", "100,000"), ("scans", "100,060")):
        assert re.search(rf"\*\*{table} \({rows} rows\)", text)
    assert "missing-index" in built.recommended
    assert "missing-index" not in fixed.recommended


def test_connections_memory_and_sizes_are_told(built):
    text = built.report
    assert "| connections of PostgreSQL | blocks |" in text
    assert "| connection pool | blocks |" in text
    assert "- pool.size: 4" in text
    assert "- postgres.max\\_connections: 100" in text
    assert re.search(r"^\| (held|memory) \| prometheus \|", text, re.M)
    assert re.search(r"^\| bags \| 100,000 \| [\d.]+\s[kM]B \| [\d.]+\s[kM]B \|$", text, re.M)
    assert re.search(r"^\| stats \| blocks \|.*\| [\d.]+\sm?s \| (\d+) of \1 answers \|$", text, re.M), "held"


def test_security_and_edges_are_reported(built):
    for slug in SECURITY:
        assert built.row(f"{slug}/probe")["outcome"] == "met", built.row(f"{slug}/probe")["probed"]
    limited = built.row("rate-limiting/probe")
    assert (limited["outcome"], limited["blocks"]) == ("missed", False)
    assert "rate-limiting-absent" in built.recommended


def test_the_cured_one_is_approved(fixed):
    assert (fixed.code, fixed.verdict["verdict"]) == (0, "APPROVED"), fixed.reasons
    assert fixed.row("expected-indexes/probe")["outcome"] == "met"
    assert fixed.row("run/telemetry:queries.stats:max")["outcome"] == "met"
    assert "| pool size | 12 | read |" in fixed.report


def test_every_request_of_the_suite_is_answered_as_expected_and_what_was_stored_is_taken_away(fixed, postgres):
    measured_of = {each["endpoint"]: each for each in fixed.verdict["assessment"]["endpoints"]}
    assert {name: each["failed"] for name, each in measured_of.items()} == dict.fromkeys(ENDPOINTS, 0)
    with psycopg.connect(settings(postgres, "fixed")["DATABASE_URL"]) as connection:
        recorded = "SELECT count(*) FROM scans WHERE recorded_by = 'clerk'"
        assert connection.execute(recorded).fetchone() == (0,)


def test_a_run_of_sixty_people_that_is_cut_short_is_told_as_such(postgres, tmp_path, capsys):
    whole = read(FOLDER)
    sixty = whole["scenarios"]["sixty"] | {"load": {"users": 60, "for": "60s", "think": "500ms"}}
    small = cut(whole, ["health", "stats", "scans", "bag"], {"sixty": sixty}, "25/s", 12) | {"probes": [], "about": {}}
    small["telemetry"] = {"server_timing": True}
    given = prepared(FOLDER, tmp_path / "cut", small)
    with environment(settings(postgres, "as-built", 20_000)):
        process = subprocess.Popen([*COMMAND, "check", *given], stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stderr:
                if re.match(r"scenario sixty: .* in flight", line):
                    process.send_signal(signal.SIGINT)
            assert process.wait(FOREVER_S) == 130
        finally:
            process.kill()
            process.communicate()
        (path,) = (tmp_path / "cut" / "out").glob("run-*.json")
        run = json.loads(path.read_text())["run"]
        assert not run["complete"]
        assert run["scenarios"]["sixty"]["completed"] > 0, "what was measured is kept"
        assert main(["compare", str(path), *given]) == 3
    report = (tmp_path / "cut" / "out" / "report.md").read_text()
    assert re.search(r"\*\*BLOCKED - not measured\*\*: cancelled by SIGINT", report), report
