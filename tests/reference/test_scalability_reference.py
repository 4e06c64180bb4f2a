"""The universal scalability law against published fits, its interval and the power of throughput against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gate.stats.scalability import exponent, fit

# SPEC SDM91 on a SPARCcenter 2000 and a ray tracer: Gunther, Guerrilla Capacity Planning, and the data sets of the R
# package usl, whose coefficients stand below as its README and vignette print them (gamma is the throughput of one).
SPEC = ([1, 18, 36, 72, 108, 144, 216], [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2])
RAYS = ([1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64], [20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310])


def test_the_fit_of_spec_sdm91_is_the_published_one():
    found = fit(*SPEC)
    assert found is not None
    assert found.contention == pytest.approx(0.0277285, rel=2e-5)
    assert found.coherency == pytest.approx(0.0001044, abs=6e-8)
    assert found.single_rps == pytest.approx(89.9952, abs=1e-3)
    assert found.peak == pytest.approx(math.sqrt((1 - 0.0277285) / 0.0001043656), rel=1e-4)
    assert found.peak_lo < found.peak < found.peak_hi < 200


def test_a_ray_tracer_only_flattens():
    found = fit(*RAYS)
    assert found is not None
    assert (found.contention, found.coherency) == (pytest.approx(0.057771, abs=5e-7), 0.0)
    assert found.single_rps == pytest.approx(21.848843, rel=1e-5)
    assert math.isinf(found.peak)
    assert found.highest_rps == pytest.approx(21.848843 / 0.057771, rel=1e-4)


@pytest.mark.quality
def test_the_interval_of_the_peak_holds_it_as_often_as_it_says():
    random, loads = np.random.default_rng(7), np.array([1, 2, 4, 8, 16, 24, 32, 48, 64, 96.0])
    contention, peak = 0.05, 40.0
    curve = 100 * loads / (1 + contention * (loads - 1) + (1 - contention) / peak**2 * loads * (loads - 1))
    held = 0
    for _ in range(100):
        found = fit(loads.tolist(), (curve + random.normal(0, 15, len(loads))).tolist())
        assert found is not None
        held += found.peak_lo <= peak <= found.peak_hi
    assert 80 <= held <= 98  # 90 % is promised; 100 draws say so within three standard errors


def test_a_straight_line_is_linear_and_a_flat_one_is_not():
    straight = exponent([1, 2, 4, 8, 16], [10, 20.1, 39.8, 80.4, 159])
    flat = exponent([1, 2, 4, 8, 16], [10, 10.1, 9.9, 10.2, 9.8])
    assert straight is not None
    assert straight.lo < 1 < straight.hi
    assert flat is not None
    assert flat.hi < 0.1


def test_the_power_is_that_of_an_ordinary_regression():
    # By hand: log2 of the loads 0, 1, 2, of the rates 0, 1, 1: slope 0.5, one degree of freedom, t = 6.3138
    found = exponent([1, 2, 4], [1, 2, 2])
    assert found is not None
    assert found.value == pytest.approx(0.5)
    assert found.hi - found.value == pytest.approx(6.313752 * math.sqrt((1 / 6) / 2), rel=1e-5)


def test_of_rates_that_were_set_the_power_is_one_over_the_slope_the_other_way():
    # By hand: log2 of the rates 0, 1, 1, of the loads 0, 1, 2: slope 1.5, one degree of freedom, t = 6.3138
    found = exponent([1, 2, 4], [1, 2, 2], exact="rate")
    assert found is None, "1.5 and 4.7 either way: nobody knows"
    found = exponent([1, 1, 1.1, 2, 2, 2.2], [1, 1, 1, 2, 2, 2], exact="rate")
    assert found is not None
    assert found.value == pytest.approx(1.0)
    half = stats.t.ppf(0.95, 4) * stats.linregress([0, 0, 0, 1, 1, 1], np.log2([1, 1, 1.1, 2, 2, 2.2])).stderr
    assert (found.lo, found.hi) == pytest.approx((1 / (1 + half), 1 / (1 - half)))


def test_times_that_vary_make_no_system_scale_badly():
    """Twenty blocks at 10/s and one scenario at 60/s, of answers that take as long at both, with luck of a third."""
    random, held = np.random.default_rng(3), 0
    rates = np.array([10.0] * 20 + [60.0])
    for _ in range(200):
        loads = rates * 0.003 * np.exp(random.normal(0, 0.35, len(rates)))
        found = exponent(loads.tolist(), rates.tolist(), exact="rate")
        assert found is not None
        held += found.lo <= 1 <= found.hi
    assert 165 <= held <= 195
    diluted = exponent(loads.tolist(), rates.tolist())
    assert diluted is not None
    assert diluted.value < 0.85


def test_too_few_levels_say_nothing():
    assert fit([1, 2, 4, 8], [1, 2, 3, 4]) is None
    assert fit([1, 2, 2, 2, 2], [1, 2, 2, 2, 2]) is None
    assert exponent([1, 2], [1, 2]) is None
    assert exponent([1, 2], [1, 2], exact="rate") is None
    assert exponent([1, 2, 3], [2, 2, 2], exact="rate") is None


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_throughput_is_refused(rate):
    with pytest.raises(ValueError, match="throughputs positive"):
        fit([1, 2, 3, 4, 5], [1, 2, 3, 4, rate])
    with pytest.raises(ValueError, match="positive"), np.errstate(all="ignore"):
        exponent([1, 2, 3], [1, 2, rate])
