"""Blocks as arrays: what counts as a value, and which blocks are a pair."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gate.record.blocks import block_values, pair_differences, run_values
from gate.record.endpoint import Block


def block(number: int, centre: float | None = -4.0, p95: float | None = -3.5, **more) -> Block:
    whole = {"planned": 50, "sent": 50, "dropped": 0, "errors": 0, "n": 50, "spoiled": False}
    return Block(
        round=number, order=number, start_s=0.0, log_p50=centre, log_p95=p95, log_trimmed_mean=centre, **(whole | more)
    )


def test_a_block_has_its_trimmed_mean_and_its_p95():
    assert block_values(block(0)) == (-4.0, -3.5)


@pytest.mark.parametrize(
    "poor",
    [
        block(0, spoiled=True),
        block(0, n=24, errors=26),
        block(0, n=20, sent=20, dropped=30),
        block(0, None, None, n=0, errors=50),
    ],
    ids=["spoiled", "errors", "dropped", "nothing"],
)
def test_a_block_that_is_poor_has_no_value(poor):
    assert all(math.isnan(value) for value in block_values(poor))


def test_half_of_what_was_planned_is_enough():
    assert block_values(block(0, n=25, errors=25)) == (-4.0, -3.5)


def test_a_block_of_no_requests_has_what_it_has():
    assert all(math.isnan(v) for v in block_values(block(0, None, None, planned=0, sent=0, n=0)))


def test_blocks_of_one_round_are_a_pair_wherever_they_stand():
    candidate = {"a": [block(2, -3.0), block(0, -4.0)], "b": [block(1, -2.0, None)]}
    base = {"b": [block(1, -2.5)], "a": [block(0, -4.1), block(1, -5.0), block(2, -3.3)]}
    d = pair_differences(candidate, base, ["a", "b", "c"])
    assert d.shape == (3, 2, 3)
    nan = math.nan
    assert d[:, 0] == pytest.approx(np.array([[0.1, nan, 0.3], [nan, 0.5, nan], [nan] * 3]), nan_ok=True)
    assert d[1, 1] == pytest.approx([nan, nan, nan], nan_ok=True)


def test_a_spoiled_block_takes_its_partner_with_it():
    d = pair_differences({"a": [block(0), block(1)]}, {"a": [block(0, spoiled=True), block(1)]}, ["a"])
    assert np.isnan(d[0, :, 0]).all()
    assert d[0, :, 1].tolist() == [0.0, 0.0]


def test_nothing_measured_is_an_empty_table():
    assert pair_differences({}, {}, ["a", "b"]).shape == (2, 2, 0)
    assert pair_differences({}, {"a": [block(3)]}, ["a"]).shape == (1, 2, 4)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_blocks_are_no_run(count):
    centre, error2 = run_values([[block(number) for number in range(count)]])
    assert centre.shape == error2.shape == (1, 2)
    assert np.isnan([*centre, *error2]).all()


def test_no_cells_are_no_runs():
    assert [found.shape for found in run_values([])] == [(0, 2), (0, 2)]


def test_a_run_is_the_location_of_its_blocks_metric_by_metric():
    blocks = [block(0, -4.1, -3.0), block(1, -4.0, None), block(2, -3.9, -3.0), block(3, -4.0, None)]
    centre, error2 = run_values([blocks])
    assert centre[0] == pytest.approx([-4.0, math.nan], nan_ok=True)
    assert error2[0, 0] > 0
    assert math.isnan(error2[0, 1])


def test_equal_blocks_are_a_run_without_error():
    centre, error2 = run_values([[block(number) for number in range(4)]])
    assert [*centre[0], *error2[0]] == [-4.0, -3.5, 0.0, 0.0]


def noisy(count: int, seed: int = 1) -> list[Block]:
    rng = np.random.default_rng(seed)
    return [block(number, *rng.normal(-4, 0.1, 2)) for number in range(count)]


def test_the_order_of_blocks_changes_nothing():
    one, other = run_values([noisy(9)]), run_values([noisy(9)[::-1]])
    assert one[0] == pytest.approx(other[0], rel=1e-12)


def test_a_run_is_the_same_beside_longer_and_shorter_ones():
    cells = [noisy(9), [], noisy(4, 2), noisy(2, 3)]
    centre, error2 = run_values(cells)
    for number, cell in enumerate(cells):
        alone = run_values([cell])
        assert [*centre[number], *error2[number]] == pytest.approx([*alone[0][0], *alone[1][0]], nan_ok=True)
