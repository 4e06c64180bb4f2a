"""What would have made another outcome: true of the rule that made this one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.stats.multiplicity import holm
from gate.verdict.family import p_rejected
from gate.verdict.flips import flip_of
from gate.verdict.values import Row
from tests.builders import World, history_of, run_of, suite_of, verdict_of

SUITE = suite_of(
    "endpoints:\n"
    + "".join(f"  {name}: GET /{name}\n" for name in ("home", "list", "detail", "cart", "orders"))
    + "  search: {request: GET /search, objectives: {p95: 60ms, error_rate: 2%, mean: 50ms, bytes: 2kB}}\n"
)
PAST = history_of(SUITE, 10)


def row_of(metric: str, world: World) -> Row:
    verdict = verdict_of(SUITE, run_of(SUITE, world=world), PAST)
    return next(row for row in verdict.rows if row.id == f"shop/search/{metric}")


P = st.floats(0.0, 1.0)


@given(st.lists(P, max_size=8), P, st.sampled_from([0.01, 0.0015, 0.05]))
def test_the_limit_of_p_is_that_of_holm(others, p, level):
    tests = {f"t{n}": other for n, other in enumerate(others)}
    limit = p_rejected({**tests, "own": p}, "own", level)
    for tried, is_rejected in ((limit * (1 - 1e-9), True), (limit * (1 + 1e-9), False)):
        assert (holm({**tests, "own": tried})["own"] <= level) == is_rejected


@pytest.mark.parametrize("failed", [0, 1, 4, 40])
def test_so_many_errors_block_and_one_fewer_does_not(failed):
    row = row_of("errors", World(failing={"search": {0: failed // 2, 4: failed - failed // 2}}))
    flip = flip_of(row)
    assert flip.met_up_to is None
    sides = row.trail.counts
    assert (sides["candidate"].count, sides["candidate"].n) == (failed, 400)
    assert (sides["baseline"].count, sides["baseline"].n) == (0, 4000)
    assert (row.outcome == "regressed") == (failed >= flip.bad_from)


def test_every_count_of_errors_is_on_its_side_of_the_flip():
    """Spread evenly, so that the dispersion stays one whatever the count."""
    outcomes = []
    for failed in range(0, 17, 2):
        rounds = {number: 1 + (failed > 8) if number < (failed if failed <= 8 else 8) else 0 for number in range(8)}
        row = row_of("errors", World(failing={"search": rounds}))
        count = row.trail.counts["candidate"].count
        assert row.trail.design_effect == 1.0
        assert (row.outcome == "regressed") == (count >= flip_of(row).bad_from)
        outcomes.append(row.outcome)
    assert {"regressed", "unchanged"} <= set(outcomes)


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.05, 1.2, 1.5])
@pytest.mark.parametrize("metric", ["limit:p95", "limit:mean"])
def test_an_objective_is_on_its_side_of_the_flip(metric, factor):
    row = row_of(metric, World(slower={"search": factor}))
    flip, trail = flip_of(row), row.trail
    seen = trail.counts["candidate"].count if trail.counts else row.candidate
    assert (row.outcome == "missed") == (seen >= flip.bad_from)
    assert (row.outcome == "met") == (flip.met_up_to is not None and seen <= flip.met_up_to)
    assert flip.met_up_to is None or flip.met_up_to < flip.bad_from


def test_objectives_are_told_apart_as_seen():
    found = {row_of("limit:p95", World(slower={"search": factor})).outcome for factor in (0.5, 1.2, 1.5)}
    assert {"met", "missed"} <= found


def test_what_rests_on_too_little_data_cannot_be_met():
    """58 clean requests are one too few for a p95."""
    row = row_of("limit:p95", World())
    few = row.trail.model_copy(
        update={
            "counts": {"candidate": row.trail.counts["candidate"].model_copy(update={"count": 0, "n": 58})},
            "design_effect": 1.0,
        }
    )
    assert flip_of(row.model_copy(update={"trail": few})).met_up_to is None
    enough = few.model_copy(update={"counts": {"candidate": few.counts["candidate"].model_copy(update={"n": 59})}})
    assert flip_of(row.model_copy(update={"trail": enough})).met_up_to == 0


def test_checks_and_latencies_have_no_flip():
    assert flip_of(row_of("limit:bytes", World())) is None
    assert flip_of(row_of("p50", World())) is None


def test_the_family_is_that_of_all_errors_and_objectives():
    trails = [row_of(metric, World()).trail for metric in ("errors", "limit:p95", "limit:error_rate", "limit:mean")]
    assert {trail.family for trail in trails} == {6 + 3}
    assert all(trail.family_share == pytest.approx(0.15) for trail in trails)
    assert all(a.p_limit > 0 for a in trails)
