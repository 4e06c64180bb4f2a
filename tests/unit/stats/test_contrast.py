"""Two requests side by side: intervals that cover as often as they say, whatever both of a pair share."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.stats.contrast import LEAST_PAIRS, contrast

TIMES = st.lists(st.floats(1e-4, 10.0), min_size=LEAST_PAIRS, max_size=30)


def test_pairs_that_differ_by_the_same_have_no_doubt():
    found = contrast([0.010, 0.020, 0.040], [0.020, 0.040, 0.080])
    assert (found.factor, found.factor_lo, found.factor_hi) == pytest.approx((0.5, 0.5, 0.5))
    same = contrast([0.01, 0.02, 0.03, 0.04], [0.015, 0.025, 0.035, 0.045])
    assert (same.difference_s, same.lo_s, same.hi_s) == pytest.approx((-0.005, -0.005, -0.005))


def test_fewer_than_three_pairs_say_nothing():
    assert contrast([0.01, 0.02], [0.02, 0.03]) is None
    assert contrast([], []) is None


@pytest.mark.parametrize("times", [[0.01, 0.0, 0.02], [0.01, math.nan, 0.02], [0.01, math.inf, 0.02]])
def test_what_is_no_time_is_refused(times):
    with pytest.raises(ValueError, match="above zero"):
        contrast(times, [0.01, 0.02, 0.03])


def test_what_has_no_pair_is_refused():
    with pytest.raises(ValueError, match="pairs"):
        contrast([0.01] * 3, [0.01] * 4)


@given(TIMES, st.data())
def test_the_other_way_round_it_is_the_opposite(times, data):
    others = data.draw(st.lists(st.floats(1e-4, 10.0), min_size=len(times), max_size=len(times)))
    one, other = contrast(times, others), contrast(others, times)
    scale = max(*times, *others)
    assert one.difference_s == pytest.approx(-other.difference_s, abs=1e-6 * scale)
    assert (one.lo_s, one.hi_s) == pytest.approx((-other.hi_s, -other.lo_s), abs=1e-6 * scale)
    assert one.lo_s <= one.difference_s <= one.hi_s
    assert one.factor == pytest.approx(1 / other.factor, rel=1e-6)


@pytest.mark.parametrize("pairs", [6, 12, 25])
def test_nine_in_ten_intervals_have_the_truth_and_what_both_share_does_not_widen_them(pairs):
    draw, runs, covered, widest = Random(pairs), 2000, 0, 0.0
    for _ in range(runs):
        shared = [math.exp(draw.gauss(0, 0.4)) for _ in range(pairs)]
        ones = [0.010 * own * math.exp(draw.gauss(0, 0.05)) for own in shared]
        others = [0.020 * own * math.exp(draw.gauss(0, 0.05)) for own in shared]
        found = contrast(ones, others)
        covered += found.factor_lo <= 0.5 <= found.factor_hi
        widest = max(widest, found.factor_hi / found.factor_lo)
    assert 0.87 <= covered / runs <= 0.95, covered / runs
    assert widest < math.exp(2 * 0.4), "narrower than what both of a pair share"
