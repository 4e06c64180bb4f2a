"""The smallest slowdown that would be caught, against closed forms and against the multivariate normal of scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, nct, norm, t

from gate.stats.designs import MARGINS, DuetDesign, Stage, StoredDesign
from gate.stats.power import detectable_duet, detectable_stored, suspected_share

ANY = (-9.0, -9.0)
"""Nothing leaves here."""
DUET, STORED = (np.log1p(MARGINS[way]) for way in ("duet", "stored"))


def fixed(rounds: int, pairs: int = 1) -> DuetDesign:
    return DuetDesign("fixed", (Stage(rounds, ANY),), (), pairs)


def most(score: float) -> float:
    """A score as the t of the most degrees of freedom that are ever counted."""
    return float(t.isf(norm.sf(score), 200))


def exactly(got, expected, rel: float = 0.004) -> None:
    assert np.log1p(got) == pytest.approx(np.asarray(expected), rel=rel)


@pytest.mark.parametrize("pairs", [1, 3])
def test_without_looks_it_is_the_textbook_sum(pairs):
    """margin + (limit + z_0.8) SE, with so many blocks that the t is nearly a normal."""
    one, sigma, limit, rounds = np.array([0.012, 0.03]), np.array([0.01, 0.02]), 3.0, 3000
    error = np.sqrt(one / rounds + 2 * sigma**2 / pairs)
    exactly(detectable_duet(one, fixed(rounds, pairs), sigma, limit), DUET + (most(limit) + norm.ppf(0.8)) * error)


def test_few_blocks_pay_for_their_degrees_of_freedom():
    one, rounds, limit = np.array([0.012, 0.03]), 6, 3.0
    error = np.sqrt(one / rounds)
    reach = t.isf(norm.sf(limit), rounds - 1 + 6) + norm.ppf(0.8)
    exactly(detectable_duet(one, fixed(rounds), 0.0, limit), DUET + reach * error)


def test_two_looks_at_growing_data_are_a_bivariate_normal():
    """Independent: the chance to pass both looks at the size returned, by scipy's integral, is 0.8."""
    one, sigma, limit, keep = 0.012, 0.01, 3.0, 2.5
    design = DuetDesign("two", (Stage(500, (keep, keep)), Stage(1000, ANY)), ())
    size = np.log1p(detectable_duet(np.array([one, one]), design, sigma, limit))[0]
    blocks, errors = np.array([500.0, 1500.0]), []
    covariance = np.array([[one / max(a, b) + 2 * sigma**2 for a in blocks] for b in blocks])
    errors = np.sqrt(np.diag(covariance))
    asked = DUET[0] + np.array([most(keep), most(limit)]) * errors
    chance = multivariate_normal(mean=-np.full(2, size), cov=covariance).cdf(-asked)
    assert chance == pytest.approx(0.8, abs=0.006)


def test_fresh_deployments_are_pooled_with_the_first_and_pass_alone():
    one, sigma, limit, again = 0.012, 0.02, 2.6, 0.8
    design = DuetDesign("1+1", (Stage(600, ANY),), (Stage(900, (again, again)),))
    size = np.log1p(detectable_duet(np.array([one, one]), design, sigma, limit))[0]
    first, fresh = one / 600 + 2 * sigma**2, one / 900 + 2 * sigma**2
    pooled = 1 / (1 / first + 1 / fresh)
    # Alone and pooled: their covariance is the pooled variance, for the pooled mean is the best one.
    covariance = np.array([[fresh, pooled], [pooled, pooled]])
    asked = DUET[0] + np.array([most(again) * math.sqrt(fresh), most(limit) * math.sqrt(pooled)])
    chance = multivariate_normal(mean=-np.full(2, size), cov=covariance).cdf(-asked)
    assert chance == pytest.approx(0.8, abs=0.006)


@pytest.mark.parametrize("df", [4.0, 12.0, 27.0])
def test_against_stored_runs_it_is_the_noncentral_t(df):
    """Independent: at the size returned scipy's noncentral t passes the limit four times in five."""
    run, k, limit = np.array([0.001, 0.003]), 20, 4.0
    design = StoredDesign("one", 1, 1000)
    size = np.log1p(detectable_stored(run, run / k, df, design, limit))
    beyond = (size - STORED) / np.sqrt(run * (1 + 1 / k))
    assert nct.sf(t.isf(norm.sf(limit), df), df, beyond) == pytest.approx([0.8, 0.8], abs=0.006)


def test_more_runs_of_the_candidate_help_and_more_stored_ones_only_so_far():
    run = np.array([0.001, 0.003])
    one = StoredDesign("one", 1, 1000)
    three = StoredDesign("three", 3, 1000)
    sizes = [detectable_stored(run, run / k, 20.0, one, 3.0) for k in (5, 20, 1_000_000)]
    assert (sizes[0] > sizes[1]).all()
    assert (sizes[1] > sizes[2]).all()
    assert (detectable_stored(run, run / 20, 20.0, three, 3.0) < sizes[2]).all()


def test_a_run_that_only_suspects_costs_power_and_two_that_decide_give_it_back():
    run = np.array([0.001, 0.003])
    confirm = StoredDesign("confirm", 2, 1000, suspected_share=0.15, others_requests=150)
    two = StoredDesign("two", 2, 1000)
    found = [detectable_stored(run, run / 20, 20.0, confirm, 1.0, suspected_from=score) for score in (-9.0, 2.2, 2.9)]
    assert found[0] == pytest.approx(detectable_stored(run, run / 20, 20.0, two, 1.0), rel=0.03)
    assert (found[0] < found[1]).all()
    assert (found[1] < found[2]).all()
    assert (found[1] < detectable_stored(run, run / 20, 20.0, StoredDesign("one", 1, 1000), 3.8)).all()


@pytest.mark.parametrize(("suspected_from", "limit"), [(2.2, 1.0), (1.0, 2.5)])
def test_two_looks_are_passed_as_scipys_bivariate_normal_says(suspected_from, limit):
    """Independent: with known variances the two looks share the error of the stored centre and nothing else."""
    run, k = np.array([0.001, 0.003]), 20
    design = StoredDesign("confirm", 2, 1000, suspected_share=0.15)
    size = np.log1p(detectable_stored(run, run / k, 1e6, design, limit, suspected_from=suspected_from)) - STORED
    for metric in range(2):
        alone, pooled, centre = run[metric], run[metric] / 2, run[metric] / k
        covariance = [[alone + centre, centre], [centre, pooled + centre]]
        asked = np.array([suspected_from, limit]) * np.sqrt(np.diag(covariance))
        chance = multivariate_normal(mean=-size[metric] * np.ones(2), cov=covariance).cdf(-asked)
        assert chance == pytest.approx(0.8, abs=0.006)


@pytest.mark.parametrize("least", [0.05, 0.5])
def test_the_tolerance_has_to_be_reached_as_well(least):
    """With next to no noise the tolerance alone decides."""
    tiny = np.array([1e-9, 1e-9])
    assert detectable_duet(tiny, fixed(10), 0.0, 3.0, least=least) == pytest.approx([least, least], rel=1e-3)
    stored = StoredDesign("one", 1, 1000)
    assert detectable_stored(tiny, tiny, 9.0, stored, 3.0, least=least) == pytest.approx([least, least], rel=2e-3)


def test_hosts_that_are_known_badly_cost_and_more_blocks_do_not_pay_for_it():
    one = np.array([0.012, 0.03])
    exact = detectable_duet(one, fixed(10_000), 0.0, 3.0)
    vague = detectable_duet(one, fixed(10_000), 0.0, 3.0, offset_variance=0.01**2)
    assert (vague > exact + 0.02).all()


def test_nothing_varies():
    assert detectable_duet(np.zeros(2), fixed(10), 0.0, 3.0) == pytest.approx(np.expm1(DUET))


def test_nan_stays_nan_and_alone():
    found = detectable_duet(np.array([[0.01, math.nan], [0.01, 0.01]]), fixed(8), 0.01, 3.0)
    assert np.isnan(found).tolist() == [[False, True], [False, False]]
    stored = StoredDesign("one", 1, 1000)
    assert np.isnan(detectable_stored([0.01, math.nan], [0.01, 0.01], 5.0, stored, 3.0)).tolist() == [False, True]


def test_an_endpoint_has_the_same_figure_in_any_company():
    one, design = np.array([[0.01, 0.03]]), fixed(8)
    many = np.concatenate([one, 5 * one, one])
    assert (detectable_duet(many, design, 0.01, 3.0)[[0, 2]] == detectable_duet(one, design, 0.01, 3.0)).all()


numbers = st.floats(1e-4, 0.1)


@given(numbers, numbers, st.floats(1.5, 5.0), st.integers(3, 100))
def test_more_noise_a_higher_limit_or_fewer_blocks_never_show_more(one, sigma, limit, rounds):
    def size(one=one, sigma=sigma, limit=limit, rounds=rounds, pairs=1) -> float:
        return float(detectable_duet(np.array([one, one]), fixed(rounds, pairs), sigma, limit)[0])

    assert size() <= size(one=1.5 * one) * 1.003
    if rounds >= 40:  # an assumed sigma has no degrees to lose, so with few blocks the t comes nearer to the normal
        assert size() <= size(sigma=1.5 * sigma) * 1.003
    assert size() <= size(limit=limit + 0.5) * 1.003
    assert size(rounds=2 * rounds) <= size() * 1.01


def test_a_harmless_row_stays_suspected_as_often_as_its_score_passes():
    one, keep = np.array([0.012, 0.03]), 0.5
    design = DuetDesign("looks", (Stage(5000, (keep, keep)), Stage(5000, ANY)), ())
    error = np.sqrt(one / 5000)
    first, last = suspected_share(one, design, 0.0)
    assert first == pytest.approx(norm.sf(DUET / error + most(keep)), abs=0.002)
    assert (last == first).all()
