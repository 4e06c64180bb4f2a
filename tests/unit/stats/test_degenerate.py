"""Degenerate inputs by name: none may crash, approve by accident, or claim certainty."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gate.stats.duet import common_shift, duet_shift, pooled_block_variance
from gate.stats.location import t_location
from gate.stats.moderation import fit_prior
from gate.stats.multiplicity import holm
from gate.stats.proportion import (
    design_effect,
    dispersion,
    lower_bound,
    p_above,
    p_more,
    quantile_bounds,
    upper_bound,
)
from gate.stats.sample import quantile, trimmed_mean
from gate.stats.stored import compare_stored

RNG = np.random.default_rng(11)


def stored(endpoints: int, runs: int, sd: float = 0.02) -> np.ndarray:
    return math.log(0.01) + RNG.normal(0, sd, (endpoints, runs))


def test_no_values_have_no_summary():
    assert math.isnan(quantile([], 0.5))
    assert math.isnan(trimmed_mean([]))


def test_one_value_is_its_own_summary():
    assert quantile([2.0], 0.95) == 2.0
    assert trimmed_mean([2.0]) == 2.0


def test_nan_p_rejects_nothing_and_harms_nobody():
    adjusted = holm({"good": 0.001, "broken": math.nan})
    assert adjusted["broken"] == 1.0
    assert adjusted["good"] == pytest.approx(0.002)


def test_holm_of_nothing_is_nothing():
    assert holm({}) == {}


def test_shares_without_data_are_wholly_unknown():
    assert (lower_bound(0, 0), upper_bound(0, 0)) == (0.0, 1.0)
    assert p_above(0, 0, 0.1) == 1.0
    assert p_more(0, 0, 0, 0) == 1.0
    assert quantile_bounds(0, 0.95) == (0.0, math.inf)


def test_all_failing_has_a_lower_bound_and_no_upper_below_one():
    assert upper_bound(10, 10) == 1.0
    assert 0.7 < lower_bound(10, 10) < 1.0


def test_dispersion_of_no_or_one_block_is_one():
    assert dispersion([]) == dispersion([5]) == dispersion([0, 0]) == 1.0


def test_design_effect_is_unknown_from_one_block():
    assert design_effect([1.0], 0.1, 50) == math.inf


def test_design_effect_of_constant_latencies():
    assert design_effect([1.0, 1.0], 0.0, 50) == 1.0
    assert design_effect([1.0, 2.0], 0.0, 50) == math.inf


def test_all_equal_values_have_a_location_without_error():
    fit = t_location(np.full(5, 0.25))
    assert (fit.centre, fit.variance) == (0.25, 0.0)


def test_a_single_outlier_hardly_moves_the_location():
    clean = np.linspace(-0.01, 0.01, 9)
    assert abs(t_location(np.append(clean, 5.0)).centre) < 0.01


def test_a_duet_of_two_blocks_says_nothing():
    assert duet_shift(np.array([0.1, 0.1]), 0.015, 1, 0.0) is None


def test_a_duet_of_equal_differences_keeps_the_deployment_error():
    shift = duet_shift(np.full(8, 0.05), 0.015, 1, 0.0)
    assert shift is not None
    assert shift.se == pytest.approx(math.sqrt(2) * 0.015)


def test_a_duet_without_any_error_is_refused():
    assert duet_shift(np.full(8, 0.05), 0.0, 1, 0.0) is None


def test_no_prior_from_short_duets():
    assert pooled_block_variance([np.array([0.1]), np.array([])]) == 0.0


def test_two_endpoints_share_no_common_shift():
    assert common_shift([], 0.05, 1) is None


def test_equal_variances_get_the_strongest_prior_allowed():
    prior = fit_prior(np.full(10, 0.5), np.full(10, 9.0))
    assert prior.df == 60.0
    assert prior.variance == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("runs", [1, 2])
def test_one_or_two_stored_runs_assume_their_spread(runs):
    for endpoints, test in ((1, "prediction interval, assumed spread"), (8, "shared factor removed, moderated t")):
        shift = compare_stored(stored(endpoints, runs), stored(endpoints, 1), "p50").shifts[0]
        assert shift is not None
        assert shift.test == test
        assert shift.se >= 0.03


@pytest.mark.parametrize("endpoints", [1, 2, 3, 5])
def test_few_endpoints_keep_the_shared_factor_in(endpoints):
    result = compare_stored(stored(endpoints, 10), stored(endpoints, 1), "p95")
    assert result.factor is None
    assert {shift.test for shift in result.shifts if shift} == {"prediction interval"}


def test_stored_runs_that_are_all_equal_do_not_make_certainty():
    old = np.full((6, 10), math.log(0.01))
    new = old[:, :1] + 1e-5
    shift = compare_stored(old, new, "p50").shifts[0]
    assert shift is not None
    assert shift.se > 0


def test_an_endpoint_without_baseline_or_candidate_is_left_out_and_no_other():
    old, new = stored(8, 6), stored(8, 1)
    old[0, :] = math.nan
    new[1, :] = math.nan
    shifts = compare_stored(old, new, "p50").shifts
    assert shifts[0] is None
    assert shifts[1] is None
    assert all(shift is not None and math.isfinite(shift.effect) for shift in shifts[2:])


def test_a_run_that_misses_an_endpoint_still_counts_for_the_others():
    old = stored(8, 6)
    old[0, 2] = math.nan
    shifts = compare_stored(old, stored(8, 1), "p50").shifts
    assert shifts[0] is not None
    assert shifts[0].n == 5
    assert shifts[1] is not None
    assert shifts[1].n == 6


def test_a_slow_runner_is_taken_out():
    old = stored(10, 10, 0.01)
    new = old.mean(axis=1, keepdims=True) + math.log(1.4)
    result = compare_stored(old, new, "p50")
    assert all(shift is not None and abs(shift.effect) < 0.02 for shift in result.shifts)
    assert result.factor is not None
    assert result.factor.shift is not None
    assert result.factor.shift.effect == pytest.approx(math.log(1.4), abs=0.02)


def test_speeding_up_most_endpoints_does_not_blame_the_rest():
    old = stored(10, 10, 0.01)
    new = old.mean(axis=1, keepdims=True)
    new[:6] += math.log(0.7)
    result = compare_stored(old, new, "p50")
    assert result.factor is not None
    assert result.factor.ambiguous == {6, 7, 8, 9}
    for shift in result.shifts[6:]:
        assert shift is not None
        assert shift.test == "prediction interval"
        assert abs(shift.effect) < 0.03


def test_several_candidate_runs_narrow_the_error():
    old = stored(8, 10)
    one = compare_stored(old, stored(8, 1), "p50").shifts[0]
    three = compare_stored(old, stored(8, 3), "p50").shifts[0]
    assert one is not None
    assert three is not None
    assert three.se < one.se
