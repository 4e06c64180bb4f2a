"""What must hold of laws and of what is forecast from them, whatever was measured."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config.amounts import Amount
from gate.config.forecast import ExpectedGrowth
from gate.stats import laws
from gate.stats.ratios import levels, times
from gate.verdict.assessment.forecasts import months_until

SIZES = st.lists(st.integers(1, 10**7), min_size=2, max_size=4, unique=True)
NOISE = st.floats(-0.5, 0.5)


@st.composite
def measured(draw):
    """Sizes with times around a power of them."""
    sizes = [float(size) for size in draw(SIZES) for _ in range(2)]
    exponent = draw(st.floats(-2, 2))
    return sizes, [math.exp(exponent * math.log(size) + draw(NOISE)) for size in sizes]


@given(measured(), st.floats(1e-3, 1e3), st.booleans())
def test_a_crossing_is_within_its_interval(found, limit, rising):
    for law in laws.plausible(*found, 0.9):
        one = law.crossing(limit, rising=rising, confidence=0.9)
        assert 0 <= one.lo <= one.at <= one.hi
        if 0 < one.at < math.inf:
            assert law.value(one.at) == pytest.approx(limit, rel=1e-4)


@given(measured(), st.floats(1e-3, 1e3))
def test_more_confidence_is_a_wider_interval(found, limit):
    law = laws.fit("power", *found)
    narrow, wide = (law.crossing(limit, rising=True, confidence=confidence) for confidence in (0.5, 0.95))
    assert wide.lo <= narrow.lo * (1 + 1e-9)
    assert wide.hi * (1 + 1e-9) >= narrow.hi


@given(measured(), st.integers(-6, 6), st.integers(-6, 6))
def test_units_change_nothing(found, of_sizes, of_values):
    sizes, values = found
    law = laws.fit("power", sizes, values)
    other = laws.fit("power", [x * 2.0**of_sizes for x in sizes], [y * 2.0**of_values for y in values])
    assert other.slope == pytest.approx(law.slope, rel=1e-6, abs=1e-9)
    assert other.squares == pytest.approx(law.squares, rel=1e-6, abs=1e-9)


@given(st.lists(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=3), min_size=2, max_size=4))
def test_how_many_times_is_the_same_both_ways(groups):
    first, *_, last = levels(groups)
    there, back = times(last, first), times(first, last)
    assert there.value * back.value == pytest.approx(1)
    if there.lo is not None:
        assert there.lo <= there.value * (1 + 1e-12)
        assert there.lo * back.hi == pytest.approx(1)


@given(st.floats(1, 1e6), st.floats(0.001, 1), st.booleans(), st.floats(1, 1e8))
def test_after_those_months_so_much_is_there(now, monthly, is_share, size):
    amount = Amount(monthly, "ratio") if is_share else Amount(monthly * now, "count")
    months = months_until(ExpectedGrowth(now=Amount(now, "count"), monthly=amount, setting="ROWS"), size)
    there = now * (1 + monthly) ** months if is_share else now + monthly * now * months
    assert there == pytest.approx(max(now, size), rel=1e-6)
