"""Degenerate inputs by name: none may crash, approve by accident, or claim certainty."""

from __future__ import annotations

import math

import numpy as np
import pytest

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


def test_equal_variances_get_the_strongest_prior_allowed():
    prior = fit_prior(np.full(10, 0.5), np.full(10, 9.0))
    assert prior.df == 60.0
    assert prior.variance == pytest.approx(0.5, rel=0.15)
