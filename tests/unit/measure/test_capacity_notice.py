"""What a search is said to have found."""

from __future__ import annotations

import pytest

from gate.measure.seek import capacity_notice
from gate.record.scenario import Level, SearchRecord
from tests.builders import suite_of

SUITE = suite_of(
    "scenarios: {most: {load: {find: max_users, until: p95 <= 1s, from: 1, limit: 80}, mix: {home: 1}}}\n", ("home",)
)


def told(capacity: float | None, *levels: tuple[int, bool], is_bounded: bool = True) -> str:
    found = SearchRecord(
        until="p95 <= 1s",
        capacity=capacity,
        capacity_rps=None if capacity is None else 10 * capacity,
        is_bounded=is_bounded,
        knee=None,
        levels=[Level(level=n, rate_rps=10, p50_s=0.1, p95_s=0.2, error_ratio=0, met=met) for n, met in levels],
    )
    return capacity_notice(SUITE, "most", found, was_throttled=False).message


@pytest.mark.parametrize(
    ("capacity", "levels", "words"),
    [
        (34, ((13, True), (34, True), (54, False), (54, False)), "held up to 34 users and no longer at 54 users"),
        # a level below that missed once and held when it was tried again is no end
        (34, ((13, False), (13, True), (34, True), (54, False), (54, False)), "no longer at 54 users"),
        (None, ((1, False), (1, False)), "did not hold even at 1 user"),
    ],
)
def test_the_first_level_beyond_what_held_is_the_one_that_did_not(capacity, levels, words):
    assert words in told(capacity, *levels)


def test_a_search_that_reached_its_limit_says_so_whatever_was_tried_twice():
    assert "still held at the limit" in told(80, (54, False), (54, True), (80, True), is_bounded=False)
