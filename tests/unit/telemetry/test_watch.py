"""Sampling: sources that hang, fail or lie keep nobody; samples become series with the requests answered by then."""

from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from gate.config.telemetry import OfSeries, Pool
from gate.record.telemetry import MOST_SAMPLES
from gate.telemetry import sampler
from gate.telemetry.series import series_record
from gate.telemetry.source import LONGEST_REASON, Findings, Reading, Unread, in_a_line
from gate.telemetry.timeline import Phase, Timeline
from gate.telemetry.track import Track, Tracks
from gate.telemetry.watch import Watch
from tests.integration.processes import wait_for


class Source:
    """Answers with the next of its values; an exception among them is raised, an event waited for."""

    source = "redis"

    def __init__(self, *values, begin=None, end=None):
        self.values, self.first, self.last = list(values), begin, end
        self.readings = 0
        self.is_closed = False

    def begin(self):
        self._act(self.first)

    def read(self):
        value = self.values[min(self.readings, len(self.values) - 1)]
        self.readings += 1
        return self._act(value)

    def end(self):
        return self._act(self.last) or Findings()

    def renew(self):
        pass

    def close(self):
        self.is_closed = True

    @staticmethod
    def _act(value):
        if isinstance(value, Exception):
            raise value
        if isinstance(value, threading.Event):
            value.wait()
            return {}
        return value


def level(value):
    return {"redis.memory": Reading(value, "bytes")}


def watched(*sources, every_s=0.005, pool=None, until=3, redact=str):
    watch = Watch(sources, every_s, time.monotonic, pool, redact)
    begun_s = time.monotonic()
    watch.begin()
    wait_for(lambda: all(source.readings >= until for source in sources), "readings")
    watch.end()
    timeline = Timeline()
    timeline.note(begun_s, 0)
    timeline.note(time.monotonic(), 100)
    timeline.load(["steady"], begun_s, time.monotonic())
    return watch.record(timeline, begun_s)


def test_values_are_kept_with_their_instants_and_the_requests_answered():
    source = Source(level(1.0), level(2.0), level(3.0))
    record = watched(source)
    series = record.series["redis.memory"]
    assert series.values[:3] == [1, 2, 3]
    assert series.at_s == sorted(series.at_s)
    assert series.answered == sorted(series.answered)
    assert record.windows[0].answered == 100
    assert record.unread == {}
    assert source.is_closed


def test_a_reading_that_fails_now_and_then_is_told_with_how_often():
    record = watched(Source(level(1.0), Unread("it was busy"), level(3.0)), until=5)
    assert record.series["redis.memory"].values[:2] == [1, 3]
    assert record.unread["redis"].startswith("it was busy (1 of ")


def test_a_source_that_cannot_be_begun_is_not_read():
    source = Source(level(1.0), begin=Unread("no connection"))
    watch = Watch([source], 0.01, time.monotonic)
    watch.begin()
    watch.end()
    assert watch.record(Timeline(), 0.0).unread == {"redis": "no connection"}
    assert source.readings == 0
    assert source.is_closed


def test_what_cannot_be_read_while_the_gate_starts_the_preview_anew_says_nothing_of_it():
    away = threading.Event()

    class Restarted(Source):
        def read(self):
            self.readings += 1
            if away.is_set():
                raise Unread("connection refused")
            return level(1.0)

    source = Restarted()
    watch = Watch([source], 0.001, time.monotonic)
    watch.begin()
    with watch.looking_away():
        away.set()
        before = source.readings
        time.sleep(0.05)
        assert source.readings <= before + 1, "one may have been under way"
        away.clear()
    wait_for(lambda: source.readings > before + 3, "readings afterwards")
    watch.end()
    assert watch.record(Timeline(), 0.0).unread == {}
    away.set()
    other = Restarted()
    failing = Watch([other], 0.001, time.monotonic)
    failing.begin()
    failing.end()
    assert "connection refused" in failing.record(Timeline(), 0.0).unread["redis"]


def test_a_source_that_hangs_keeps_nobody(monkeypatch):
    monkeypatch.setattr(sampler, "BEGIN_S", 0.05)
    monkeypatch.setattr(sampler, "END_S", 0.05)
    forever = threading.Event()
    beginning, reading = Source(level(1.0), begin=forever), Source(level(1.0), forever)
    reading.source = "postgres"
    watch = Watch([beginning, reading], 0.001, time.monotonic)
    watch.begin()
    wait_for(lambda: reading.readings == 2, "the reading that hangs")
    watch.end()
    record = watch.record(Timeline(), 0.0)
    forever.set()
    assert record.unread["redis"] == "it did not answer in time"
    assert record.series["redis.memory"].values == [1]


def test_in_haste_nobody_is_asked_for_more():
    source = Source(level(1.0), end=Unread("asked all the same"))
    watch = Watch([source], 0.001, time.monotonic)
    watch.begin()
    watch.end(in_haste=True)
    assert watch.record(Timeline(), 0.0).unread == {}


def test_a_watch_that_was_never_begun_can_be_ended():
    watch = Watch([Source(level(1.0))], 0.001, time.monotonic)
    watch.end(in_haste=True)
    assert watch.record(Timeline(), 0.0).unread == {"redis": "it did not answer in time"}


def test_an_error_nobody_foresaw_is_told_and_secrets_are_not():
    record = watched(Source(ValueError("cannot read hunter2\nsecond line")), redact=lambda t: t.replace("hunter2", "*"))
    assert record.unread["redis"] == "ValueError: cannot read * second line"


@given(st.text())
def test_reasons_are_one_short_line(text):
    assert len(in_a_line(text)) <= LONGEST_REASON
    assert in_a_line(text).isprintable()


def test_the_pool_has_names_of_its_own_and_waiting_is_told_per_request():
    timeline = Timeline()
    timeline.note(0.0, 0)
    timeline.note(10.0, 1000)
    tracks = Tracks("prometheus")
    for at in range(11):
        tracks.add(float(at), {"size": Reading(20.0, "count"), "waited": Reading(at * 0.5, "s", is_counter=True)})
    pool = Pool(size=OfSeries(series="size"), wait=OfSeries(series="waited"))
    made = Watch([], 1.0, time.monotonic, pool)._of_pool(tracks.found, timeline)
    assert made["pool.size"].values == [20.0] * 11
    assert made["pool.wait"].values == [0.005] * 9  # half a second in a hundred requests
    assert (made["pool.wait"].unit, made["pool.wait"].is_counter) == ("s", False)


@given(st.integers(1, 5000))
def test_long_series_are_thinned_evenly_and_keep_their_peaks(n):
    timeline = Timeline()
    timeline.note(0.0, 0)
    timeline.note(float(n), 10 * n)
    timeline.load(["all"], 0.0, float(n))
    values = [float(number % 7) for number in range(n)]
    peak = n // 2
    values[peak] = 99.0
    track = Track("redis", "count", is_counter=False)
    for number, value in enumerate(values):
        track.add(float(number), value, Phase(("all",)))
    windows, series = series_record({"x": track}, timeline, 0.0)
    kept = series["x"]
    assert len(kept.values) <= MOST_SAMPLES
    steps = {round(b - a, 3) for a, b in zip(kept.at_s, kept.at_s[1:], strict=False)}
    assert len(steps) <= 1
    assert max(windows[0].sums["x"].most if "x" in windows[0].sums else 0.0, *kept.values, 0.0) == 99.0
    assert kept.answered == [round(10 * at) for at in kept.at_s]


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 50)), max_size=30), st.floats(-1, 20))
def test_requests_answered_never_fall(steps, at):
    timeline, at_s, answered = Timeline(), 0.0, 0
    for pause_s, more in steps:
        at_s, answered = at_s + pause_s, answered + more
        timeline.note(at_s, answered)
    assert timeline.answered == answered
    (sooner, later) = timeline.answered_by([at, at + 1])
    assert 0 <= sooner <= later <= answered
