"""W3C trace context: every request has one of its own, of the form that the standard asks for, found by its run."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.load.trace import Traces, prefix_of
from tests.integration.telemetry.gates import environment, gate, run_in, suite

# https://www.w3.org/TR/trace-context/#traceparent-header-field-values
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-01")


def test_every_request_of_a_run_is_a_trace_of_its_own(tmp_path):
    log = tmp_path / "traces"
    more = "telemetry: {trace: true}\nscenarios: {users: {load: {count: 200, concurrent: 4}, mix: {home: 1}}}\n"
    done = gate(tmp_path, suite(more), env=environment(TRACES=str(log)))
    assert done.returncode == 0, done.stderr
    run = run_in(tmp_path)
    lines = log.read_text().splitlines()
    found = [TRACEPARENT.fullmatch(line.split(" ")[0]) for line in lines]
    assert all(found)
    ids = [match[1] for match in found]
    assert len(set(ids)) == len(ids)
    assert {each[:12] for each in ids} == {run.run_id}
    assert {line.split(" ")[1] for line in lines} == {f"gate={run.run_id}"}
    sent = run.scenarios["users"].sent + sum(block.sent for block in run.endpoints["home"].arms["candidate"].blocks)
    assert len(lines) > sent  # and those of readiness and of the warm-up


def test_without_it_nothing_is_sent(tmp_path):
    log = tmp_path / "traces"
    assert gate(tmp_path, suite(), env=environment(TRACES=str(log))).returncode == 0
    assert not log.exists()


def test_an_endpoint_with_a_context_of_its_own_keeps_it(tmp_path):
    log = tmp_path / "traces"
    own = f"00-{'ab' * 16}-{'cd' * 8}-00"
    text = suite("telemetry: {trace: true}\n").replace(
        "GET /, rate: 50/s", f"GET /, rate: 50/s, headers: {{Traceparent: {own}}}"
    )
    assert gate(tmp_path, text, env=environment(TRACES=str(log))).returncode == 0
    load = [line for line in log.read_text().splitlines() if not TRACEPARENT.match(line)]
    assert set(load) == {own + " "}


@given(st.integers(1, 5), st.integers(0, 70_000))
def test_workers_and_segments_never_share_an_id(parts, segment):
    made = [Traces(prefix_of("0123456789ab", segment), part, parts) for part in range(parts)]
    ids = [traces.headers()["traceparent"] for traces in made for _ in range(50)]
    assert len(set(ids)) == len(ids)
    assert all(TRACEPARENT.fullmatch(each) for each in ids)


@pytest.mark.parametrize("run_id", ["000000000000", "xyz", "0123456789abcd"])
def test_a_run_that_has_no_such_id_is_refused(run_id):
    with pytest.raises(ValueError, match="twelve"):
        prefix_of(run_id, 1)
