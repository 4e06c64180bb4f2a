"""Means of values that are not negative: by hand, and how often the test and the bound are wrong, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gate.stats.nonnegative import STAKES, lower_mean, p_mean_above
from gate.stats.special import stdtr

DRAWS = {
    "lognormal": lambda random, shape: random.lognormal(-0.5, 1.0, shape),
    "wide lognormal": lambda random, shape: random.lognormal(-2.0, 2.0, shape),
    "bimodal": lambda random, shape: np.where(random.random(shape) < 0.05, 10.5, 0.5),
    "rare": lambda random, shape: np.where(random.random(shape) < 0.01, 100.0, 0.0),
    "Pareto": lambda random, shape: (random.pareto(1.5, shape) + 1) / 3,
    "exponential": lambda random, shape: random.exponential(1.0, shape),
}
"""All with a mean of 1."""


def test_by_hand():
    """Three values of 2, 3 and 0.5 times the limit, on each stake."""
    capital = sum((1 + k) * (1 + 2 * k) * (1 - 0.5 * k) for k in STAKES) / 4
    assert p_mean_above([0.2, 0.3, 0.05], 0.1) == pytest.approx(1 / capital)
    assert p_mean_above([0.2, 0.05], 0.1, [3, 2]) == pytest.approx(p_mean_above([0.2, 0.2, 0.05, 0.05, 0.2], 0.1))


def test_a_few_far_beyond_are_enough_and_nothing_is_said_without_any():
    assert p_mean_above([1.4] * 6, 0.1) < 1e-6
    assert p_mean_above([], 0.1) == 1.0
    assert lower_mean([], 0.95) == 0.0
    assert lower_mean([0.0, 0.0], 0.95) == 0.0


def test_a_value_of_zero_takes_no_more_than_its_stake():
    assert p_mean_above([0.0] + [1.4] * 10, 0.1) < 1e-4


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan, math.inf])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(ValueError, match="limit is above zero"):
        p_mean_above([0.1], limit)


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_values_that_cannot_be_are_refused(value):
    with pytest.raises(ValueError, match="not negative"):
        p_mean_above([value], 0.1)


VALUES = st.lists(st.floats(0.0, 100.0), min_size=1, max_size=30)


@given(VALUES, st.floats(0.01, 100.0), st.floats(1.0, 10.0))
def test_a_higher_limit_is_never_surer_to_be_missed(values, limit, factor):
    assert p_mean_above(values, limit * factor) >= p_mean_above(values, limit) * (1 - 1e-9)


@given(VALUES)
def test_the_bound_is_below_the_mean_and_where_the_test_turns(values):
    bound = lower_mean(values, 0.95)
    assert bound <= np.mean(values) * (1 + 1e-9)
    if bound > 1e-6:
        assert p_mean_above(values, 0.999 * bound) <= 0.05
        assert p_mean_above(values, 1.001 * bound) >= 0.05


@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize("n", [3, 10, 40])
def test_a_mean_at_the_limit_is_hardly_ever_called_missed(kind, n):
    """5 % is promised whatever the distribution; 2,000 runs tell it within three standard errors."""
    drawn = DRAWS[kind](np.random.default_rng(n), (2000, n))
    wrong = np.mean([p_mean_above(values, 1.0) <= 0.05 for values in drawn])
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize("kind", ["lognormal", "exponential", "Pareto"])
def test_far_beyond_the_limit_it_decides_where_a_t_test_does_not(kind):
    """14 times the limit, ten values, one error in 2,000: the largest few keep the t interval wide."""
    drawn = 14 * DRAWS[kind](np.random.default_rng(1), (400, 10))
    bets = np.mean([p_mean_above(values, 1.0) <= 5e-4 for values in drawn])
    t = (drawn.mean(axis=1) - 1) / (drawn.std(axis=1, ddof=1) / math.sqrt(10))
    assert bets >= 0.95
    assert np.mean(stdtr(9, -t) <= 5e-4) <= 0.7


@pytest.mark.parametrize("kind", DRAWS)
def test_the_bound_is_sharper_than_that_of_the_distribution_function(kind):
    """Anderson's bound, the mean of the highest distribution within the one-sided band of Dvoretzky, Kiefer, Wolfowitz.

    Anderson, T. W. (1969). Confidence limits for the expected value of an arbitrary bounded random variable with a
    continuous distribution function. Bulletin of the International Statistical Institute 43, 249-251.
    """
    drawn = DRAWS[kind](np.random.default_rng(2), (200, 20))
    band = math.sqrt(math.log(1 / 0.05) / (2 * 20))
    steps = np.diff(np.sort(drawn, axis=1), axis=1, prepend=0.0)
    anderson = (steps * np.maximum(1 - np.arange(20) / 20 - band, 0)).sum(axis=1)
    assert np.mean([lower_mean(values, 0.95) for values in drawn]) >= np.mean(anderson)


def test_it_is_blunter_than_a_t_test_where_that_is_right():
    """Which is why both are asked."""
    drawn = np.random.default_rng(4).normal(1.1, 0.1, (200, 20))
    t = scipy_stats.ttest_1samp(drawn, 1.0, axis=1, alternative="greater").pvalue
    assert np.mean(t <= 0.01) > 0.9
    assert np.mean([p_mean_above(values, 1.0) <= 0.01 for values in drawn]) < 0.1
