"""A comparison with stored runs: against plain loops and figures by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gate.stats.stored import compare_stored
from tests.reference import plain

SEED = 20261121


def world(endpoints: int, runs: int, candidates: int = 1, seed: int = SEED, runner: float = 0.08):
    """Stored runs and candidate runs, shape ``(endpoints, 2, runs)``, on runners of their own."""
    rng = np.random.default_rng(seed)
    own = rng.standard_t(5, (endpoints, 2, runs + candidates)) * np.array([[0.02], [0.04]])
    whole = own + rng.normal(0, runner, runs + candidates) + rng.normal(-4, 1, (endpoints, 2, 1))
    return whole[..., :runs], whole[..., runs:]


def listed(table: np.ndarray, metric: int) -> list[plain.Series]:
    return [[None if math.isnan(v) else float(v) for v in row] for row in table[:, metric]]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("endpoints", "runs", "candidates"), [(5, 6, 1), (8, 4, 2), (20, 20, 1), (20, 10, 4)])
def test_it_agrees_with_plain_loops(endpoints, runs, candidates, seed):
    old, new = world(endpoints, runs, candidates, seed)
    rng = np.random.default_rng(seed)
    old_noise, new_noise = (rng.uniform(0.5, 2, table.shape) * 1e-4 for table in (old, new))
    new_noise[..., -1] *= 5  # measured less
    found = compare_stored(old, new, old_noise, new_noise)
    assert found.removed.all()
    for metric in range(2):
        tables = [listed(table, metric) for table in (old, new, old_noise, new_noise)]
        wanted = plain.stored(*tables)
        error = np.sqrt(np.add(wanted.candidate_variance, wanted.stored_variance))
        assert found.rows.effect[:, metric] / error == pytest.approx(np.array(wanted.effect) / error, abs=3e-3)
        assert found.rows.candidate_variance[:, metric] == pytest.approx(wanted.candidate_variance, rel=3e-3)
        assert found.rows.stored_variance[:, metric] == pytest.approx(wanted.stored_variance, rel=3e-3)
        assert found.rows.df[:, metric].tolist() == wanted.df
        assert found.highest[:, metric] / error == pytest.approx(np.array(wanted.highest) / error, abs=3e-3)
        assert found.recent[:, metric] / error == pytest.approx(np.array(wanted.recent) / error, abs=3e-3)
        assert found.runs[:, metric].tolist() == [runs] * endpoints


def test_it_agrees_with_plain_loops_where_values_are_missing():
    old, new = world(9, 10, 3)
    old[2, :, 4] = old[5, :, :3] = new[1, :, 0] = math.nan
    found = compare_stored(old, new)
    nothing = [[0.0] * 10 for _ in range(9)]
    for metric in range(2):
        wanted = plain.stored(listed(old, metric), listed(new, metric), nothing, [[0.0] * 3 for _ in range(9)])
        assert found.rows.effect[:, metric] == pytest.approx(wanted.effect, abs=1e-4)
        assert found.rows.candidate_variance[:, metric] == pytest.approx(wanted.candidate_variance, rel=3e-3)
        assert found.rows.df[:, metric].tolist() == wanted.df


def test_the_shared_factor_is_told_with_a_prediction_interval():
    old, new = world(12, 10, 2)
    found = compare_stored(old, new + 0.3)
    factor = plain.stored(listed(old, 0), listed(new, 0), [[0.0] * 10] * 12, [[0.0] * 2] * 12).old_factors
    spread = float(np.var(factor, ddof=1))
    assert found.factor.candidate_variance[0] == pytest.approx(spread / 2, rel=1e-3)
    assert found.factor.stored_variance[0] == pytest.approx(spread / 10, rel=1e-3)
    assert found.factor.df[0] == 9
    unmoved = compare_stored(old, new)
    assert found.factor.effect - unmoved.factor.effect == pytest.approx([0.3, 0.3])
    assert found.rows.effect == pytest.approx(unmoved.rows.effect, abs=1e-9)


def test_prediction_interval_by_hand():
    """Two endpoints keep the plain one: s sqrt(1/r + 1/k) on k - 1 degrees of freedom."""
    old = np.log([[[0.010, 0.011, 0.012, 0.011]], [[0.020, 0.021, 0.019, 0.020]]])
    new = np.log([[[0.013, 0.012]], [[0.020, 0.020]]])
    found = compare_stored(old, new)
    assert not found.removed.any()
    assert found.rows.effect[0, 0] == pytest.approx(math.log(0.013 * 0.012) / 2 - float(np.mean(old[0])))
    s = float(np.std(old[0], ddof=1))
    assert math.sqrt(found.rows.variance[0, 0]) == pytest.approx(s * math.sqrt(1 / 2 + 1 / 4))
    t = (found.rows.effect[0, 0] - math.log(1.02)) / (s * math.sqrt(3 / 4))
    assert found.rows.t(0.02)[0, 0] == pytest.approx(t)
    assert scipy_stats.norm.sf(found.rows.z(0.02)[0, 0]) == pytest.approx(scipy_stats.t.sf(t, 3))


@pytest.mark.parametrize("runs", [1, 2])
def test_one_or_two_stored_runs_assume_their_spread(runs):
    """4 and 7 % for an endpoint beside many, 15 % for one alone; six degrees of freedom."""
    many, few = compare_stored(*world(7, runs)), compare_stored(*world(2, runs))
    beside = np.array([0.04, 0.07]) ** 2
    assert many.rows.stored_variance == pytest.approx(np.tile(beside / runs, (7, 1)))
    cost = 1.25 / (7 / beside)
    assert many.rows.candidate_variance == pytest.approx(np.tile(beside + cost, (7, 1)))
    assert few.rows.variance == pytest.approx(np.full((2, 2), 0.15**2 * (1 + 1 / runs)))
    assert {*many.rows.df.ravel(), *few.rows.df.ravel()} == {6.0}


@pytest.mark.parametrize(
    ("endpoints", "runner", "removed"),
    [
        (1, 0.2, False),
        (2, 0.2, False),
        (3, 0.2, True),
        (3, 0.005, False),
        (4, 0.2, True),
        (4, 0.005, False),
        (5, 0.005, True),
        (6, 0.0, True),
        (20, 0.2, True),
    ],
)
def test_the_shared_factor_is_removed_by_the_number_of_endpoints_and_the_spread_of_runners(endpoints, runner, removed):
    old, new = world(endpoints, 12, runner=runner)
    assert compare_stored(old, new).removed.tolist() == [removed, removed]


def test_endpoints_count_for_removal_only_where_both_sides_have_them():
    old, new = world(6, 10, runner=0.005)
    new[0] = old[1] = math.nan
    assert not compare_stored(old, new).removed.any()


def test_fewer_requests_make_a_run_count_less():
    old, new = world(10, 20, 2)
    noise = np.full(old.shape, 2e-4)
    even = compare_stored(old, new, noise, np.full(new.shape, 2e-4)).rows
    worse = np.full(new.shape, 2e-4)
    worse[..., 1] = 1.0
    only = compare_stored(old, new[..., :1], noise, np.full(new[..., :1].shape, 2e-4)).rows
    found = compare_stored(old, new, noise, worse).rows
    assert found.effect == pytest.approx(only.effect, abs=2e-3)
    assert found.candidate_variance == pytest.approx(only.candidate_variance, rel=0.03)
    assert np.all(even.candidate_variance < 0.6 * only.candidate_variance)


def test_more_requests_never_take_away_the_runs_own_spread():
    old, new = world(10, 20)
    found = compare_stored(old, new, np.full(old.shape, 1.0), np.zeros(new.shape)).rows
    assert np.all(found.candidate_variance > 1e-5)


def test_the_spread_of_changes_is_what_is_stated():
    """Harmless pull requests: root mean square of the score's statistic is that of the t with those degrees."""
    rng = np.random.default_rng(5)
    own = rng.standard_t(5, (1500, 12, 2, 21)) * np.array([[0.02], [0.04]]) + rng.normal(0, 0.08, (1500, 1, 1, 21))
    found = compare_stored(own[..., :20], own[..., 20:]).rows
    assert np.mean(np.abs(found.t(0.0)) > 1.96) == pytest.approx(0.05, abs=0.02)


def guarded(moved: int, factor: float = 0.7, endpoints: int = 10):
    old, new = world(endpoints, 10, runner=0.01)
    new = old.mean(axis=-1, keepdims=True)
    new[:moved] += math.log(factor)
    return compare_stored(old, new)


def test_speeding_up_most_endpoints_does_not_blame_the_rest():
    found = guarded(6)
    assert found.ambiguous[6:].all()
    assert np.all(found.rows.effect[6:] == pytest.approx(0.0, abs=1e-9)), "judged without removing anything"


@pytest.mark.parametrize(
    ("moved", "factor", "ambiguous"),
    [(2, 1.4, 0), (3, 1.4, 3), (3, 1.15, 3), (3, 1.01, 0), (6, 0.87, 4), (4, 1.4, 4)],
)
def test_the_guard_needs_three_and_more_than_a_quarter_that_surely_moved(moved, factor, ambiguous):
    """Six of ten that gained: the factor goes with them, and the other four are ambiguous."""
    assert guarded(moved, factor).ambiguous[:, 0].sum() == ambiguous


def test_one_that_moved_twice_as_far_as_the_rest_of_its_company_is_beyond_it():
    old, _ = world(10, 10, runner=0.01)
    new = old.mean(axis=-1, keepdims=True)
    new[:4] += np.array([0.9, 0.3, 0.3, 0.3])[:, np.newaxis, np.newaxis]
    assert compare_stored(old, new).ambiguous[:, 0].tolist() == [False, True, True, True] + [False] * 6


def test_a_quarter_of_the_endpoints_is_not_more_than_a_quarter():
    assert not guarded(3, 1.4, endpoints=12).ambiguous.any()
    assert guarded(4, 1.4, endpoints=12).ambiguous.any()


@pytest.mark.parametrize("slower", [2, 4, 6])
def test_endpoints_that_slow_down_together_do_not_hide_each_other(slower):
    """As unrest of the candidate's run they would: five of twenty half slower had a score of 2.4 for one's 5.8."""
    old, new = world(20, 12)
    scores = []
    for count in (1, slower):
        slow = new.copy()
        slow[:count] += math.log(1.5)
        scores.append(compare_stored(old, slow).relative.z(0.02)[0])
    assert np.all(scores[1] > 0.8 * scores[0])


def test_a_restless_candidate_run_is_believed_less():
    old, new = world(20, 12)
    restless = new - new.mean(axis=0) + np.random.default_rng(4).normal(0, 0.2, new.shape)
    assert np.median(compare_stored(old, restless).rows.candidate_variance) > 4 * np.median(
        compare_stored(old, new).rows.candidate_variance
    )


def test_what_main_was_like_lately_is_not_forgiven_even_once():
    """One bad run of many: forgiven if it is old, and if it is one of the newest five only until those have passed."""
    rng = np.random.default_rng(3)
    calm = rng.normal(0, 0.01, (8, 2, 12))
    new = np.zeros((8, 2, 1))
    new[0] = math.log(1.3)
    for place, is_beyond in ((11, False), (7, False), (6, True)):
        old = calm.copy()
        old[0, :, place] += math.log(1.4)
        found = compare_stored(old, new)
        assert found.is_beyond[0].tolist() == [is_beyond] * 2
    assert compare_stored(calm, new).is_beyond[0].all()
    assert not compare_stored(calm, new * math.nan).is_beyond.any(), "what was not measured is beyond nothing"


@pytest.mark.parametrize(("ratio", "is_beyond"), [(1.02, [False, False]), (1.04, [True, False]), (1.06, [True, True])])
def test_the_newest_runs_have_to_be_exceeded_by_a_margin(ratio, is_beyond):
    old = np.random.default_rng(3).normal(0, 0.01, (1, 2, 12))
    new = old[..., -5:].max(axis=-1, keepdims=True) + math.log(ratio)
    assert compare_stored(old, new).is_beyond[0].tolist() == is_beyond
