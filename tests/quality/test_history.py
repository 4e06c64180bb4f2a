"""Change points and windows on simulated histories: seldom where nothing changed, soon where something did."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.history.__main__ import run
from bench.history.rivals import e_divisive, energy_split, hunter, rank_split
from bench.history.worlds import USUAL, histories, series_in
from tests.reference.test_changepoints import OTAVA_DIVISIVE, OTAVA_SINGLE

pytestmark = pytest.mark.quality
P50 = 0


def test_harmless_histories_seldom_show_a_change():
    """About 0.1 % of rows in the published study; more than four of 400 would then be seen once in 10,000 times."""
    values = histories(np.random.default_rng(21), USUAL, 30, 20)[..., P50]
    assert sum(bool(series.changes) for history in values for series in series_in(history)) <= 4


def test_a_step_of_a_tenth_is_found_within_five_runs_nine_times_in_ten():
    values = histories(np.random.default_rng(22), USUAL, 25, 40)[..., P50]
    values[:, 3, 20:] += math.log(1.1)
    starts = [series_in(history)[3].window_start for history in values]
    assert sum(abs(start - 20) <= 1 for start in starts) >= 34


def test_the_rivals_find_what_their_authors_find():
    for find in (lambda x: hunter(x, 1e-4), lambda x: e_divisive(x, 0.01)):
        assert find(np.array(OTAVA_SINGLE)) == (10,)
        assert find(np.array([0.0] * 30 + [1.0] * 30)) == (30,)
    assert hunter(np.array(OTAVA_DIVISIVE), 0.01) == (5, 8)
    noise = np.random.default_rng(7).normal(0, 0.1, 30)
    assert rank_split(np.array([0.0] * 15 + [1.0] * 15) + noise, 1e-3) == (15,)


def test_the_energy_statistic_is_that_of_its_definition():
    """Matteson and James (2014), equation 5, by loops over all pairs."""
    x = np.random.default_rng(3).normal(size=11)
    best = max((energy(x[:i], x[i:k]), i) for i in range(3, 9) for k in range(i + 3, 12))
    assert energy_split(np.abs(x[:, np.newaxis] - x)) == pytest.approx(best)


def energy(x, y):
    n, m = len(x), len(y)
    between = sum(abs(a - b) for a in x for b in y) * 2 / (n * m)
    within_x = sum(abs(a - b) for i, a in enumerate(x) for b in x[:i]) * 2 / (n * (n - 1))
    within_y = sum(abs(a - b) for i, a in enumerate(y) for b in y[:i]) * 2 / (m * (m - 1))
    return n * m / (n + m) * (between - within_x - within_y)


def test_a_study_goes_on_where_it_was_left(tmp_path, monkeypatch):
    from bench.figures import Figure
    from bench.history import creep, points, real

    asked = []

    def cell(name):
        return name, lambda rng: asked.append(name) or [Figure(name, float(rng.random()), "", None, 1, (0, 1), "c")]

    monkeypatch.setattr(points, "cells", lambda _seed, _scale: [cell("a"), cell("b")])
    for other in (creep, real):
        monkeypatch.setattr(other, "cells", lambda _seed, _scale: [])
    state = tmp_path / "state.jsonl"
    first = run(1, 0.1, state)
    again = run(1, 0.1, state)
    assert [figure.value for figure in again] == [figure.value for figure in first]
    assert asked == ["a", "b"]
    run(2, 0.1, state)
    assert asked == ["a", "b", "a", "b"]
