"""Slope and test of Kendall against SciPy, where neighbours are not alike; the correction against its own series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gate.stats.drift import LEAST_VALUES, Drift, _inflation, drift, kind_of, needed


def alternating(n: int = 40, slope: float = 0.02):
    """Neighbours are as unlike as can be: nothing is corrected."""
    random = np.random.default_rng(4)
    at = np.arange(n, dtype=float)
    noise = np.abs(random.normal(0, 1, n)) * np.where(np.arange(n) % 2, 1, -1)
    return at, slope * at + noise


def test_without_alike_neighbours_it_is_theil_sen_with_sens_bounds():
    at, level = alternating()
    found = drift(at.tolist(), level.tolist())
    settled = at >= 0.2 * at[-1]
    expected = stats.theilslopes(level[settled], at[settled], alpha=0.9)  # both bounds, one-sided 95 % each
    assert found.alike == 0.0
    assert (found.slope, found.lo, found.hi) == pytest.approx((expected.slope, expected.low_slope, expected.high_slope))


def test_the_chance_is_that_of_kendalls_test():
    at, level = alternating()
    found = drift(at.tolist(), level.tolist(), limit=0.01)
    settled = at >= 0.2 * at[-1]
    x, y = at[settled], level[settled] - 0.01 * at[settled]
    n = len(x)
    s = sum(np.sign(y[j] - y[i]) for i in range(n) for j in range(i + 1, n))
    z = (s - np.sign(s)) / math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    assert found.p_above == pytest.approx(stats.norm.sf(z))
    kendall = stats.kendalltau(x, y, method="asymptotic")  # without the correction for continuity, two-sided
    assert found.p_above == pytest.approx(stats.norm.sf(stats.norm.isf(kendall.pvalue / 2)), abs=0.02)


@pytest.mark.parametrize("alike", [0.0, 0.4, 0.9])
def test_the_inflation_is_the_variance_of_a_mean_of_alike_neighbours(alike):
    n = 30
    correlation = alike ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    assert _inflation(n, alike) == pytest.approx(correlation.sum() / n)


def test_what_is_left_out_and_what_is_too_little():
    at = [float(place) for place in range(20)]
    begun = [100.0] * 4 + [1.0 + 0.1 * place + 0.01 * (-1) ** place for place in range(16)]
    assert drift(at, begun).slope == pytest.approx(0.1, rel=0.05)  # the first fifth is another matter
    few = drift(at[:13], begun[:13])
    assert few.n < LEAST_VALUES
    assert math.isnan(few.slope)
    assert (few.lo, few.hi, few.p_above) == (-math.inf, math.inf, 1.0)
    assert drift([], []).n == 0


def test_a_level_that_never_changes_has_no_drift():
    found = drift([float(place) for place in range(30)], [5.0] * 30)
    assert (found.slope, found.lo, found.hi, found.p_above) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("lo", "slope", "hi", "kind", "times"),
    [
        (0.02, 0.03, 0.04, "drifts", (0.01 / 0.02) ** (2 / 3)),
        (-0.001, 0.003, 0.009, "none", (0.006 / 0.01) ** (2 / 3)),
        (-0.08, 0.0, 0.08, "too short", 8 ** (2 / 3)),
        (0.005, 0.025, 0.045, "too short", (0.02 / 0.015) ** (2 / 3)),
        (-math.inf, math.nan, math.inf, "too short", math.inf),
    ],
)
def test_kinds_and_how_long_it_would_take(lo, slope, hi, kind, times):
    found = Drift(slope, lo, hi, 40)
    assert kind_of(found, 0.01) == kind
    assert needed(found, 0.01) == pytest.approx(times)
