"""What a finished search is said to have come to."""

from __future__ import annotations

from gate.measure.seek import capacity_notice, level_name
from gate.record.scenario import Level, SearchRecord
from tests.builders import suite_of

SUITE = suite_of(
    'scenarios: {breaking: {load: {find: max_rate, until: "p95 <= 500ms", from: 10/s, limit: 50/s}, mix: {home: 1}}}\n'
)


def level(at: float, *, met: bool) -> Level:
    return Level(level=at, rate_rps=at, p50_s=0.1, p95_s=0.2, error_ratio=0.0, met=met)


def said(levels: list[Level], capacity: float | None, *, is_bounded: bool = True) -> str:
    found = SearchRecord(
        until="p95 <= 500ms", capacity=capacity, capacity_rps=capacity, is_bounded=is_bounded, knee=None, levels=levels
    )
    return capacity_notice(SUITE, "breaking", found, was_throttled=False).message


def test_a_level_that_missed_once_and_held_then_is_not_where_it_ends():
    levels = [level(20, met=True), level(40, met=False), level(40, met=False), level(28, met=False)]
    told = said([*levels, level(28, met=True), level(34, met=True)], 34)
    assert told == "breaking: p95 <= 500ms held up to 34/s and no longer at 40/s (34/s answered)"


def test_a_search_that_ends_at_its_limit_says_so():
    told = said([level(50, met=False), level(50, met=True)], 50, is_bounded=False)
    assert told.startswith("breaking: p95 <= 500ms still held at the limit of the search, 50/s")


def test_levels_are_called_as_people_write_them():
    assert level_name("breaking", SUITE.scenarios["breaking"].load, 128.0) == "breaking at 128/s"
