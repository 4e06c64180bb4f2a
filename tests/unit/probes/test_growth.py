"""What follows from the numbers of queries that answers told, where these vary."""

from __future__ import annotations

import pytest

from gate.config.probe_kinds import Growth
from gate.probes.growth import judge

EXACT = [(items, 1.0 + items) for items in (1, 10, 50) for _ in range(3)]


def growth(**more):
    return Growth.model_validate({"request": "GET /?n={items}", "items": [1, 10, 50], **more})


@pytest.mark.parametrize(
    ("points", "outcome"),
    [
        (EXACT, "failed"),
        ([(items, 3.0) for items, _ in EXACT], "passed"),
        ([(1, 2.0), (1, 2.0), (10, 2.0), (10, 3.0), (50, 2.0), (50, 3.0)], "passed"),
        ([(1, 2.0), (10, 44.0), (50, 52.0)], "not_measured"),
        ([(1, 2.0), (1, 9.0), (3, 2.0), (3, 9.0)], "not_measured"),
    ],
    ids=["N+1", "constant", "a query more now and then", "one answer each", "items too near each other"],
)
def test_queries_that_vary_too_much_to_tell_are_not_measured(points, outcome):
    found = judge(growth(), points)
    assert found.outcome == outcome, found.seen
    assert found.seen.startswith("N+1: ") == (outcome == "failed")
    assert ("too much to tell" in found.seen) == (outcome == "not_measured")


def test_too_many_queries_fail_whatever_their_slope():
    assert judge(growth(most=51), [(1, 2.0), (10, 44.0), (50, 52.0)]).outcome == "failed"


def test_the_slope_of_times_and_sizes_decides_nothing():
    noisy = [(1, 0.1), (1, 9.0), (50, 0.1), (50, 9.0)]
    assert judge(growth(of="time", most="10s"), noisy).outcome == "passed"
    assert judge(growth(of="time", most="1s"), noisy).outcome == "failed"
