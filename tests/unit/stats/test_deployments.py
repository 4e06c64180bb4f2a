"""What is learnt from duets of the same code, against an analysis of variance done by hand and against the truth."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.stats.beliefs import ASSUMED_SIGMA, FLOOR_SIGMA, INFLATION, assumed, believed
from gate.stats.deployments import Learnt, SameCode, learn, worth_of


def drawn(
    rng,
    duets: int = 20,
    endpoints: int = 10,
    rounds: int = 12,
    *,
    sigma: float = 0.02,
    common: float = 0.0,
    host=0.0,
    block: float = 0.03,
    df: float = math.inf,
) -> np.ndarray:
    """Same-code duets; ``df`` is of the t that deployments follow."""

    def luck(*shape: int) -> np.ndarray:
        if math.isinf(df):
            return rng.normal(0, 1, shape)
        return rng.standard_t(df, shape) / math.sqrt(df / (df - 2))

    own = sigma * (luck(duets, endpoints, 2) - luck(duets, endpoints, 2))
    shared = common * (luck(duets, 1, 1) - luck(duets, 1, 1))
    hosts = np.broadcast_to(np.asarray(host), (endpoints,))[np.newaxis, :, np.newaxis]
    return (own + shared + hosts)[..., np.newaxis] + rng.normal(0, block, (duets, endpoints, 2, rounds))


def learnt_of(differences: np.ndarray, worth: int | None = None) -> Learnt:
    return learn(SameCode(differences, len(differences) if worth is None else worth))


def test_one_endpoint_is_the_balanced_analysis_of_variance_by_hand():
    """Four duets of three rounds; sums of squares between and within as in any textbook, two deployments in each."""
    table = [[0.10, 0.12, 0.11], [0.02, 0.00, 0.01], [0.06, 0.05, 0.07], [-0.03, -0.02, -0.01]]
    means = [statistics.fmean(row) for row in table]
    between = 3 * statistics.variance(means)
    within = statistics.fmean(statistics.variance(row) for row in table)
    by_hand = math.sqrt((between - within) / 3 / 2)
    found = learnt_of(np.array(table)[:, np.newaxis, np.newaxis, :].repeat(2, axis=2))
    assert found.sigma[0] == pytest.approx([by_hand, by_hand], rel=1e-9)
    assert found.offset[0, 0] == pytest.approx(statistics.fmean(means))
    assert found.offset_variance[0, 0] == pytest.approx(statistics.variance(means) / 4)
    assert found.sigma_common == pytest.approx(by_hand), "one endpoint is all endpoints"


@pytest.mark.parametrize("df", [math.inf, 5.0])
@pytest.mark.parametrize(("sigma", "common"), [(0.01, 0.0), (0.03, 0.0), (0.02, 0.02)])
def test_the_truth_is_found_on_average(sigma, common, df):
    rng = np.random.default_rng(1)
    many = [learnt_of(drawn(rng, sigma=sigma, common=common, df=df)) for _ in range(60)]
    variance = np.mean([found.sigma**2 for found in many])
    # What lies far out is left out, so t5 comes out a little small; inflation is there for that.
    assert math.sqrt(variance) == pytest.approx(math.hypot(sigma, common), rel=0.08 if math.isinf(df) else 0.15)
    assert np.mean([found.sigma_common for found in many]) == pytest.approx(common, abs=0.004)


def test_endpoints_that_differ_keep_a_part_of_their_own():
    rng = np.random.default_rng(2)
    quiet, loud = drawn(rng, endpoints=15, sigma=0.01), drawn(rng, endpoints=5, sigma=0.05)
    sigma = learnt_of(np.concatenate([quiet, loud], axis=1)).sigma
    assert sigma[15:].min() > 2 * np.median(sigma[:15])


def test_offsets_are_as_far_from_the_truth_as_they_say():
    rng = np.random.default_rng(3)
    squares = []
    for _ in range(80):
        host = math.log(1.1) + rng.normal(0, 0.03, 10)
        found = learnt_of(drawn(rng, duets=8, host=host))
        squares.append(np.mean((found.offset - host[:, np.newaxis]) ** 2 / found.offset_variance))
    assert np.mean(squares) == pytest.approx(1.0, abs=0.25)


def test_what_endpoints_share_of_an_offset_is_shrunken_towards():
    rng = np.random.default_rng(4)
    alike = learnt_of(drawn(rng, host=math.log(1.1)))
    assert np.ptp(alike.offset[:, 0]) < 0.5 * np.ptp(np.mean(drawn(rng, host=math.log(1.1)), axis=(0, 3))[:, 0])
    assert alike.mean_offset == pytest.approx(math.log(1.1), abs=0.01)


@pytest.mark.parametrize("slower", [1.3, 2.0, 10.0])
def test_a_regression_of_main_itself_spoils_neither_sigma_nor_offset(slower):
    rng = np.random.default_rng(5)
    differences = drawn(rng)
    before = learnt_of(differences)
    differences[3, 2] += math.log(slower)
    differences[11, 2] -= math.log(slower)
    after = learnt_of(differences)
    assert after.left_out == 4
    assert after.sigma == pytest.approx(before.sigma, abs=0.004)
    assert after.offset == pytest.approx(before.offset, abs=0.006)


def test_deployments_measured_again_and_again_are_worth_no_more():
    ring = [(one, other) for one in range(4) for other in range(4) if one != other]
    assert worth_of(ring) == 3
    assert worth_of([("a", "b")] * 20) == 1
    assert worth_of([("a", "a")] * 20) == 0
    assert worth_of([(n, n + 1) for n in range(10)]) == 10


def test_same_deployment_on_both_sides_teaches_no_sigma():
    found = learnt_of(drawn(np.random.default_rng(6), sigma=0.0), worth=0)
    assert believed(found, one_host=False) == _same(assumed(10, one_host=False))


class _same:  # noqa: N801 - reads as a word where it is used
    """Equal beliefs: arrays make frozen values that do not compare."""

    def __init__(self, beliefs) -> None:
        self.beliefs = beliefs

    def __eq__(self, other: object) -> bool:
        return all(np.array_equal(getattr(self.beliefs, name), getattr(other, name)) for name in vars(self.beliefs))

    __hash__ = None


# Beliefs.


def test_until_five_duets_everything_is_assumed_and_from_ten_it_is_learnt():
    rng = np.random.default_rng(7)
    differences = drawn(rng, duets=12, sigma=0.01, block=0.02)
    guess = np.array(ASSUMED_SIGMA[False])
    four, seven, twelve = (believed(learnt_of(differences[:n]), one_host=False) for n in (4, 7, 12))
    assert (four.duets, four.hosts_known) == (0, False)
    assert (four.sigma_dep == guess).all()
    assert (seven.duets, seven.hosts_known) == (7, True)
    assert (seven.sigma_dep >= guess).all()
    assert twelve.sigma_dep.max() < 0.03


def test_what_was_learnt_is_taken_a_third_larger_and_never_zero():
    rng = np.random.default_rng(8)
    found = learnt_of(drawn(rng, duets=40, rounds=20, sigma=0.03))
    ratio = believed(found, one_host=False).sigma_dep / found.sigma
    assert (ratio >= INFLATION - 1e-12).all()
    assert np.median(ratio) < INFLATION + 0.1
    alike = believed(learnt_of(np.zeros((12, 5, 2, 8))), one_host=True)
    assert (alike.sigma_dep == FLOOR_SIGMA).all()


def test_short_duets_say_little_and_are_believed_little():
    """Three rounds of noisy blocks cannot show that deployments hardly differ."""
    rng = np.random.default_rng(9)
    short = believed(learnt_of(drawn(rng, duets=10, rounds=3, sigma=0.005, block=0.1)), one_host=False)
    long = believed(learnt_of(drawn(rng, duets=10, rounds=20, sigma=0.005, block=0.1)), one_host=False)
    assert short.sigma_dep.mean() > 1.3 * long.sigma_dep.mean()


def test_hosts_that_differ_are_known_before_they_can_be_reckoned_with():
    rng = np.random.default_rng(10)
    alike, apart = drawn(rng, duets=3, sigma=0.01), drawn(rng, duets=3, sigma=0.01, host=math.log(1.1))
    assert believed(learnt_of(alike), one_host=True).hosts_known
    assert not believed(learnt_of(apart), one_host=True).hosts_known


# Degenerate cases by name.


def test_one_duet_teaches_nothing_of_deployments():
    found = learnt_of(drawn(np.random.default_rng(11), duets=1))
    assert np.isinf(found.sigma2_error).all()
    assert believed(found, one_host=False).duets == 0


def test_no_duet_is_refused():
    with pytest.raises(ValueError, match="no duet"):
        learnt_of(np.empty((0, 3, 2, 8)))


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_all_equal(value):
    found = learnt_of(np.full((12, 4, 2, 8), value))
    assert found.sigma == pytest.approx(np.zeros((4, 2)), abs=1e-5)
    assert found.offset == pytest.approx(np.full((4, 2), value))
    assert found.left_out == 0


def test_an_endpoint_that_was_never_measured_is_taken_for_typical():
    differences = drawn(np.random.default_rng(12), host=0.1)
    differences[:, 4] = np.nan
    found = learnt_of(differences)
    assert found.offset[4] == pytest.approx(found.mean_offset)
    assert (found.offset_variance[4] >= found.offset_variance[0]).all()
    assert found.sigma[4] == pytest.approx(np.median(np.delete(found.sigma, 4, axis=0), axis=0), rel=0.3)


def test_nothing_but_nan_is_believed_to_be_as_assumed():
    beliefs = believed(learnt_of(np.full((12, 3, 2, 8), np.nan)), one_host=False)
    assert (beliefs.sigma_dep >= ASSUMED_SIGMA[False]).all()
    assert np.isfinite(beliefs.offset).all()


@pytest.mark.parametrize("endpoints", [1, 2, 3])
def test_few_endpoints(endpoints):
    beliefs = believed(learnt_of(drawn(np.random.default_rng(13), endpoints=endpoints, host=0.1)), one_host=False)
    assert np.isfinite(beliefs.sigma_dep).all()
    assert beliefs.offset == pytest.approx(np.full((endpoints, 2), 0.1), abs=0.03)


# Symmetries.

tables = st.builds(
    lambda seed, duets, endpoints: drawn(np.random.default_rng(seed), duets=duets, endpoints=endpoints, host=0.05),
    st.integers(0, 2**32 - 1),
    st.integers(2, 12),
    st.integers(1, 6),
)


@given(tables)
def test_arms_that_change_places_change_the_sign_of_the_offset_and_nothing_else(differences):
    one, other = learnt_of(differences), learnt_of(-differences)
    assert other.offset == pytest.approx(-one.offset, abs=1e-12)
    assert other.sigma == pytest.approx(one.sigma, abs=1e-12)
    assert other.sigma_common == pytest.approx(one.sigma_common, abs=1e-12)


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_duets_and_of_endpoints_does_not_matter(differences, random):
    duets, endpoints = (random.sample(range(n), n) for n in differences.shape[:2])
    one, other = learnt_of(differences), learnt_of(differences[duets][:, endpoints])
    assert other.sigma == pytest.approx(one.sigma[endpoints], abs=1e-9)
    assert other.offset == pytest.approx(one.offset[endpoints], abs=1e-9)


@given(tables, st.floats(0.1, 3.0))
def test_noise_twice_as_large_is_learnt_twice_as_large(differences, factor):
    one, other = learnt_of(differences), learnt_of(factor * differences)
    assert other.sigma == pytest.approx(factor * one.sigma, rel=1e-6, abs=1e-9)
    assert other.offset_variance == pytest.approx(factor**2 * one.offset_variance, rel=1e-6, abs=1e-12)
