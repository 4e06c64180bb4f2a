"""Slopes and their bounds beside scipy.stats, which computes them by itself."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gate.stats.trend import least_squares, theil_sen

ANSWERS = st.lists(
    st.tuples(st.sampled_from([1.0, 5.0, 10.0, 50.0]), st.floats(0, 1000, allow_nan=False)), min_size=4, max_size=40
)


@given(ANSWERS)
def test_least_squares_as_scipy(points):
    x, y = zip(*points, strict=True)
    ours = least_squares(x, y)
    if len(set(x)) < 2:
        assert math.isnan(ours.slope)
        return
    if len(set(y)) == 1:
        assert (ours.slope, ours.lo, ours.hi) == (0, 0, 0)
        return
    theirs = stats.linregress(x, y)
    scale = max(1.0, *y)
    assert ours.slope == pytest.approx(theirs.slope, abs=1e-9 * scale)
    reach = stats.t.ppf(0.95, len(x) - 2) * theirs.stderr
    assert ours.hi - ours.slope == pytest.approx(reach, rel=1e-6, abs=1e-6 * scale)
    assert ours.slope - ours.lo == pytest.approx(reach, rel=1e-6, abs=1e-6 * scale)


@given(ANSWERS)
def test_theil_sen_as_scipy(points):
    x, y = zip(*points, strict=True)
    ours = theil_sen(x, y)
    if len(set(x)) < 2:
        assert math.isnan(ours.slope)
        return
    assert ours.lo <= ours.slope <= ours.hi
    if len(set(y)) < len(y):  # scipy knows ties on one side only
        return
    theirs = stats.theilslopes(y, x, 0.9)
    assert ours.slope == pytest.approx(theirs.slope)
    if math.isfinite(ours.lo):  # where it is not, there is too little to tell, and scipy cuts it there
        assert (ours.lo, ours.hi) == (pytest.approx(theirs.low_slope), pytest.approx(theirs.high_slope))


def test_counts_on_a_line_have_bounds_that_are_the_slope():
    """Sen's own example is not needed for what is exact: 3, 12 and 52 queries with 1, 10 and 50 items."""
    x = [1.0, 1.0, 10.0, 10.0, 50.0, 50.0]
    for offset, each in ((2, 1), (2, 0), (7, 3), (1, 0.1)):
        slope = least_squares(x, [offset + each * at for at in x])
        assert slope.slope == pytest.approx(each, abs=1e-12)
        assert slope.lo == slope.hi == slope.slope


def test_two_points_without_a_third_are_no_proof_unless_they_agree():
    assert least_squares([1.0, 2.0], [1.0, 5.0]).slope == 4
    one = least_squares([1.0, 1.0, 2.0], [1.0, 2.0, 5.0])
    assert one.lo < one.slope < one.hi
    assert math.isnan(least_squares([1.0], [1.0]).slope)
    assert math.isnan(theil_sen([], []).slope)


def test_one_late_answer_tilts_the_one_and_not_the_other():
    random = Random(1)
    x = [1.0] * 10 + [50.0] * 10
    y = [0.01 + random.random() / 1000 for _ in x]
    y[-1] = 5.0
    assert least_squares(x, y).slope > 0.005
    assert theil_sen(x, y).slope < 1e-4
