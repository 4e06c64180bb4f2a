"""What must hold of every history, whatever the runs were."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gate.baseline.series import common_variance, levels_of, series_of
from gate.stats.shared import separate

RUNS = 14
seeds = st.integers(0, 2**32 - 1)


def endpoints(seed, count=6):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.02, (count, RUNS)) + rng.normal(-3, 1, (count, 1))


@settings(deadline=None, max_examples=40)
@given(seeds, arrays.arrays(np.float64, RUNS, elements=st.integers(-64, 64).map(lambda n: n / 64)))
def test_whatever_the_runners_did_the_rows_are_the_same(seed, runners):
    """Shared parts are drawn large: a median over endpoints does not care."""
    values = endpoints(seed)
    calm, wild = separate(values, levels_of), separate(values + runners, levels_of)
    assert calm.shared is not None
    assert wild.shared is not None
    moved = (wild.own - calm.own) - np.median(wild.own - calm.own, axis=1, keepdims=True)
    assert np.abs(moved).max() < 0.1, "what is left of the runners is no larger than the endpoints' own noise"


@settings(deadline=None, max_examples=40)
@given(seeds, st.lists(st.tuples(st.integers(0, 5), st.integers(0, RUNS - 1)), max_size=30))
def test_missing_values_leave_every_series_whole(seed, gaps):
    values = endpoints(seed)
    for row, column in gaps:
        values[row, column] = np.nan
    found = separate(values, levels_of)
    prior = common_variance(found.own)
    for row in range(len(values)):
        series = series_of("home", "p50", found.own[row], prior, ())
        if series is None:
            assert not np.isfinite(found.own[row]).any()
            continue
        assert len(series.runs) == len(series.logs) == np.isfinite(found.own[row]).sum()
        assert series.window_start in (0, *series.runs)
        assert all(change.run in series.runs for change in series.changes)
        assert len(series.current) >= (3 if series.changes else 1)


def test_a_large_step_is_found_where_it_is():
    """Within one run: a value that is an outlier of both levels may be counted to either.

    A share, no property: where chance makes neighbours much alike, the spread is taken for less than half of what it
    is, and four runs at a new level look like four outliers (28 of 20,000 such histories).
    """
    rng = np.random.default_rng(1)
    missed = 0
    for seed in range(300):
        values = endpoints(seed)
        at = int(rng.integers(4, RUNS - 4, endpoint=True))
        values[0, at:] += rng.uniform(0.3, 2.0)
        found = separate(values, levels_of)
        series = series_of("home", "p50", found.own[0], common_variance(found.own), ())
        assert series is not None
        missed += not {at - 1, at, at + 1} & {change.run for change in series.changes}
    assert missed <= 3
