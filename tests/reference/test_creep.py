"""Creep: sums, weights and cumulative sums against published values and independent computations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gate.stats.creep import (
    HINT_AT,
    LEAST_DUETS,
    accumulated,
    combined,
    duet_variance,
    recursive_deviations,
    upward_cusum,
)
from gate.stats.shift import Shift


def shift(effect, se, df=8.0):
    return Shift(effect, se, {"before": se}, df, "a test", 3)


def test_effects_add_up_and_so_do_their_variances():
    total = accumulated(np.array([0.01, 0.02, -0.01, 0.03, 0.0, 0.01]), 0.0004, 7.0)
    assert total is not None
    assert total.effect == pytest.approx(0.06)
    assert total.se == pytest.approx(math.sqrt(6 * 0.0004))
    assert (total.n, total.df) == (6, 7.0)


def test_too_few_duets_or_duets_without_spread_say_nothing():
    assert accumulated(np.full(LEAST_DUETS - 1, 0.1), 0.01, 8.0) is None
    assert accumulated(np.full(9, 0.1), 0.0, 8.0) is None
    assert accumulated(np.array([]), math.nan, 8.0) is None


def test_the_spread_of_duets_is_that_of_a_t_with_five_degrees_of_freedom():
    effects = scipy_stats.t.ppf((np.arange(2000) + 0.5) / 2000, 5)
    assert duet_variance(effects) == pytest.approx(5 / 3, rel=0.01)
    assert duet_variance(effects + 0.3) == pytest.approx(duet_variance(effects)), "a steady creep is no spread"


def test_weights_are_precisions():
    """Cochran (1954): 1/0.01 and 1/0.04 weigh 4 to 1; the variance is one over the sum of the precisions."""
    both = combined([shift(0.10, 0.1), shift(0.20, 0.2, df=5.0)])
    assert both.effect == pytest.approx(0.12)
    assert both.se == pytest.approx(math.sqrt(1 / (1 / 0.01 + 1 / 0.04)))
    assert math.hypot(*both.se_parts.values()) == pytest.approx(both.se)
    assert both.df == 5.0


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.001, 1)), min_size=1, max_size=5))
def test_together_is_between_the_parts_and_surer_than_any(parts):
    shifts = [shift(effect, se) for effect, se in parts]
    both = combined(shifts)
    assert min(e for e, _ in parts) - 1e-9 <= both.effect <= max(e for e, _ in parts) + 1e-9
    assert both.se <= min(se for _, se in parts) + 1e-12


def test_deviations_are_those_of_prediction_intervals():
    """Each is the normal deviate of a new value's t (Hahn and Meeker 1991, section 4.8), by scipy's t and norm."""
    values = np.array([1.0, 2.0, 4.0, 3.0, 9.0])
    for n, found in zip((2, 3, 4), recursive_deviations(values), strict=True):
        before = values[:n]
        t = (values[n] - before.mean()) / (before.std(ddof=1) * math.sqrt(1 + 1 / n))
        assert found == pytest.approx(scipy_stats.norm.ppf(scipy_stats.t.cdf(t, n - 1)))


def test_deviations_of_normal_values_are_standard_normal_and_independent_whatever_their_mean_and_spread():
    """Hawkins (1987), section 2."""
    rng = np.random.default_rng(4)
    found = np.array([recursive_deviations(rng.normal(7, 3, 12)) for _ in range(2000)])
    assert scipy_stats.kstest(found.ravel(), "norm").pvalue > 0.01
    assert np.abs(np.corrcoef(found.T) - np.eye(10)).max() < 0.1


def exact_run_length(limit: float, slack: float, states: int = 400) -> float:
    """Average run length of a one-sided normal CUSUM by the Markov chain of Brook and Evans (1972),
    doi:10.1093/biomet/59.3.539."""
    width = 2 * limit / (2 * states - 1)
    at = np.arange(states) * width
    upper = scipy_stats.norm.cdf(at + width / 2 - at[:, np.newaxis] + slack)
    chain = np.diff(np.concatenate([np.zeros((states, 1)), upper], axis=1), axis=1)
    return float(np.linalg.solve(np.eye(states) - chain, np.ones(states))[0])


def test_the_cumulative_sum_runs_as_long_as_published():
    """One-sided run lengths in control, slack 0.5: 336 at limit 4, 930 at 5 (Montgomery, Introduction to Statistical
    Quality Control, table of CUSUM run lengths: 168 and 465 two-sided)."""
    assert exact_run_length(4.0, 0.5) == pytest.approx(336, rel=0.01)
    assert exact_run_length(5.0, 0.5) == pytest.approx(930, rel=0.01)
    assert 40 / exact_run_length(HINT_AT, 0.5) < 0.003, "what 40 normal runs would give in false hints"


def test_the_highest_standing_is_that_of_the_recursion():
    values = np.random.default_rng(8).normal(0, 1, 30)
    deviations = [min(d, 3.0) - 0.5 for d in recursive_deviations(values)]
    # Page (1954): the standing is the sum since the place that makes it largest.
    sums = [sum(deviations[i:j]) for i, j in itertools.combinations(range(len(deviations) + 1), 2)]
    assert upward_cusum(values) == pytest.approx(max(0.0, *sums))


def test_a_creep_is_hinted_at_and_its_mirror_is_not():
    noise = np.random.default_rng(2).normal(0, 0.02, 40)
    assert upward_cusum(noise + 0.01 * np.arange(40)) > HINT_AT
    assert upward_cusum(noise - 0.01 * np.arange(40)) < HINT_AT
    assert upward_cusum(noise) < HINT_AT


def test_equal_and_few_values_give_no_hint():
    assert upward_cusum(np.full(30, 0.1)) == 0.0
    assert upward_cusum(np.array([])) == 0.0
    assert upward_cusum(np.array([0.0, 5.0])) == 0.0
