"""Limits and adjusted p by a small table of the test's own, so that new constants change nothing here."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from gate.stats import limits
from gate.stats.designs import Limits

RATES = limits.RATES
NARROW, WIDE = (np.linspace(high, high - 2.1, len(RATES)) for high in (4.0, 6.0))
TABLE = {
    "d": (
        Limits(5, 1.0, tuple(NARROW - 1)),
        Limits(20, 1.0, tuple(NARROW)),
        Limits(20, 3.0, tuple(WIDE)),
    )
}


@pytest.fixture(autouse=True)
def _table(monkeypatch):
    monkeypatch.setattr(limits, "DUET_LIMITS", TABLE)
    monkeypatch.setattr(limits, "STORED_LIMITS", TABLE)


def test_limits_of_a_duet_lie_between_two_beliefs_linearly():
    assert limits.duet_scores("d", 20, 1.5) == pytest.approx(0.75 * NARROW + 0.25 * WIDE)
    assert limits.duet_scores("d", 20, 0.2) == pytest.approx(NARROW)


@pytest.mark.parametrize(("endpoints", "scores"), [(1, NARROW - 1), (5, NARROW - 1), (6, NARROW), (20, NARROW)])
def test_the_next_larger_suite_counts(endpoints, scores):
    assert limits.duet_scores("d", endpoints, 1.0) == pytest.approx(scores)
    assert limits.stored_scores("d", endpoints, 1) == pytest.approx(scores)


@pytest.mark.parametrize(("runs", "scores"), [(0, NARROW), (1, NARROW), (2, WIDE), (3, WIDE), (30, WIDE)])
def test_the_next_larger_number_of_stored_runs_counts(runs, scores):
    assert limits.stored_scores("d", 20, runs) == pytest.approx(scores)


def test_between_two_numbers_of_stored_runs_the_harder_limits_count(monkeypatch):
    """With runs that confirm, fewer stored runs are the harder ones."""
    falling = {"d": (Limits(20, 1.0, tuple(WIDE)), Limits(20, 3.0, tuple(NARROW)))}
    monkeypatch.setattr(limits, "STORED_LIMITS", falling)
    assert [limits.stored_scores("d", 20, runs)[0] for runs in (1, 2, 3)] == [6.0, 6.0, 4.0]


def test_a_suite_larger_than_any_in_the_table_shares_its_rate():
    """Twice as many endpoints as were simulated: each half has half the rate."""
    doubled = limits.duet_scores("d", 40, 1.0)
    assert doubled == pytest.approx([limits.limit_at(rate / 2, tuple(NARROW)) for rate in RATES])
    assert all(more > less for more, less in zip(doubled, NARROW, strict=True))


def test_a_design_without_limits_is_refused():
    with pytest.raises(KeyError):
        limits.duet_scores("none", 5, 1.0)


SCORES = tuple(NARROW)


def test_the_share_at_the_limit_of_a_rate_is_that_rate():
    for rate in (*RATES, 0.0013, 0.0085, 0.15):
        assert limits.blocked_share(limits.limit_at(rate, SCORES), SCORES) == pytest.approx(rate)


@pytest.mark.parametrize("rate", [1e-3, 5e-4, 1e-5, 1e-8])
def test_a_promise_smaller_than_the_table_has_a_limit_of_its_own(rate):
    """Else the limit shown would be that of the smallest rate in the table, and the row would not block at it."""
    limit = limits.limit_at(rate, SCORES)
    assert limits.blocked_share(limit, SCORES) == pytest.approx(rate, rel=1e-6)
    assert norm.sf(limit) == pytest.approx(norm.sf(SCORES[0]) * rate / RATES[0])


def test_the_share_falls_with_the_score_and_never_jumps_up():
    shares = [limits.blocked_share(float(score), SCORES) for score in np.linspace(-5, 37, 2000)]
    assert all(a >= b for a, b in pairwise(shares))
    assert shares[0] == 1.0
    assert 0 < shares[-1] < 1e-100


def test_beyond_the_largest_rate_nothing_is_known():
    assert limits.blocked_share(SCORES[-1] - 1e-9, SCORES) == 1.0
    assert limits.blocked_share(-math.inf, SCORES) == 1.0


def test_no_score_has_no_share():
    assert math.isnan(limits.blocked_share(math.nan, SCORES))
