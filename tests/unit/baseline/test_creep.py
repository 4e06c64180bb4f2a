"""Main now against an anchor, row by row."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from gate.baseline.creep import NEWEST, Creep, creep_since, creeping, find_anchor
from gate.baseline.history import APPLICATION, history_of
from gate.stats.designs import MARGINS
from gate.stats.shift import Shift
from tests.builders import SOUND, TODAY, World, run_of, sha_of, suite_of

SUITE = suite_of(names=("home", "list", "detail", "search", "cart", "orders"))
QUIET = {"runner_sd": 0.05, "run_sd": 0.005, "block_sd": 0.01}


def growing(merges, by, base=False):
    """The release, measured three times, and so many merges that each make one endpoint slower."""
    runs = []
    for number in range(merges + 3):
        slower = (1 + by) ** max(0, number - 2)
        before = World(**QUIET, slower={"list": slower / (1 + by)}) if base else None
        runs.append(
            run_of(
                SUITE,
                f"r{number}",
                World(**QUIET, slower={"list": slower}),
                base=before,
                rounds=4,
                created=TODAY - dt.timedelta(days=merges + 3 - number),
                commit="release" if number < 3 else f"merge {number}",
            )
        )
    return runs


def rows_of(history, anchor="release"):
    found = creep_since(history, find_anchor(history.runs, sha_of(anchor)))
    return {(row.endpoint, row.metric): row for row in found}


def told(rows, tolerance=0.03):
    return creeping(tuple(rows.values()), MARGINS["stored"], lambda _name, _metric: tolerance, 0.01)


def test_an_anchor_is_found_by_its_commit_or_the_beginning_of_it():
    history = history_of(growing(4, 0.0))
    assert find_anchor(history.runs, sha_of("release")) == (0, 1, 2)
    assert find_anchor(history.runs, sha_of("merge 4")[:10]) == (4,)
    assert find_anchor(history.runs, "0" * 40) == ()


def test_a_creep_that_no_merge_shows_is_told_against_the_release():
    rows = rows_of(history_of(growing(16, 0.015)))
    assert ("list", "p50") in told(rows)
    assert {endpoint for endpoint, _ in told(rows)} == {"list"}
    stored = rows["list", "p50"].stored
    assert stored is not None
    wanted = math.log(1.015) * np.mean(range(16 - NEWEST + 1, 17))
    assert stored.effect == pytest.approx(wanted, abs=0.04)


def test_nothing_is_told_where_nothing_creeps_or_less_than_is_tolerated():
    assert told(rows_of(history_of(growing(16, 0.0)))) == frozenset()
    assert told(rows_of(history_of(growing(16, 0.015))), tolerance=2.0) == frozenset()


def test_duets_of_merges_add_up():
    history = history_of(growing(12, 0.02, base=True))
    row = rows_of(history)["list", "p50"]
    assert row.duets is not None
    assert row.duets.n == 12
    assert row.duets.effect == pytest.approx(12 * math.log(1.02), abs=0.12)
    assert row.total is not None
    assert row.stored is not None
    assert row.total.se < min(row.stored.se, row.duets.se)
    assert rows_of(history)[APPLICATION, "p50"].duets is None


def test_a_sum_with_a_merge_missing_is_none():
    runs = growing(12, 0.02, base=True)
    alone = growing(12, 0.02)
    history = history_of([*runs[:9], alone[9], *runs[10:]])
    assert rows_of(history)["list", "p50"].duets is None


def test_few_duets_do_not_know_their_spread():
    assert rows_of(history_of(growing(4, 0.02, base=True)))["list", "p50"].duets is None


def test_an_endpoint_that_the_anchor_measured_otherwise_is_not_compared():
    changed = suite_of("endpoints: {list: GET /other, home: GET /home}\n")
    later = [run_of(changed, f"n{n}", SOUND, rounds=4, commit=f"new {n}") for n in range(3)]
    rows = rows_of(history_of([*growing(2, 0.0), *later]))
    assert rows["list", "p50"].stored is None
    assert rows["list", "p50"].total is None
    assert rows["home", "p50"].stored is not None


def test_an_anchor_that_is_the_newest_run_has_nothing_after_it():
    history = history_of(growing(4, 0.0))
    rows = creep_since(history, (len(history.runs) - 1,))
    assert all(row.stored is None and row.duets is None for row in rows)


def test_a_row_that_cannot_be_compared_is_never_told():
    sure = Shift(effect=0.5, se=0.01, se_parts={}, df=8.0, test="", n=8)
    nan = Shift(effect=math.nan, se=0.01, se_parts={}, df=8.0, test="", n=8)
    rows = {
        ("a", "p50"): Creep("a", "p50", stored=None, duets=None, hint=False),
        ("b", "p50"): Creep("b", "p50", stored=nan, duets=None, hint=False),
        ("c", "p50"): Creep("c", "p50", stored=sure, duets=None, hint=False),
    }
    assert told(rows) == {("c", "p50")}
