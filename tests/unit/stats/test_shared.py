"""What all endpoints share, taken out of each."""

from __future__ import annotations

import numpy as np
import pytest

from gate.baseline.series import levels_of
from gate.stats.shared import separate

RNG = np.random.default_rng(6)
RUNS = 24


def world(endpoints, runner_sd=0.1, own_sd=0.01):
    runner = RNG.normal(0, runner_sd, RUNS)
    own = RNG.normal(0, own_sd, (endpoints, RUNS)) + np.arange(endpoints)[:, np.newaxis]
    return own, runner


@pytest.mark.parametrize("endpoints", [5, 20])
def test_what_the_runner_did_is_found_and_taken_out(endpoints):
    own, runner = world(endpoints)
    found = separate(own + runner, levels_of)
    assert found.shared is not None
    assert found.shared == pytest.approx(runner - np.median(runner), abs=0.03)
    assert found.own.std(axis=1).max() < 0.025


def test_own_and_shared_add_up_to_what_was_measured():
    own, runner = world(7)
    values = own + runner
    values[2, 5] = np.nan
    found = separate(values, levels_of)
    assert found.own + found.shared == pytest.approx(values, nan_ok=True)


@pytest.mark.parametrize("endpoints", [0, 1, 2])
def test_of_one_or_two_nothing_is_taken_out(endpoints):
    own, runner = world(endpoints)
    found = separate(own + runner, levels_of)
    assert found.shared is None
    assert np.array_equal(found.own, own + runner)


def test_of_three_or_four_it_is_where_runners_differ():
    for endpoints in (3, 4):
        for runner_sd, is_removed in ((0.02, False), (0.2, True)):
            own, runner = world(endpoints, runner_sd)
            assert (separate(own + runner, levels_of).shared is not None) == is_removed


def test_a_run_of_which_little_was_measured_has_no_comparable_value():
    """Two values cannot say what their runner did, and beside values without it they would mean something else."""
    own, runner = world(6)
    values = own + runner
    values[2:, 3] = np.nan
    found = separate(values, levels_of)
    assert np.isnan(found.own[:, 3]).all()
    assert np.isfinite(found.own[:, 4]).all()


def test_an_endpoint_without_a_value_is_left_out_quietly():
    own, runner = world(6)
    values = own + runner
    values[1] = np.nan
    assert np.isfinite(separate(values, levels_of).own[[0, 2, 3, 4, 5]]).all()
