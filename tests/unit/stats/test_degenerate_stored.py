"""Comparisons with stored runs that hold little or nothing, by name."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from gate.stats.stored import StoredComparison, compare_stored

RNG = np.random.default_rng(12)
OLD = RNG.normal(-4, 0.03, (8, 2, 10))
NEW = RNG.normal(-4, 0.03, (8, 2, 1))


def compared(old: np.ndarray, new: np.ndarray, **noise) -> StoredComparison:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compare_stored(old, new, **noise)
        found.rows.z(0.02), found.factor.z(0.02)
    return found


def having(table: np.ndarray, value: float, place) -> np.ndarray:
    copy = table.copy()
    copy[place] = value
    return copy


def test_no_stored_run_no_candidate_run_no_endpoint_have_no_score():
    for old, new in ((OLD[..., :0], NEW), (OLD, NEW[..., :0]), (OLD[:0], NEW[:0]), (np.full(OLD.shape, math.nan), NEW)):
        found = compared(old, new)
        assert np.isnan(found.rows.z(0.02)).all()
        assert np.isnan(found.factor.z(0.02)).all()
        assert not found.removed.any()


def test_one_baseline_can_show_nothing_small():
    found = compared(OLD[..., :1], OLD[..., :1] + math.log(1.1))
    assert np.all(found.rows.z(0.02) < 2)
    assert np.all(found.runs == 1)
    assert np.all(found.factor.z(0.02) < 2), "one run says nothing of runners"


def test_one_endpoint_and_one_baseline_show_nothing_below_half():
    found = compared(OLD[:1, :, :1], OLD[:1, :, :1] + math.log(1.5))
    assert np.all(found.rows.z(0.02) < 2.3)


def test_stored_runs_that_are_all_equal_do_not_make_certainty():
    for shift in (0.0, 1e-5):
        found = compared(np.full(OLD.shape, -4.0), np.full(NEW.shape, -4.0 + shift))
        assert np.all(found.rows.variance > 0)
        assert np.all(found.rows.z(0.02) < 0)


def test_zeros_and_ties_everywhere_but_in_one_endpoint():
    found = compared(np.zeros(OLD.shape), having(np.zeros(NEW.shape), 0.3, 0))
    scores = found.rows.z(0.02)
    assert np.all(scores[0] > 5)
    assert np.all(scores[1:] < 0)
    assert np.all(np.abs(found.rows.effect[1:]) < 1e-6)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_an_endpoint_with_an_infinite_ratio_has_no_score_and_harms_no_other(value):
    rest = compared(OLD[1:], NEW[1:]).rows
    for old, new in ((OLD, having(NEW, value, 0)), (having(OLD, value, 0), NEW)):
        found = compared(old, new).rows
        assert np.isnan(found.z(0.02)[0]).all()
        assert found.effect[1:] == pytest.approx(rest.effect)
        assert found.variance[1:] == pytest.approx(rest.variance)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_run_that_misses_an_endpoint_still_counts_for_the_others(value):
    found = compared(having(OLD, value, (0, slice(None), 2)), NEW)
    assert found.runs[:, 0].tolist() == [9] + [10] * 7
    assert np.isfinite(found.rows.z(0.02)).all()


def test_one_candidate_run_of_two_that_misses_an_endpoint_leaves_the_other():
    both = np.concatenate([NEW, NEW], axis=-1)
    found = compared(OLD, having(both, math.nan, (0, slice(None), 1))).rows
    assert np.isfinite(found.z(0.02)).all()
    assert np.all(found.candidate_variance[0] > found.candidate_variance[1:].max(axis=0) * 0.5)


@pytest.mark.parametrize("step", [20.0, -20.0])
def test_a_clock_that_stepped_in_one_stored_run_moves_no_row(step):
    """It is what all endpoints of that run share; the factor's own spread then excuses any runner, so only a row is
    safe from it."""
    stepped = OLD.copy()
    stepped[..., 3] += step
    found, sound = compared(stepped, NEW).rows, compared(OLD, NEW).rows
    assert np.abs(found.effect - sound.effect).max() < 0.03
    assert np.all(np.abs(found.z(0.02)) < 4)


@pytest.mark.parametrize("step", [20.0, -20.0])
def test_a_clock_that_stepped_in_the_candidate_is_the_factor(step):
    found, sound = compared(OLD, NEW + step), compared(OLD, NEW)
    assert found.rows.effect == pytest.approx(sound.rows.effect, abs=1e-6)
    assert np.all(np.sign(found.factor.z(0.02)) == math.copysign(1, step))
    assert np.all(np.abs(found.factor.z(0.02)) > 3)


@pytest.mark.parametrize("endpoints", [1, 2])
def test_one_and_two_endpoints_have_nothing_taken_out(endpoints):
    found = compared(OLD[:endpoints], NEW[:endpoints] + 0.5)
    assert not found.removed.any()
    assert np.all(found.rows.effect > 0.4)


def test_three_endpoints_of_runners_that_differ_much_have_the_factor_taken_out():
    runners = RNG.normal(0, 0.2, 10)
    found = compared(OLD[:3] + runners, NEW[:3] + 0.5)
    assert found.removed.all()
    assert np.all(np.abs(found.rows.effect) < 0.15)


def test_an_error_that_is_not_known_is_no_certainty():
    for value in (math.nan, math.inf):
        found = compared(OLD, NEW, old_noise=np.full(OLD.shape, 1e-4), new_noise=np.full(NEW.shape, value))
        assert np.isnan(found.rows.z(0.02)).all()
