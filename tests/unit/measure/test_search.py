"""The search for capacity: close, bounded in steps, and not fooled by a single stall."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.measure.search import PRECISION, TRIES, Point, search


def point(level: float, *, met: bool) -> Point:
    return Point(level, level, 0.01, 0.02, 0.0, met)


@given(st.floats(1, 100), st.floats(1, 200), st.floats(0.5, 500))
def test_the_capacity_is_found_within_the_precision(start, factor, true):
    limit = start * factor
    found = search(start, limit, lambda level: point(level, met=level <= true))
    assert len(found.points) < 50
    if found.capacity is None:
        assert true < start
    elif not found.is_bounded:
        assert found.capacity == limit
        assert true >= limit
    else:
        assert found.capacity <= true < found.capacity * PRECISION * 1.001


@given(st.integers(1, 50), st.integers(1, 1000), st.integers(1, 1000))
def test_users_are_whole(start, more, true):
    found = search(float(start), float(start + more), lambda n: point(n, met=n <= true), whole=True)
    assert all(p.level == int(p.level) for p in found.points)
    if found.capacity is not None and found.is_bounded:
        assert found.capacity <= true
        assert true < found.capacity * PRECISION + 1


def test_one_stall_is_no_limit():
    misses = itertools.count()
    found = search(10, 100, lambda level: point(level, met=level != 16 or next(misses) > 0))
    assert found.capacity == 100
    assert not found.is_bounded


@given(st.floats(5, 500), st.floats(5, 500))
def test_where_the_generator_ends_so_does_the_search_and_nothing_is_claimed_of_the_preview(true, makes):
    asked = []

    def measure(level: float) -> Point | None:
        asked.append(level)
        return point(level, met=level <= true) if level <= makes else None

    found = search(10, 100, measure)
    assert [level for level in asked if level > makes] == ([] if found.unmade is None else [found.unmade] * TRIES)
    assert all(each.level <= makes for each in found.points)
    if found.capacity is not None:
        assert found.capacity <= min(true, makes)
    if found.is_bounded:
        assert any(not each.met for each in found.points)
    elif found.unmade is None:
        assert found.capacity == 100 or true < 10


def test_a_generator_that_stumbles_once_is_tried_again():
    stumbles = iter([True, False])
    found = search(10, 100, lambda level: None if level == 16 and next(stumbles) else point(level, met=True))
    assert (found.capacity, found.unmade) == (100, None)


def test_one_miss_beside_a_level_that_was_not_made_is_no_miss():
    tried = itertools.count()
    found = search(10, 100, lambda level: point(level, met=level < 16) if level < 16 or next(tried) else None)
    assert (found.capacity, found.is_bounded, found.unmade) == (10, False, 16)
    assert [each.level for each in found.points] == [10]


@pytest.mark.parametrize(("start", "limit"), [(10, 10), (10, 11)])
def test_a_narrow_search_tries_its_ends(start, limit):
    found = search(start, limit, lambda level: point(level, met=True))
    assert [p.level for p in found.points] == sorted({start, limit})
