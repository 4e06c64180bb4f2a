"""A pair of deployments, and several pooled: against plain loops, explicit matrices and figures by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gate.stats.duet import Deployed, PairFit, Pooled, fit_pair, pool, pool_levels, pool_rows
from tests.reference import plain

SEED = 20261121


def blocks(endpoints: int, rounds: int, seed: int = SEED, shared: float = 0.02) -> np.ndarray:
    """Differences of blocks, shape ``(endpoints, 2, rounds)``: own noise of both metrics, and what rounds share."""
    rng = np.random.default_rng(seed)
    own = rng.standard_t(5, (endpoints, 2, rounds)) * np.array([[0.05], [0.08]])
    return np.asarray(own + rng.normal(0, shared, rounds) + rng.normal(0, 0.01, (endpoints, 2, 1)))


def staged(endpoints: int = 9, seed: int = SEED) -> np.ndarray:
    """Seven rounds of all endpoints, then fifteen of three suspects; one block here and there is missing."""
    d = blocks(endpoints, 22, seed)
    d[3:, :, 7:] = math.nan
    d[1, :, 2] = d[4, 1, 3] = d[0, :, 20] = math.nan
    return d


def listed(d: np.ndarray) -> list[list[plain.Series]]:
    return [[[None if math.isnan(v) else float(v) for v in series] for series in row] for row in d]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("endpoints", [3, 4, 5, 9, 20])
def test_a_pair_agrees_with_plain_loops(endpoints, seed):
    d = staged(endpoints, seed) if endpoints >= 5 else blocks(endpoints, 9, seed)
    found, wanted = fit_pair(d), plain.pair(listed(d))
    se = np.sqrt(wanted.variance)
    assert found.effect / se == pytest.approx(np.array(wanted.effect) / se, abs=2e-3)
    assert found.variance == pytest.approx(np.array(wanted.variance), rel=2e-3)
    assert found.df.tolist() == wanted.df
    assert found.prior == pytest.approx(wanted.prior, rel=2e-3)
    assert found.level == pytest.approx(wanted.level.centre, abs=2e-3 * math.sqrt(wanted.level.variance))
    assert found.level_variance == pytest.approx(wanted.level.variance, rel=2e-3)


def test_a_prior_known_from_elsewhere_is_used_as_it_stands():
    d, prior = blocks(6, 8), np.array([0.01, 0.03])
    found, wanted = fit_pair(d, prior), plain.pair(listed(d), list(prior))
    assert found.prior is prior
    assert found.variance == pytest.approx(np.array(wanted.variance), rel=2e-3)


def test_a_hiccup_common_to_all_endpoints_is_taken_out():
    quiet = blocks(12, 9, shared=0.0)
    hit = quiet.copy()
    hit[..., 4] += 0.4
    before, after = fit_pair(quiet), fit_pair(hit)
    error = np.sqrt(before.variance)
    assert np.all(np.abs(after.effect - before.effect) < 0.5 * error)
    # Without removal the block counts as an outlier of every endpoint, and the level keeps it as one of its own.
    assert abs(float(after.level - before.level)) < 0.05


def test_a_change_of_one_endpoint_is_left_in():
    quiet = blocks(12, 9)
    slow = quiet.copy()
    slow[5] += 0.2
    change = fit_pair(slow).effect - fit_pair(quiet).effect
    assert change[5] == pytest.approx([0.2, 0.2], abs=0.01)
    assert np.delete(change, 5, axis=0) == pytest.approx(np.zeros((11, 2)), abs=0.01)


def test_a_change_of_all_endpoints_is_left_in_and_is_the_level():
    quiet = blocks(12, 9)
    before, after = fit_pair(quiet), fit_pair(quiet + 0.1)
    assert after.effect - before.effect == pytest.approx(np.full((12, 2), 0.1))
    assert after.level - before.level == pytest.approx(0.1)
    assert after.level_variance == pytest.approx(before.level_variance)


def test_rounds_of_a_few_suspects_weigh_less_where_rounds_share_noise():
    """With sigma shared 20 times the own noise, a round that keeps it is worth next to nothing."""
    d = blocks(9, 22, shared=1.0)
    d[2:, :, 8:] = math.nan
    d[0, :, 8:] += 5.0
    assert np.abs(fit_pair(d).effect[0]).max() < 0.3


def test_the_standard_error_of_an_effect_is_its_spread():
    """Blocks alone, in a world without changes: within a tenth for the centre.

    The noise of p95 is independent of the centre's here, so taking the centre's median out of it adds noise that
    cancels again: its error is stated too large, never too small.
    """
    rng = np.random.default_rng(3)
    d = rng.standard_t(5, (2500, 8, 2, 9)) * 0.05 + rng.normal(0, 0.03, (2500, 1, 1, 9))
    found = fit_pair(d)
    ratio = np.sqrt(found.variance.mean(axis=0)) / found.effect.std(axis=0)
    assert ratio[:, 0] == pytest.approx(np.ones(8), abs=0.1)
    assert np.all((ratio[:, 1] > 0.95) & (ratio[:, 1] < 1.3))


PAIRS = [Deployed(0, 0), Deployed(1, 1), Deployed(2, 2)]


def pooled(deployed: list[Deployed], sigma: float, effects: list[float], variances: list[float], **more) -> Pooled:
    return pool(
        [np.array(v) for v in effects],
        [np.array(v) for v in variances],
        [np.array(10.0) for _ in effects],
        deployed,
        sigma,
        **more,
    )


def test_pairs_of_their_own_are_weighed_by_inverse_variances():
    effects, variances, sigma = [0.10, 0.04, 0.07], [1e-4, 4e-4, 2e-4], 0.01
    total = np.array(variances) + 2 * sigma**2
    found = pooled(PAIRS, sigma, effects, variances)
    assert found.effect == pytest.approx(np.average(effects, weights=1 / total))
    assert found.variance == pytest.approx(1 / np.sum(1 / total))
    assert found.blocks_variance + found.deployments_variance == pytest.approx(found.variance)


@pytest.mark.parametrize(
    "deployed",
    [
        [Deployed(0, 0), Deployed(1, 0), Deployed(2, 0)],
        [Deployed(0, 0), Deployed(0, 1), Deployed(1, 1)],
        [Deployed(0, 0), Deployed(0, 0), Deployed(1, 1)],
    ],
    ids=["one base", "a chain", "one pair twice"],
)
def test_pairs_that_share_deployments_are_weighed_by_the_whole_covariance(deployed):
    """Deployments drawn one by one: design matrix of their effects, generalised least squares by hand."""
    effects, variances, sigma = np.array([0.10, 0.04, 0.07]), np.array([1e-4, 4e-4, 2e-4]), 0.015
    design = np.zeros((3, 6))
    for row, pair in enumerate(deployed):
        design[row, pair.candidate], design[row, 3 + pair.base] = 1.0, -1.0
    covariance = sigma**2 * design @ design.T + np.diag(variances)
    ones, inverse = np.ones(3), np.linalg.inv(covariance)
    found = pooled(deployed, sigma, list(effects), list(variances))
    weights = inverse @ ones / (ones @ inverse @ ones)
    assert found.effect == pytest.approx(weights @ effects)
    assert found.variance == pytest.approx(1 / (ones @ inverse @ ones))
    assert found.blocks_variance == pytest.approx(weights**2 @ variances)


def test_a_shared_base_is_never_averaged_away():
    many = [Deployed(number, 0) for number in range(50)]
    found = pooled(many, 0.02, [0.1] * 50, [0.0001] * 50)
    assert found.variance > 0.02**2


def test_the_spread_of_pooled_changes_is_what_is_stated():
    """Simulated deployments, one base shared by two previews and a pair of their own."""
    rng, sigma, sd = np.random.default_rng(9), 0.02, np.array([0.01, 0.02, 0.03])
    deployed = [Deployed(0, 0), Deployed(1, 0), Deployed(2, 1)]
    candidates, bases = rng.normal(0, sigma, (3, 20_000)), rng.normal(0, sigma, (2, 20_000))
    effects = [
        candidates[p.candidate] - bases[p.base] + rng.normal(0, s, 20_000) for p, s in zip(deployed, sd, strict=True)
    ]
    found = pool(effects, [np.full(20_000, s**2) for s in sd], [np.full(20_000, 50.0)] * 3, deployed, sigma)
    assert found.effect.std() == pytest.approx(math.sqrt(found.variance[0]), rel=0.02)


def test_a_pair_that_did_not_measure_a_row_counts_for_nothing():
    alone = pooled(PAIRS[:1], 0.01, [0.1], [1e-4])
    for absent in ([math.nan, 1e-4], [0.3, math.nan]):
        found = pooled(PAIRS[:2], 0.01, [0.1, absent[0]], [1e-4, absent[1]])
        assert found.effect == pytest.approx(alone.effect)
        assert found.variance == pytest.approx(alone.variance)
        assert found.df == pytest.approx(alone.df)


def test_what_is_not_known_of_the_hosts_stands_outside_and_no_pair_lowers_it():
    for pairs in (1, 2, 3):
        bare = pooled(PAIRS[:pairs], 0.01, [0.1] * pairs, [1e-4] * pairs)
        found = pooled(PAIRS[:pairs], 0.01, [0.1] * pairs, [1e-4] * pairs, offset=0.03, offset_variance=5e-4)
        assert found.effect == pytest.approx(0.07)
        assert found.variance == pytest.approx(bare.variance + 5e-4)
        assert found.offset_variance == 5e-4


def test_degrees_of_freedom_are_satterthwaites():
    """(v1 + v2)^2 / (v1^2 / f1 + v2^2 / f2), the assumed deployment variance without degrees to lose."""
    effects = [np.array(0.1), np.array(0.1)]
    found = pool(effects, [np.array(3e-4), np.array(1e-4)], [np.array(5.0), np.array(12.0)], PAIRS[:2], 0.0)
    w = np.array([0.25, 0.75])
    parts = w**2 * np.array([3e-4, 1e-4])
    assert found.df == pytest.approx(parts.sum() ** 2 / np.sum(parts**2 / np.array([5, 12])))
    with_deployments = pool(effects[:1], [np.array(3e-4)], [np.array(5.0)], PAIRS[:1], 0.02)
    assert with_deployments.df == pytest.approx(5 * ((3e-4 + 8e-4) / 3e-4) ** 2)


def test_t_and_z_are_those_of_the_shift_beyond_the_margin():
    found = pooled(PAIRS[:1], 0.01, [0.1], [1e-4])
    t = (0.1 - math.log(1.02)) / math.sqrt(3e-4)
    assert found.t(0.02) == pytest.approx(t)
    assert scipy_stats.norm.sf(found.z(0.02)) == pytest.approx(scipy_stats.t.sf(t, float(found.df)))


def test_rows_are_pooled_row_by_row():
    fits = [fit_pair(blocks(6, 8, seed)) for seed in (1, 2)]
    sigma = np.array([0.01, 0.02])
    found = pool_rows(fits, PAIRS[:2], sigma)
    for place in np.ndindex(6, 2):
        one = pooled(
            PAIRS[:2],
            sigma[place[1]],
            [fit.effect[place] for fit in fits],
            [fit.variance[place] for fit in fits],
        )
        assert found.effect[place] == pytest.approx(one.effect)
        assert found.variance[place] == pytest.approx(one.variance)


def level_of(level: float, variance: float, endpoints: int) -> PairFit:
    effect = np.zeros((endpoints, 2))
    return PairFit(effect, effect, effect + 9, np.array(level), np.array(variance), np.array(6.0), np.zeros(2))


def test_of_the_whole_suite_own_effects_of_deployments_average_out_and_common_ones_do_not():
    fits = [level_of(0.05, 1e-5, 10), level_of(0.03, 3e-5, 10)]
    found = pool_levels(fits, PAIRS[:2], 0.01, sigma_common=0.004)
    total = np.array([1e-5, 3e-5]) + 2 * 0.01**2 / 10 + 2 * 0.004**2
    assert found.effect == pytest.approx(np.average([0.05, 0.03], weights=1 / total))
    assert found.variance == pytest.approx(1 / np.sum(1 / total))


def test_degrees_of_freedom_of_the_suite_are_those_of_its_rounds():
    one = pool_levels([level_of(0.05, 1e-4, 10)], PAIRS[:1], 0.0)
    assert one.df == pytest.approx(6.0)
    assumed = pool_levels([level_of(0.05, 1e-4, 10)], PAIRS[:1], 0.01, sigma_common=0.005)
    assert assumed.df == pytest.approx(6 * ((1e-4 + 2e-5 + 5e-5) / 1e-4) ** 2)


@pytest.mark.parametrize(("endpoints", "rounds"), [(5, 7), (20, 7), (20, 8), (20, 15)])
def test_a_suite_that_did_not_change_is_called_changed_as_often_as_stated(endpoints, rounds):
    """Nominal 5 %. With each endpoint's median as its own centre it was 30 % at 20 endpoints and 7 rounds."""
    rng = np.random.default_rng(8)
    d = rng.normal(0, 0.1, (2000, endpoints, 2, rounds)) + rng.normal(0, 0.0226, (2000, 1, 1, rounds))
    found = pool_levels([fit_pair(d)], PAIRS[:1], 0.0)
    assert np.mean(np.abs(found.z(0.0)) > 1.96) == pytest.approx(0.06, abs=0.035)
