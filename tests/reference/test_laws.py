"""Laws of size against ordinary regressions, crossings against a search of the band, intervals against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gate.stats import laws
from gate.stats.ratios import BATCHES, from_counts, levels, times

SIZES = [1e5, 1e5, 3e5, 3e5, 1e6, 1e6]
POWER = [0.0201, 0.0196, 0.0345, 0.0352, 0.0641, 0.0628]
LINEAR = [0.0281, 0.0276, 0.0442, 0.0437, 0.1009, 0.0984]


def test_the_exponent_is_that_of_an_ordinary_regression():
    law, found = laws.fit("power", SIZES, POWER), stats.linregress(np.log(SIZES), np.log(POWER))
    lo, hi = law.slope_bounds(0.9)
    assert law.slope == pytest.approx(found.slope, rel=1e-10)
    assert hi - law.slope == pytest.approx(stats.t.ppf(0.95, 4) * found.stderr, rel=1e-9)
    assert law.slope - lo == pytest.approx(hi - law.slope)
    assert law.value(5e5) == pytest.approx(math.exp(found.intercept + found.slope * math.log(5e5)), rel=1e-10)


def test_the_straight_line_weighs_relative_errors():
    """As numpy fits it with the weights 1 / y."""
    law = laws.fit("linear", SIZES, LINEAR)
    slope, intercept = np.polyfit(SIZES, LINEAR, 1, w=1 / np.asarray(LINEAR))
    assert law.value(0) == pytest.approx(intercept, rel=1e-8)
    assert law.value(1e6) - law.value(0) == pytest.approx(slope * 1e6, rel=1e-8)


def searched(kind: str, values: list[float], limit: float) -> tuple[float, float]:
    """First and last size, on a fine grid, at which the limit is within the band of an ordinary regression."""
    grid = np.geomspace(1e5, 1e9, 400_001)
    if kind == "power":
        x, y, at, target, weights = np.log(SIZES), np.log(values), np.log(grid), math.log(limit), np.ones(len(values))
    else:
        x, y, at, target, weights = np.array(SIZES), np.array(values), grid, limit, 1 / np.asarray(values)
    design = np.column_stack([np.ones_like(x), x]) * weights[:, None]
    found, squares, *_ = np.linalg.lstsq(design / [1, x.mean()], y * weights, rcond=None)
    inverse = np.linalg.inv((design / [1, x.mean()]).T @ (design / [1, x.mean()]))
    wanted = np.column_stack([np.ones_like(at), at / x.mean()])
    error = np.sqrt(np.einsum("ij,jk,ik->i", wanted, inverse, wanted) * squares[0] / 4) * stats.t.ppf(0.95, 4)
    inside = grid[np.abs(wanted @ found - target) <= error]
    return float(inside[0]), float(inside[-1])


@pytest.mark.parametrize(("kind", "values"), [("power", POWER), ("linear", LINEAR)])
def test_a_crossing_is_where_the_band_has_the_limit(kind, values):
    found = laws.fit(kind, SIZES, values).crossing(0.2, rising=True, confidence=0.9)
    lo, hi = searched(kind, values, 0.2)
    assert (found.lo, found.hi) == (pytest.approx(lo, rel=1e-4), pytest.approx(hi, rel=1e-4))
    assert laws.fit(kind, SIZES, values).value(found.at) == pytest.approx(0.2)


def test_an_exact_law_is_followed_exactly_and_the_other_ruled_out():
    for kind, values in (("power", [(x / 1e5) ** 1.5 for x in SIZES]), ("linear", [1 + x / 1e5 for x in SIZES])):
        (law,) = laws.plausible(SIZES, values, 0.9)
        assert law.kind == kind
        found = laws.crossing([law], 50, rising=True, confidence=0.9)
        assert found.lo == pytest.approx(found.at, rel=1e-6)
        assert found.hi == pytest.approx(found.at, rel=1e-6)


@pytest.mark.parametrize("values", [[0.1, 0.101, 0.1, 0.099, 0.1, 0.1005], [0.3, 0.1, 0.3, 0.1, 0.3, 0.1]])
def test_what_does_not_grow_for_certain_has_no_upper_end(values):
    found = laws.crossing(laws.plausible(SIZES, values, 0.9), 5.0, rising=True, confidence=0.9)
    assert math.isinf(found.hi)


def test_what_falls_never_reaches_a_limit_above():
    falling = [x**-0.5 for x in SIZES]
    up = laws.fit("power", SIZES, falling).crossing(1.0, rising=True, confidence=0.9)
    assert (up.at, up.lo, up.hi) == (math.inf, math.inf, math.inf)
    down = laws.fit("power", SIZES, falling).crossing(1e-4, rising=False, confidence=0.9)
    assert down.at == pytest.approx(1e8)


TRUTHS = {
    "power": (lambda x: 0.02 * (x / 1e5) ** 0.8, True, 0.5, 1e5 * 25 ** (1 / 0.8)),
    "linear": (lambda x: 0.02 + 0.08 * x / 1e6, True, 0.5, 6e6),
    "falling": (lambda x: 300 * (x / 1e5) ** -0.5, False, 30.0, 1e7),
}


@pytest.mark.parametrize("sizes", [SIZES[::2], SIZES], ids=["each once", "each twice"])
@pytest.mark.parametrize("name", TRUTHS)
def test_the_interval_of_a_crossing_has_the_truth_as_often_as_it_says(name, sizes):
    """Whichever law is true, and though the other is looked at as well; 90 % within three standard errors."""
    truth, rising, limit, at = TRUTHS[name]
    random, held, draws = np.random.default_rng(11), 0, 600
    curve = np.array([truth(x) for x in sizes])
    for _ in range(draws):
        values = curve * np.exp(random.normal(0, 0.03, len(sizes)))
        found = laws.crossing(laws.plausible(sizes, values.tolist(), 0.9), limit, rising=rising, confidence=0.9)
        held += found.lo <= at <= found.hi
    assert held / draws >= 0.9 - 3 * math.sqrt(0.09 / draws)
    assert held / draws <= 0.97


@pytest.mark.parametrize("sizes", [SIZES[::2], SIZES], ids=["each once", "each twice"])
def test_the_interval_of_an_exponent_has_the_truth_as_often_as_it_says(sizes):
    random, held, draws = np.random.default_rng(3), 0, 600
    for _ in range(draws):
        values = (np.array(sizes) / 1e5) ** 0.7 * np.exp(random.normal(0, 0.05, len(sizes)))
        lo, hi = laws.fit("power", sizes, values.tolist()).slope_bounds(0.9)
        held += lo <= 0.7 <= hi
    assert abs(held / draws - 0.9) <= 3 * math.sqrt(0.09 / draws)


def test_repeated_measurements_are_compared_as_student_does():
    first, other = [50.0, 52.0, 49.0], [90.0, 95.0]
    one, two = levels([first, other])
    found, classic = times(two, one), stats.ttest_ind(np.log(other), np.log(first)).confidence_interval(0.9)
    assert math.log(found.value) == pytest.approx(np.log(other).mean() - np.log(first).mean())
    assert (math.log(found.lo), math.log(found.hi)) == (pytest.approx(classic.low), pytest.approx(classic.high))


def test_single_measurements_have_no_interval():
    assert [level.variance for level in levels([[50.0], [90.0]])] == [None, None]
    found = times(*levels([[90.0], [45.0]]))
    assert (found.value, found.lo, found.hi) == (pytest.approx(2.0), None, None)


def test_parts_of_a_load_tell_its_spread_as_often_as_they_say():
    random, held, draws = np.random.default_rng(5), 0, 600
    for _ in range(draws):
        made = []
        for rate in (50.0, 90.0):
            answered = np.cumsum(random.poisson(rate * np.exp(random.normal(0, 0.05, 60))))
            made.append(from_counts(float(answered[-1]) / 60, list(range(60)), answered.tolist()))
        found = times(made[1], made[0])
        held += found.lo <= 1.8 <= found.hi
    assert 0.9 - 3 * math.sqrt(0.09 / draws) <= held / draws <= 0.96


def test_too_few_parts_or_parts_without_answers_tell_nothing():
    assert from_counts(5.0, list(range(2 * BATCHES)), list(range(2 * BATCHES))).variance is None
    assert from_counts(5.0, list(range(60)), [5] * 60).variance is None


@pytest.mark.parametrize(("x", "y"), [([1, 2, 0], [1, 2, 3]), ([1, 2, 3], [1, math.nan, 3]), ([1, 2], [1, 2, 3])])
def test_numbers_that_cannot_be_are_refused(x, y):
    with pytest.raises(ValueError, match="positive"):
        laws.fit("power", x, y)


@pytest.mark.parametrize(("x", "y"), [([1, 2], [1, 2]), ([2, 2, 2], [1, 2, 3]), ([], [])])
def test_too_few_measurements_have_no_law(x, y):
    assert laws.fit("linear", x, y) is None
    assert laws.plausible(x, y, 0.9) == []
