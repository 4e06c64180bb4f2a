"""Change points against exact enumeration and against series whose changes are published."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.stats.changepoints import BOUND, LEAST_AFTER, LEAST_VALUES, PENALTY, change_points, noise_sd

OTAVA_DIVISIVE = [0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149.0, 149.7, 149.5, 149.1, 148.8, 150.0]
"""apache/otava @ 2be4bbf5cbdb, tests/change_point_divisive_test.py: changes at 5 and 8 by permutation and by t-test."""
OTAVA_SINGLE = [
    *(1.02, 0.95, 0.99, 1.00, 1.12, 1.00, 1.01, 0.98, 1.01, 0.96),
    *(0.50, 0.51, 0.48, 0.48, 0.55, 0.50, 0.49, 0.51, 0.50, 0.49),
]
"""apache/otava @ 08096600d323, tests/analysis_test.py: one change, at 10."""


def segment_cost(values: np.ndarray) -> float:
    """Least bounded cost of one level, exactly: at the best level the values within reach are neighbours in order,
    and the level is their mean."""
    ordered, n = np.sort(values), len(values)
    within = [ordered[i:j] for i in range(n) for j in range(i + 1, n + 1)]
    return min(float(np.sum(np.minimum((values - part.mean()) ** 2, BOUND**2))) for part in within)


def enumerated(values: np.ndarray, penalty: float) -> dict[tuple[int, ...], float]:
    """Cost of every segmentation."""
    n = len(values)
    costs = {(i, j): segment_cost(values[i:j]) for i in range(n) for j in range(i + 1, n + 1)}
    return {
        cuts: penalty * len(cuts) + sum(costs[pair] for pair in itertools.pairwise((0, *cuts, n)))
        for size in range(n)
        for cuts in itertools.combinations(range(1, n), size)
    }


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(-12, 12).map(lambda x: round(x, 2)), min_size=LEAST_VALUES, max_size=9),
    st.sampled_from([4.0, 10.0, PENALTY]),
)
def test_no_segmentation_of_all_is_cheaper(values, penalty):
    x = np.array(values)
    costs = enumerated(x, penalty)
    found = change_points(x, 1.0, penalty)
    slack = 2 * len(x) / 1600  # of the grid of levels
    assert costs[found] <= min(costs.values()) + slack + 1e-9


@pytest.mark.parametrize(
    ("values", "wanted"), [(OTAVA_DIVISIVE, (5, 8)), (OTAVA_SINGLE, (10,)), ([0.0] * 40 + [1.0] * 40, (40,))]
)
def test_series_of_others_change_where_their_authors_say(values, wanted):
    x = np.array(values)
    assert change_points(x, noise_sd(x)) == wanted


@pytest.mark.parametrize("cut", range(4, 60))
def test_a_step_without_noise_is_found_wherever_it_is(cut):
    """As in mongodb/signal-processing-algorithms @ 1956979d2dc9, tests/test_e_divisive.py."""
    x = np.array([0.0] * cut + [1.0] * cut)
    assert change_points(x, noise_sd(x)) == (cut,)


def test_a_new_level_is_believed_from_the_third_run_on():
    old = np.array([0.1, -0.2, 0.0, 0.3, -0.1, 0.2, 0.0, -0.3, 0.1, 0.0])
    found = [change_points(np.concatenate([old, np.full(runs, 50.0)]), 1.0) for runs in range(5)]
    assert found == [(), (), (), (10,), (10,)]
    assert LEAST_AFTER == 3


def test_outliers_however_far_make_no_change_and_hide_none():
    x = np.zeros(30)
    x[15:] = 8.0
    assert change_points(x, 1.0) == (15,)
    x[[4, 11, 12, 20, 27]] = [1e6, -1e6, 50.0, -40.0, 1e6]
    assert change_points(x, 1.0) == (15,)


def test_the_spread_of_a_normal_is_estimated_and_a_step_hardly_enters_it():
    x = np.random.default_rng(5).normal(0, 0.02, 400)
    assert noise_sd(x) == pytest.approx(0.02, rel=0.15)
    x[200:] += 5.0
    assert noise_sd(x) == pytest.approx(0.02, rel=0.15)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(-5, 5), st.integers(-9, 9))
def test_neither_unit_nor_origin_nor_direction_of_time_matters(seed, shift, power):
    scale = 2.0**power
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(0, 1, 12), rng.normal(9, 1, 9)])
    found = change_points(x, 1.0)
    assert change_points(scale * (x + shift), scale) == found
    assert change_points(-x, 1.0) == found
    backwards = tuple(len(x) - cut for cut in reversed(change_points(x[::-1].copy(), 1.0)))
    # A value that is an outlier to both sides costs the same on either, so it may go with the one or the other.
    assert len(backwards) == len(found)
    assert all(abs(a - b) <= 1 for a, b in zip(backwards, found, strict=True))


def test_equal_values_and_short_series_do_not_change():
    assert change_points(np.full(30, 0.5), noise_sd(np.full(30, 0.5))) == ()
    assert change_points(np.array([0.0, 0.0, 0.0, 9.0, 9.0]), 1e-4) == ()
    assert change_points(np.array([]), 1.0) == ()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="finite values and a positive spread"):
        change_points(np.array([0.0] * 9 + [bad]), 1.0)
    with pytest.raises(ValueError, match="finite values and a positive spread"):
        change_points(np.zeros(9), bad)
    with pytest.raises(ValueError, match="finite values and a positive spread"):
        change_points(np.zeros(9), 0.0)
