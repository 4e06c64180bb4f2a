"""Each formula against a published or independently computed value, with its provenance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gate.stats.moderation import fit_prior, inverse_trigamma
from gate.stats.multiplicity import holm
from gate.stats.proportion import (
    clean_needed,
    design_effect,
    dispersion,
    lower_bound,
    p_above,
    p_more,
    quantile_bounds,
    upper_bound,
)
from gate.stats.sample import quantile, trimmed_mean
from gate.stats.shift import Shift


def test_sample_quantile_is_definition_7_of_hyndman_and_fan():
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]
    for q in (0.0, 0.05, 0.5, 0.95, 1.0):
        assert quantile(values, q) == pytest.approx(np.quantile(values, q, method="linear"))


def test_trimmed_mean_agrees_with_scipy():
    values = list(np.random.default_rng(3).lognormal(size=50))
    assert trimmed_mean(values, 0.1) == pytest.approx(scipy_stats.trim_mean(values, 0.1))


def test_holm_reproduces_r_p_adjust():
    # R 4.3: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") -> 0.05 0.08 0.09 0.09 0.09
    adjusted = holm({"a": 0.01, "b": 0.02, "c": 0.03, "d": 0.04, "e": 0.05})
    assert list(adjusted.values()) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


def test_clopper_pearson_bounds_agree_with_scipy_binomtest():
    for x, n in ((0, 30), (1, 10), (7, 50), (50, 50)):
        exact = scipy_stats.binomtest(x, n).proportion_ci(confidence_level=0.90, method="exact")
        assert lower_bound(x, n, 0.95) == pytest.approx(exact.low)
        assert upper_bound(x, n, 0.95) == pytest.approx(exact.high)


def test_rule_of_three_has_its_textbook_values():
    # Hanley and Lippman-Hand (1983), JAMA 249: 0 of n shows at most about 3/n; the exact counts are well known.
    assert [clean_needed(share) for share in (0.05, 0.01, 0.001)] == [59, 299, 2995]


def test_p_above_is_the_binomial_tail():
    assert p_above(7, 50, 0.05) == pytest.approx(scipy_stats.binom.sf(6, 50, 0.05))


def test_conditional_binomial_is_enumerated_exactly():
    # 5 events in 100 against 1 in 200: given 6 events, at least 5 fall into the first group, each with chance 1/3.
    exact = sum(math.comb(6, k) * (1 / 3) ** k * (2 / 3) ** (6 - k) for k in (5, 6))
    assert p_more(5, 100, 1, 200) == pytest.approx(exact)


def test_quantile_bounds_are_the_order_statistics_of_the_binomial_argument():
    # With n = 59 the maximum is the first finite one-sided 95 % bound of the p95 (0.95^59 = 0.0485).
    assert quantile_bounds(58, 0.95)[1] == math.inf
    assert quantile_bounds(59, 0.95)[1] <= 1.0
    low, high = quantile_bounds(1000, 0.5)
    assert low == pytest.approx(scipy_stats.binomtest(500, 1000).proportion_ci(0.90).low)
    assert high == pytest.approx(scipy_stats.binomtest(500, 1000).proportion_ci(0.90).high)


def test_dispersion_is_one_for_poisson_like_counts_and_the_ratio_otherwise():
    assert dispersion([2, 2, 2, 2]) == 1.0
    assert dispersion([0, 0, 0, 8]) == pytest.approx(np.var([0, 0, 0, 8], ddof=1) / 2)


def test_design_effect_of_clustered_means_by_hand():
    # Block means 1 and 3 have variance 2; 10 independent requests of variance 4 would give 0.4: five for one.
    assert design_effect([1.0, 3.0], 4.0, 10) == pytest.approx(5.0)


def test_inverse_trigamma_inverts_scipy():
    from scipy.special import polygamma

    for value in (1e-8, 0.01, 0.5, 1.6449340668, 40.0, 1e8):
        assert float(polygamma(1, inverse_trigamma(value))) == pytest.approx(value, rel=1e-4)


def test_prior_is_recovered_from_many_variances():
    # Smyth (2004): s^2 ~ s0^2 F(d, d0). With d0 = 8, s0^2 = 4 and 4,000 draws the moments give both back.
    rng = np.random.default_rng(5)
    variances = 4.0 * scipy_stats.f.rvs(9, 8, size=4000, random_state=rng)
    prior = fit_prior(variances, np.full(4000, 9.0))
    assert prior.df == pytest.approx(8, rel=0.15)
    assert prior.variance == pytest.approx(4, rel=0.05)


def test_shift_p_and_interval_are_those_of_the_t_distribution():
    shift = Shift(effect=0.10, se=0.02, se_parts={}, df=7, test="", n=8)
    assert shift.p_slower(0.03) == pytest.approx(scipy_stats.t.sf((0.10 - math.log(1.03)) / 0.02, 7))
    assert shift.p_faster(0.03) == pytest.approx(scipy_stats.t.cdf((0.10 + math.log(1.03)) / 0.02, 7))
    assert shift.interval() == pytest.approx(scipy_stats.t.interval(0.90, 7, 0.10, 0.02))


def test_detectable_slowdown_has_the_power_it_claims():
    """A shift of exactly the detectable size is called slower in four of five noncentral draws."""
    shift = Shift(effect=0.0, se=0.03, se_parts={}, df=20, test="", n=21)
    size = math.log1p(shift.detectable(0.02, 0.001))
    critical = scipy_stats.t.isf(0.001, 20)
    power = scipy_stats.nct.sf(critical, 20, (size - math.log1p(0.02)) / 0.03)
    assert power == pytest.approx(0.80, abs=0.02)
