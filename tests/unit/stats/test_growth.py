"""Growth where there is little to go by."""

from __future__ import annotations

import math

import pytest

from gate.stats.growth import climb, growth


def test_a_straight_line_has_its_slope_and_no_doubt():
    found = growth([0, 1, 2, 3, 4, 5], [10, 12, 14, 16, 18, 20])
    assert (found.slope, found.lo, found.hi, found.n) == (2, 2, 2, 5)


@pytest.mark.parametrize("samples", [0, 1, 2])
def test_too_few_samples_bound_nothing(samples):
    found = growth(list(range(samples)), [1.0] * samples)
    assert math.isnan(found.slope)
    assert (found.lo, found.hi) == (-math.inf, math.inf)
    assert climb(list(range(samples)), [1.0] * samples, 1.0).kind == "too short"


def test_where_nothing_was_answered_nothing_is_said_per_request():
    found = climb([0.0] * 30, [float(n) for n in range(30)], 1.0)
    assert found.kind == "too short"
    assert math.isinf(found.needed)


def test_how_long_it_would_take_to_tell():
    level = [5.0 * n + (3 if n % 2 else -3) * 10 for n in range(40)]
    found = climb(list(range(40)), level, 4.0)
    assert found.kind == "too short"
    assert found.needed > 1


def test_samples_that_are_none_are_refused():
    with pytest.raises(ValueError, match="finite"):
        growth([0, 1, 2], [1, math.nan, 2])
    with pytest.raises(ValueError, match="falls"):
        growth([0, 2, 1], [1, 1, 1])
    with pytest.raises(ValueError, match="above zero"):
        climb([0, 1], [1, 1], math.nan)
