"""Where a search ends, and how, against a server with a pool of known size that refuses when too many wait for it."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from gate.cli import main
from gate.measure import finding
from tests.integration.load.servers import answer, serving

SUITE = """\
suite: s
preview: {ready: {path: /up}}
endpoints: {work: {request: GET /work, rate: 40/s}}
scenarios: {breaking: {load: {find: max_rate, until: "p95 <= 1s", from: 50/s, limit: 300/s, for: 1s}, mix: {work: 1}}}
telemetry:
  every: 100ms
  prometheus: {url: /metrics, series: {in_use: pool_in_use, size: pool_size}}
  pool: {size: {series: size}, in_use: {series: in_use}}
policy: {max_rate: 300/s, budget: {time: 8s}}
"""
SERVICE_S, SIZE, MOST_WAITING = 0.02, 2, 4
CAPACITY_RPS = SIZE / SERVICE_S


def pooled():
    """Two desks; who comes when four wait already is sent away with 503, so that nobody waits for long."""
    desks, lock = threading.Semaphore(SIZE), threading.Lock()
    inside = 0

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        nonlocal inside
        if "/metrics" in line:
            page = f"pool_in_use {min(inside, SIZE)}\npool_size {SIZE}\n"
            connection.sendall(answer(200, page.encode()))
            return True
        if "/work" not in line:
            connection.sendall(answer())
            return True
        with lock:
            is_let_in = inside < SIZE + MOST_WAITING
            inside += is_let_in
        if is_let_in:
            with desks:
                time.sleep(SERVICE_S)
            with lock:
                inside -= 1
        connection.sendall(answer(200 if is_let_in else 503))
        return True

    return behave


@pytest.fixture(scope="module")
def verdict(tmp_path_factory):
    folder = tmp_path_factory.mktemp("breaking")
    (folder / "gate.yml").write_text(SUITE)
    (folder / "baselines").mkdir()
    with pytest.MonkeyPatch.context() as patch, serving(pooled()) as server:
        patch.setattr(finding, "LEAST_REQUESTS", 60)
        given = [f"--suite={folder / 'gate.yml'}", f"--baselines={folder / 'baselines'}", f"--out={folder / 'out'}"]
        main(["check", f"--preview={server.origin}", *given])
    found = json.loads((folder / "out" / "verdict.json").read_text())
    return found | {"report": (folder / "out" / "report.md").read_text()}


def test_the_level_at_which_it_breaks_is_told_with_the_errors_and_the_pool_that_was_full(verdict):
    (found,) = verdict["assessment"]["breakings"]
    assert found["held"] is None or found["held"] < found["breaks_at"]
    assert 0.4 * CAPACITY_RPS < found["breaks_at"] < 3 * CAPACITY_RPS
    assert set(found["errors"]) == {"status_503"}, "how it broke: by refusing, not by being slow"
    (full,) = found["full"]
    assert (full["resource"], full["size"]) == ("connection pool", SIZE)
    assert 0.5 * CAPACITY_RPS < full["level"] <= found["highest"], "not where half of it was idle"
    assert f"breaking: it breaks at {found['breaks_at']:.3g}" in verdict["report"]
    assert "Full first: connection pool (all 2) from " in verdict["report"]


def test_single_levels_are_in_no_table_of_resources(verdict):
    assert {use["window"] for use in verdict["assessment"]["resources"]} == {"blocks", "breaking"}
