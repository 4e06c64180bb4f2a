"""A day of readings in memory that is bounded; what they came to is exact all the same."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.record.telemetry import MOST_SAMPLES, TelemetryRecord
from gate.telemetry.series import rests_of, series_record
from gate.telemetry.source import Reading
from gate.telemetry.timeline import IDLE, MOST_NOTES, Phase, Timeline
from gate.telemetry.track import MOST_KEPT, Sums, Track, Tracks
from gate.verdict.watched import is_falling, of_series

DAY_S = 86_400
STRETCH_S = 600


def memory(at_s: int) -> float:
    """Some days have a moment that no thinning may lose, and one that is lower than all others."""
    return {40_321: 9e9, 50_007: 1.0}.get(at_s, 1e8 + 1e6 * (at_s % 97))


def day() -> tuple[Tracks, Timeline]:
    """Blocks for three minutes, a rest, a day of load in stretches with a pause after each, a rest."""
    tracks, timeline = Tracks("processes"), Timeline()
    for at_s in range(-300, DAY_S + 60):
        timeline.note(float(at_s), max(0, 10 * at_s))
        if at_s < -120:
            timeline.phase = Phase(("blocks",))
        elif at_s < 0:
            timeline.phase = Phase(rest=0) if at_s >= -30 else IDLE
        elif at_s < DAY_S:
            timeline.phase = Phase(("enduring",)) if at_s % STRETCH_S < STRETCH_S - 2 else IDLE
        else:
            timeline.phase = Phase(rest=1) if at_s >= DAY_S + 30 else IDLE
        tracks.add(
            float(at_s),
            {
                "processes.memory": Reading(memory(at_s), "bytes"),
                "processes.descriptors": Reading(12.0 if at_s < 0 else 40.0, "count"),
                "processes.cpu": Reading(0.25 * (at_s + 300), "s", is_counter=True),
            },
            timeline.phase,
        )
    timeline.load(["blocks"], -300.0, -120.0)
    timeline.load(["enduring"], 0.0, DAY_S - 2.0)
    timeline.rests += [(-30.0, 0.0), (DAY_S + 30.0, DAY_S + 60.0)]
    timeline.around["enduring"] = (0, 1)
    return tracks, timeline


@pytest.fixture(scope="module")
def a_day() -> tuple[Tracks, Timeline]:
    return day()


def test_a_day_is_kept_in_bounded_memory(a_day):
    tracks, timeline = a_day
    for track in tracks.found.values():
        assert track.n == DAY_S + 360
        assert MOST_KEPT / 2 <= len(track.values) == len(track.at_s) <= MOST_KEPT
        assert set(track.windows) == {"blocks", "enduring"}
        assert {name: len(values) for name, values in track.rests.items()} == {0: 30, 1: 30}
    assert len(timeline._at_s) == len(timeline._answered) <= MOST_NOTES
    _, series = series_record(tracks.found, timeline, 0.0)
    assert all(len(found.values) <= MOST_SAMPLES for found in series.values())


def test_mean_most_and_least_of_a_day_are_those_of_every_reading(a_day):
    windows, series = series_record(a_day[0].found, a_day[1], 0.0)
    read = [memory(at_s) for at_s in range(DAY_S - 2)]
    (enduring,) = [window for window in windows if window.name == "enduring"]
    told = enduring.sums["processes.memory"]
    assert (told.n, told.most, told.least) == (len(read), 9e9, 1.0)
    assert told.mean == pytest.approx(fmean(read), rel=1e-12)
    assert (told.from_s, told.to_s, told.hole_s) == (0.0, DAY_S - 3.0, 1.0)
    whole = series["processes.memory"].whole
    every = [memory(at_s) for at_s in range(-300, DAY_S + 60)]
    assert (whole.n, whole.first, whole.last, whole.most) == (len(every), every[0], every[-1], 9e9)
    assert whole.mean == pytest.approx(fmean(every), rel=1e-12)
    load = series["processes.memory"].load
    assert (load.n, load.first, load.to_s) == (DAY_S - 2 + 300, memory(-300), DAY_S - 3.0)


def test_a_short_window_of_a_long_run_is_counted_reading_by_reading(a_day):
    windows, _ = series_record(a_day[0].found, a_day[1], 0.0)
    told = windows[0].sums["processes.memory"]
    assert (windows[0].name, told.n) == ("blocks", 180)
    assert told.mean == pytest.approx(fmean(memory(at_s) for at_s in range(-300, -120)), rel=1e-12)


def test_rests_of_a_day_are_not_thinned_away(a_day):
    rests = rests_of(a_day[0].found, a_day[1], 0.0)["enduring"]
    assert rests.before.levels["processes.descriptors"] == 12
    assert rests.after.levels["processes.descriptors"] == 40
    assert "processes.cpu" not in rests.after.levels  # of what only rises there is no level


def test_requests_answered_are_told_alike_after_a_day(a_day):
    assert a_day[1].answered == 10 * (DAY_S + 59)
    assert a_day[1].answered_by([600.0, 43_210.5]) == [6000, 432_105]


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.booleans()), min_size=1, max_size=200))
def test_a_window_holds_its_pauses_and_not_what_comes_after_it(read):
    track = Track("redis", "count", is_counter=False)
    for at_s, (value, is_under) in enumerate(read):
        track.add(float(at_s), value, Phase(("a",)) if is_under else IDLE)
    under = [place for place, (_, is_under) in enumerate(read) if is_under]
    if not under:
        assert track.load is None
        return
    values = [value for value, _ in read[under[0] : under[-1] + 1]]
    for spell in (track.load, track.windows["a"]):
        told = spell.sums.told(0.0)
        assert (told.n, told.first, told.last) == (len(values), values[0], values[-1])
        assert (told.least, told.most) == (min(values), max(values))
        assert told.mean == pytest.approx(fmean(values), rel=1e-9, abs=1e-3)
        assert told.falls == sum(later < sooner for sooner, later in pairwise(values))
        assert told.steepest == max((later - sooner for sooner, later in pairwise(values)), default=None)


@pytest.mark.parametrize("again_at_s", [None, 1_001, 4_800])
def test_a_process_that_was_started_anew_between_two_readings_that_are_kept_is_seen(again_at_s):
    """Its counter is soon beyond what it was: the values that are kept only rise."""
    track = Track("processes", "s", is_counter=True)
    for at_s in range(2 * MOST_KEPT):
        track.add(float(at_s), {again_at_s: 0.0}.get(at_s, float(at_s)))
    _, series = series_record({"cpu": track}, Timeline(), 0.0)
    kept = series["cpu"]
    assert is_falling(kept) == (again_at_s is not None)
    if again_at_s == 1_001:
        assert kept.values == sorted(kept.values), "or this shows nothing"


def test_a_second_in_which_a_counter_rose_by_much_is_seen_however_few_readings_are_kept():
    track, timeline = Track("postgres", "count", is_counter=True), Timeline()
    timeline.load(["steady"], 0.0, 4 * MOST_KEPT - 1.0)
    for at_s in range(4 * MOST_KEPT):
        timeline.note(float(at_s), at_s)
        track.add(float(at_s), at_s + 500.0 * (at_s > 10_001), Phase(("steady",)))
    windows, series = series_record({"deadlocks": track}, timeline, 0.0)
    record = TelemetryRecord(windows=windows, series=series)
    assert max(b - a for a, b in pairwise(series["deadlocks"].values)) < 600, "many seconds between two that are kept"
    for scenario in (None, "steady"):
        assert of_series(record, "deadlocks", "max", scenario, 1.0).value == 501


def test_what_is_no_number_is_left_out():
    track = Track("redis", "count", is_counter=False)
    for value in (1.0, math.nan, math.inf, 3.0):
        track.add(float(track.n), value)
    assert track.values == [1.0, 3.0]
    sums = Sums()
    sums.add(1.0, 5.0)
    assert sums.told(1.0).mean == 5.0
