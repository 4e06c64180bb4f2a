"""Location by maximum likelihood, its scale, and scores: against scipy and against plain loops."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats as scipy_stats
from scipy.optimize import minimize

from gate.stats.location import mad_sd, median, t_location
from gate.stats.scores import HIGHEST, normal_score
from tests.reference import plain

RNG_SEED = 8
CASES = {
    "plain": {},
    "with a prior": {"prior": 0.004, "prior_df": 6.0},
    "with a small prior": {"prior": 1e-3, "prior_df": 8.0},
    "weighed": {"weighs": True},
    "weighed, with a prior": {"weighs": True, "prior": 0.01, "prior_df": 6.0},
    "with gaps": {"gaps": (0, 7, 11)},
    "all of it": {"weighs": True, "gaps": (3, 4), "prior": 0.02, "prior_df": 6.0},
}


def heavy(n: int, seed: int = RNG_SEED) -> np.ndarray:
    return 0.3 + 0.1 * np.random.default_rng(seed).standard_t(5, n)


def test_without_weights_and_prior_it_is_maximum_likelihood_but_for_n_less_one():
    """At n / (n - 1) times the likelihood's scale equation: solved for by scipy with the same equation's integral."""
    values = heavy(400)

    def negative(parameters: np.ndarray) -> float:
        return -float(scipy_stats.t.logpdf(values, 5, parameters[0], math.exp(parameters[1])).sum())

    best = minimize(negative, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
    fit = t_location(values)
    assert fit.centre == pytest.approx(best.x[0], abs=0.002 * math.sqrt(fit.variance))
    assert fit.scale2 == pytest.approx(math.exp(best.x[1]) ** 2, rel=0.01)


def test_with_a_prior_and_weights_it_maximises_the_penalised_likelihood():
    """Value i follows a t of squared scale s2 / w_i; the prior and the n - 1 are a factor of the likelihood of s2.

    The stationary point of sum log t(x_i) + log w-terms - (d0 - 1)/2 log s2 - d0 s0^2 / (2 s2) is what EM solves.
    """
    values, prior, prior_df = heavy(12), 0.02, 6.0
    weights = np.linspace(0.2, 1.5, 12)

    def negative(parameters: np.ndarray) -> float:
        centre, log_s2 = parameters
        scale = np.exp(log_s2 / 2) / np.sqrt(weights)
        likelihood = scipy_stats.t.logpdf(values, 5, centre, scale).sum()
        return -float(likelihood - (prior_df - 1) / 2 * log_s2 - prior_df * prior / (2 * math.exp(log_s2)))

    best = minimize(negative, [0.2, -4.0], method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-13})
    fit = t_location(values, weights, prior, prior_df)
    assert fit.centre == pytest.approx(best.x[0], abs=1e-6)
    assert fit.scale2 == pytest.approx(math.exp(best.x[1]), rel=1e-5)
    assert fit.variance == pytest.approx(fit.scale2 * 8 / 6 / weights.sum())


@pytest.mark.parametrize("n", [3, 4, 7, 15, 40])
@pytest.mark.parametrize("case", CASES)
def test_it_agrees_with_plain_loops_run_to_the_end(case, n):
    options = CASES[case]
    values = heavy(n, n)
    for gap in options.get("gaps", ()):
        if gap < n - 3:
            values[gap] = math.nan
    weights = np.linspace(0.3, 1.0, n) if options.get("weighs") else None
    prior, prior_df = options.get("prior", 0.0), options.get("prior_df", 0.0)
    series = [None if math.isnan(value) else float(value) for value in values]
    wanted = plain.em(series, None if weights is None else list(weights), prior, prior_df)
    fit = t_location(values, weights, prior, prior_df)
    assert fit.centre == pytest.approx(wanted.centre, abs=1e-3 * math.sqrt(wanted.variance))
    assert fit.variance == pytest.approx(wanted.variance, rel=1e-3)
    assert fit.df == np.isfinite(values).sum() - 1 + prior_df


def test_many_series_at_once_are_each_what_they_are_alone():
    values = np.random.default_rng(2).standard_t(5, (3, 4, 9))
    values[1, 2, 4:] = math.nan
    weights = np.linspace(0.5, 1, 9)
    together = t_location(values, weights, 0.5, 6.0)
    for place in np.ndindex(3, 4):
        alone = t_location(values[place], weights, 0.5, 6.0)
        assert (together.centre[place], together.variance[place]) == (alone.centre, alone.variance)


def test_the_standard_error_is_the_spread_of_the_centre():
    """Asymptotic variance of the t location, at n = 30 within a twentieth."""
    fits = t_location(np.random.default_rng(4).standard_t(5, (4000, 30)))
    assert np.sqrt(np.mean(fits.variance)) == pytest.approx(fits.centre.std(), rel=0.05)


def test_median_and_mad_agree_with_numpy_and_scipy():
    rng = np.random.default_rng(6)
    for n in range(1, 9):
        values = rng.normal(size=n)
        assert median(values) == pytest.approx(np.median(values))
        wanted = scipy_stats.median_abs_deviation(values, scale=1 / 1.4826)
        assert mad_sd(values) == pytest.approx(wanted)
        gaps = np.concatenate([[math.nan], values, [math.nan, math.nan]])
        assert (median(gaps), mad_sd(gaps)) == (median(values), mad_sd(values))


@pytest.mark.parametrize("df", [1, 3, 7.5, 19, 200])
def test_scores_have_the_tail_probability_of_t(df):
    for t in (-6.0, -1.3, 0.0, 0.4, 2.8, 6.0, 15.0):
        assert scipy_stats.norm.sf(normal_score(t, df)) == pytest.approx(scipy_stats.t.sf(t, df), rel=1e-9)


def test_scores_are_symmetric_rise_with_t_and_end_at_the_highest():
    t = np.linspace(-80, 80, 401)
    scores = normal_score(t, 200.0)
    assert scores == pytest.approx(-scores[::-1])
    assert all(a <= b for a, b in pairwise(scores))
    assert normal_score(1e6, 1e6) == HIGHEST
    assert normal_score(math.inf, 9) == HIGHEST
