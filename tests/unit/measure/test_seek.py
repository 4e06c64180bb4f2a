"""What a finished search is said to have come to."""

from __future__ import annotations

import pytest

from gate.load.histogram import Histogram
from gate.load.job import LaneResult, SegmentResult
from gate.measure.seek import capacity_notice, level_name, seek, unmade_before
from gate.measure.segments import Course
from gate.record.scenario import Level, ScenarioRecord, SearchRecord
from gate.record.value import Notice
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


def sought(makes: float, holds: float = 1000.0) -> ScenarioRecord:
    """What is kept of a search whose generator can make so much of what the preview can answer."""
    text = 'scenarios: {breaking: {load: {find: max_rate, until: "p95 <= 500ms", from: 10/s, limit: 50/s, for: 1s}, '
    suite = suite_of(f"{text}mix: {{home: 1}}}}}}\n")
    kept: list[ScenarioRecord] = []

    def drive(course: Course, what: str) -> tuple[SegmentResult, Notice | None]:
        rate_rps = course.rate_rps or 0.0
        n, histogram = course.streams[0].schedule.for_s * rate_rps, Histogram()
        for _ in range(round(n)):
            histogram.record(0.01 if rate_rps <= holds else 1.0)
        lane = LaneResult(planned=round(n), sent=round(n), completed=round(n), histogram=histogram.counts())
        result = SegmentResult({"breaking/home": lane}, elapsed_s=n / rate_rps)
        return result, None if rate_rps <= makes else Notice(code="generator-cpu", message="the generator used 87%")

    seek(suite, "breaking", "http://127.0.0.1", drive, kept.append)
    return kept[-1]


def test_the_end_of_the_generator_is_no_end_of_the_preview():
    search = sought(makes=30.0).search
    assert (search.capacity, search.is_bounded, search.finished) == (25.6, False, True)
    assert [each.level for each in search.levels] == [10, 16, 25.6]
    told = capacity_notice(SUITE, "breaking", search, was_throttled=False).message
    assert "still held at 25.6/s; beyond it the generator used 87%" in told


@pytest.mark.parametrize(
    ("capacity_rps", "is_bounded", "needed_rps", "is_reached"),
    [
        (100.0, False, 0.0, True),
        (100.0, False, 100.0, True),
        (100.0, False, 120.0, False),
        (100.0, True, 120.0, False),  # 160 missed, and the generator could not make 126: nobody knows of 120
        (100.0, True, 90.0, True),
        (None, False, 0.0, False),
    ],
)
def test_what_the_generator_could_not_make_is_no_capacity_that_is_missed(
    capacity_rps, is_bounded, needed_rps, is_reached
):
    why = Notice(code="generator-cpu", message="the generator used 87%")
    found = SearchRecord(
        until="p95 <= 500ms",
        capacity=capacity_rps,
        capacity_rps=capacity_rps,
        is_bounded=is_bounded,
        unmade=why,
        knee=None,
        levels=[],
    )
    assert unmade_before(found, needed_rps) == (None if is_reached else why)
    assert unmade_before(found.model_copy(update={"unmade": None}), needed_rps) is None


def test_a_preview_that_misses_below_the_end_of_the_generator_has_its_end_there():
    search = sought(makes=45.0, holds=30.0).search
    assert search.is_bounded
    assert 25.6 <= search.capacity <= 30
    assert search.unmade is None


def test_levels_are_called_as_people_write_them():
    assert level_name("breaking", SUITE.scenarios["breaking"].load, 128.0) == "breaking at 128/s"
