"""A whole run with every source at once: what is kept, what is told, and what is in no file."""

from __future__ import annotations

import json
import sys

import pytest

from gate.config.telemetry import Postgres
from gate.telemetry.postgres import PostgresDatabase
from gate.telemetry.source import Unread
from tests.integration.telemetry.gates import environment, gate, run_in, suite

MORE = """
telemetry:
  every: 100ms
  prometheus:
    url: /metrics
    series:
      memory: process_resident_memory_bytes
      size: pool_size
      used: pool_in_use
      waited: 'pool_wait_seconds_sum{pool="main"}'
      gone: nothing_total
  postgres: {dsn: "${DATABASE_URL}", tables: [zones]}
  redis: {url: "${REDIS_URL}"}
  processes: true
  pool: {size: {series: size}, in_use: {series: used}, wait: {series: waited}}
  objectives:
    - {of: postgres.deadlocks, statistic: rise, most: 0}
    - {of: processes.count, statistic: max, most: 1}
    - {of: pool.wait, statistic: mean, most: 3ms, scenario: steady}
scenarios: {steady: {load: {rate: 50/s, for: 4s}, mix: {home: 1}}}
"""


def test_every_source_is_in_the_record_and_no_secret_is(tmp_path, dsn, redis_url):
    done = gate(tmp_path, suite(MORE), env=environment(DATABASE_URL=dsn, REDIS_URL=redis_url))
    assert done.returncode == 0, done.stderr
    run = run_in(tmp_path)
    told = run.telemetry
    assert {series.source for series in told.series.values()} == {"prometheus", "postgres", "redis", "processes"}
    assert told.facts["pool.size"] == 20
    assert told.facts["postgres.max_connections"] == 100
    assert {window.name for window in told.windows} == {"blocks", "steady"}
    steady = next(window for window in told.windows if window.name == "steady")
    assert steady.answered == run.scenarios["steady"].completed
    assert told.unread == {"gone": "nothing_total is not on the page of metrics"}
    assert [relation.rows for relation in told.relations] == [20]
    # The application says 2 ms for each request it answered; those for its metrics, ten a second, are not ours.
    waited = told.series["pool.wait"]
    inside = [v for at, v in zip(waited.at_s, waited.values, strict=True) if steady.from_s + 2 <= at <= steady.to_s]
    assert 0.0018 <= sum(inside) / len(inside) < 0.0045
    assert [notice.message for notice in run.notices if notice.code == "unread"] == [
        "gone was not measured: nothing_total is not on the page of metrics"
    ]
    password = dsn.split(":")[2].partition("@")[0]
    assert all(password not in path.read_text() for path in (tmp_path / "out").iterdir())


def test_a_database_that_is_not_there_blocks_what_is_asked_of_it_and_never_stops_the_load(tmp_path, redis_url):
    env = environment(DATABASE_URL="postgresql://gate:very-secret@127.0.0.1:1/shop", REDIS_URL=redis_url)
    objectives = "endpoints: {home: {request: GET /, rate: 50/s, objectives: {p50: 1s}}}"
    text = suite(MORE).replace("endpoints: {home: {request: GET /, rate: 50/s}}", objectives)
    done = gate(tmp_path, text, "check", env=env)
    assert done.returncode == 3, done.stderr
    verdict = json.loads((tmp_path / "out" / "verdict.json").read_text())
    outcomes = {row["metric"]: row["outcome"] for row in verdict["rows"]}
    assert outcomes["telemetry:postgres.deadlocks:rise"] == "not_measured"
    assert outcomes["telemetry:processes.count:max"] == "met"
    assert outcomes["limit:p50"] == "met"
    assert "no connection" in verdict["reasons"][0]["message"]
    assert "very-secret" not in done.stdout + done.stderr + json.dumps(verdict)
    comment = (tmp_path / "out" / "comment.md").read_text()
    assert "What the server said under load" in comment
    assert "redis.clients" in comment


def test_without_the_client_the_reason_is_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Unread, match=r"install perf-gate\[postgres\]"):
        PostgresDatabase("postgresql://x", Postgres(dsn="x")).begin()
