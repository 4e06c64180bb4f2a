"""Answers that slow down, those that do not, and those that only come and go: how often each is called what it is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gate.stats.drift import drift, kind_of

pytestmark = pytest.mark.quality
RUNS, HOURS, LEAST = 300, 24.0, 0.01


def medians(random, *, an_hour=0.0, alike=0.0, spread=0.03, n=60, hours=HOURS):
    """Logarithms of medians: each is like the one before it, with a spread of their own, and grows."""
    noise, level = np.empty(n + 50), 0.0
    for place, shock in enumerate(random.normal(0, spread * np.sqrt(1 - alike**2), n + 50)):
        level = alike * level + shock
        noise[place] = level
    at = hours * (np.arange(n) + 0.5) / n
    return at.tolist(), (np.log(0.05) + an_hour * at + noise[50:]).tolist()


def kinds(**world):
    random = np.random.default_rng(3)
    return Counter(kind_of(drift(*medians(random, **world)), LEAST) for _ in range(RUNS))


@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_two_percent_an_hour_are_found_in_a_day(alike):
    assert kinds(an_hour=0.02, alike=alike)["drifts"] >= 0.95 * RUNS


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.6, 0.8])
def test_answers_that_come_and_go_do_not_degrade(alike):
    found = kinds(alike=alike)
    assert found["drifts"] <= 0.01 * RUNS
    assert found["none"] >= (0.95 if alike < 0.8 else 0.75) * RUNS


def test_ten_minutes_are_too_short_to_tell():
    assert kinds(hours=1 / 6)["too short"] >= 0.9 * RUNS


@pytest.mark.parametrize(("alike", "share"), [(0.0, 0.06), (0.3, 0.07), (0.6, 0.08), (0.8, 0.1)])
@pytest.mark.parametrize("an_hour", [0.0, 0.01])
def test_each_bound_is_beyond_the_slope_about_as_seldom_as_it_says(alike, share, an_hour):
    """One-sided 5 %; where neighbours are very much alike a day has few values that say anything by themselves."""
    random = np.random.default_rng(8)
    found = [drift(*medians(random, alike=alike, an_hour=an_hour), limit=an_hour) for _ in range(RUNS)]
    reach = 3 * np.sqrt(share * (1 - share) / RUNS)
    assert np.mean([each.lo > an_hour for each in found]) <= share + reach
    assert np.mean([each.hi < an_hour for each in found]) <= share + reach
    assert np.mean([each.p_above <= 0.05 for each in found]) <= share + reach


@pytest.mark.parametrize("n", [20, 40])
def test_what_slows_down_by_as_much_with_each_request_is_no_neighbours_that_are_alike(n):
    random = np.random.default_rng(6)
    at = np.arange(n) / n
    level = np.log(0.004 + 0.012 * at) + random.normal(0, 0.02, n)  # a curve, in logarithms
    assert drift(at.tolist(), level.tolist()).p_above < 1e-3


def test_neighbours_that_are_alike_widen_the_bounds():
    random = np.random.default_rng(2)
    widths = [np.median([_width(random, alike) for _ in range(60)]) for alike in (0.0, 0.5, 0.8)]
    assert widths[0] < widths[1] < widths[2]


def _width(random, alike):
    found = drift(*medians(random, alike=alike))
    return found.hi - found.lo
