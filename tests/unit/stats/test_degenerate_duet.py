"""Duets with little or nothing in them, by name: no score comes out of what was not measured, and none is endless."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from gate.stats.duet import Deployed, PairFit, Pooled, fit_pair, pool, pool_levels, pool_rows
from gate.stats.location import mad_sd, median, t_location

SIGMA = np.array([0.01, 0.02])
BLOCKS = np.random.default_rng(11).normal(0, 0.05, (6, 2, 8))


def judged(differences: np.ndarray, sigma: np.ndarray = SIGMA) -> tuple[PairFit, np.ndarray]:
    """Fit and scores of the rows, without a single warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = fit_pair(differences)
        return fit, pool_rows([fit], [Deployed(0, 0)], sigma).z(0.01)


def suite(fit: PairFit, sigma: float = 0.01) -> float:
    return float(pool_levels([fit], [Deployed(0, 0)], sigma).z(0.01))


def changed(**places) -> np.ndarray:
    d = BLOCKS.copy()
    for value, place in places.values():
        d[place] = value
    return d


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_no_block_one_block_two_blocks_have_no_change_and_no_score(rounds):
    fit, scores = judged(BLOCKS[..., :rounds])
    assert np.isnan(fit.effect).all()
    assert np.isnan(scores).all()
    assert math.isnan(suite(fit))


def test_blocks_that_are_all_spoiled_have_no_score():
    fit, scores = judged(np.full(BLOCKS.shape, math.nan))
    assert np.isnan(scores).all()
    assert math.isnan(suite(fit))


def test_no_endpoints_have_no_rows():
    fit, scores = judged(BLOCKS[:0])
    assert scores.shape == (0, 2)
    assert math.isnan(suite(fit))


def test_one_endpoint_is_judged_and_is_no_suite():
    fit, scores = judged(BLOCKS[:1] + 0.5)
    assert np.all(scores > 5)
    assert math.isnan(suite(fit))


@pytest.mark.parametrize("endpoints", [2, 3, 4])
def test_few_endpoints_keep_what_rounds_share(endpoints):
    moved = BLOCKS[:endpoints] + np.linspace(-0.2, 0.2, 8)
    together, _ = judged(moved)
    for place in range(endpoints):
        alone = t_location(moved[place], None, together.prior, 6.0)
        assert together.effect[place] == pytest.approx(alone.centre)
        assert together.variance[place] == pytest.approx(alone.variance)


def test_equal_differences_keep_the_deployment_error():
    fit, scores = judged(np.full((6, 2, 8), 0.1))
    found = pool_rows([fit], [Deployed(0, 0)], SIGMA)
    assert fit.variance.tolist() == np.zeros((6, 2)).tolist()
    assert found.variance == pytest.approx(np.tile(2 * SIGMA**2, (6, 1)))
    assert np.all(scores < 8)


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_nothing_that_varies_at_all_is_no_certainty(value):
    fit, scores = judged(np.full((6, 2, 8), value), np.zeros(2))
    assert np.isnan(scores).all()
    assert math.isnan(suite(fit, 0.0))


def test_ties_everywhere_but_in_one_endpoint():
    d = np.zeros((6, 2, 8))
    d[0] = 0.3
    _, scores = judged(d)
    assert np.all(scores[0] > 5)
    assert np.all(scores[1:] < 0)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_block_with_an_infinite_ratio_counts_as_none(value):
    for place in ((0, 0, 0), (slice(None), slice(None), 3)):
        fit, _ = judged(changed(a=(value, place)))
        absent, _ = judged(changed(a=(math.nan, place)))
        assert np.array_equal(fit.effect, absent.effect)
        assert np.array_equal(fit.variance, absent.variance)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_an_endpoint_missing_in_one_arm_has_no_score_and_harms_no_other(value):
    fit, scores = judged(changed(a=(value, 0)))
    rest, _ = judged(BLOCKS[1:])
    assert np.isnan(scores[0]).all()
    assert fit.effect[1:] == pytest.approx(rest.effect)


def test_rounds_missing_in_one_arm_leave_the_others():
    d = BLOCKS.copy()
    d[:, :, 3:] = math.nan
    assert np.isfinite(judged(d)[1]).all()
    d[:, :, 2:] = math.nan
    assert np.isnan(judged(d)[1]).all()


@pytest.mark.parametrize("step", [20.0, -20.0])
def test_a_clock_that_steps_in_one_round_moves_nothing_much(step):
    """All endpoints at once is what rounds share; one block of one endpoint is an outlier of its own."""
    for place in ((slice(None), slice(None), 4), (1, 0, 4)):
        fit, scores = judged(changed(a=(BLOCKS[place] + step, place)))
        assert np.all(np.abs(scores) < 4)
        assert np.abs(fit.effect - judged(BLOCKS)[0].effect).max() < 0.05


@pytest.mark.parametrize("step", [20.0, -20.0])
def test_a_clock_that_steps_half_way_proves_nothing(step):
    """No change of code looks like this; the spread of the blocks says so."""
    d = BLOCKS.copy()
    d[..., 4:] += step
    fit, scores = judged(d)
    assert np.all(np.abs(scores) < 3)
    assert abs(suite(fit)) < 3


@pytest.mark.parametrize("erratic", [3, 30, 1000])
def test_one_erratic_endpoint_hides_no_other(erratic):
    """A prior made of the mean over endpoints would: thirty times the spread in one left no power in the rest."""
    d = BLOCKS.copy()
    d[0] += 0.2
    calm = judged(d)[1]
    d[5] *= erratic
    assert np.all(judged(d)[1][0] > 0.7 * calm[0])


def test_one_value_has_a_centre_without_an_error():
    fit = t_location(np.array([0.25]))
    assert fit.centre == 0.25
    assert math.isnan(fit.variance)


def test_all_equal_values_have_a_location_without_error():
    fit = t_location(np.full(5, 0.25))
    assert (fit.centre, fit.variance) == (0.25, 0.0)


def test_no_values_have_no_location():
    for values in (np.full(4, math.nan), np.empty(0)):
        assert math.isnan(median(values))
        assert math.isnan(mad_sd(values))
        assert math.isnan(t_location(values).centre)


@pytest.mark.parametrize("outlier", [5.0, -5.0, 1e6])
def test_a_single_outlier_hardly_moves_the_location(outlier):
    assert abs(t_location(np.append(np.linspace(-0.01, 0.01, 9), outlier)).centre) < 0.01


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_the_median_is_of_what_is_finite(value):
    assert median(np.array([value, 1.0, 2.0, 7.0, value])) == 2.0


def pooled(effects: list[float], variances: list[float], sigma: float, deployed: list[Deployed]) -> Pooled:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dfs = [np.array(6.0)] * len(effects)
        return pool([np.array(e) for e in effects], [np.array(v) for v in variances], dfs, deployed, sigma)


def test_two_runs_of_one_pair_whose_blocks_are_all_equal_are_one():
    """Their covariance has no inverse: both say the same."""
    found = pooled([0.1, 0.1], [0.0, 0.0], 0.01, [Deployed(0, 0), Deployed(0, 0)])
    assert found.effect == pytest.approx(0.1)
    assert found.variance == pytest.approx(2 * 0.01**2)


def test_a_pair_whose_blocks_are_all_equal_can_be_pooled_with_one_whose_are_not():
    for sigma in (0.0, 0.01):
        found = pooled([0.1, 0.3], [0.0, 1e-4], sigma, [Deployed(0, 0), Deployed(1, 1)])
        assert 0.1 <= found.effect <= 0.2
        assert found.variance <= 2 * sigma**2 + 1e-9


@pytest.mark.parametrize("sigma", [math.nan, 0.01])
def test_pairs_that_measured_nothing_or_do_not_know_their_deployments_have_no_score(sigma):
    effects = [0.1, 0.1] if math.isnan(sigma) else [math.nan, math.nan]
    found = pooled(effects, [1e-4, 1e-4], sigma, [Deployed(0, 0), Deployed(1, 1)])
    assert math.isnan(found.z(0.01))
