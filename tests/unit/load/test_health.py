"""Whether the generator kept up: what its lateness did decides, and what cannot be compared counts as broken."""

from __future__ import annotations

import math

import pytest

from gate.load.health import busy_complaints, complaints, health_of, is_spoiled, late_complaints
from gate.load.histogram import Histogram
from gate.load.job import LaneResult, SegmentResult


def block(service_s: float, lags: list[float]) -> LaneResult:
    return LaneResult(samples=[service_s + lag for lag in lags], service=[service_s] * len(lags))


def result(lags: list[float], latency_s: float = 0.02, **more) -> SegmentResult:
    lag, histogram = Histogram(), Histogram()
    for value in lags:
        lag.record(value)
        histogram.record(latency_s)
    lane = LaneResult(planned=len(lags), sent=len(lags), completed=len(lags), histogram=histogram.counts())
    return SegmentResult({"a": lane}, elapsed_s=more.pop("elapsed_s", 10.0), lag=lag.counts(), **more)


def test_a_punctual_block_is_sound():
    assert not is_spoiled(block(0.010, [0.0001] * 50))


def test_a_block_is_spoiled_when_lag_moves_its_centre():
    assert is_spoiled(block(0.010, [0.003] * 50))


def test_a_block_is_spoiled_when_lag_moves_only_its_p95():
    assert is_spoiled(block(0.010, [0.0] * 45 + [0.030] * 5))


def test_lag_below_a_millisecond_never_spoils():
    assert not is_spoiled(block(0.001, [0.0009] * 50))


def test_lag_that_is_small_beside_the_latency_does_not_spoil():
    assert not is_spoiled(block(0.500, [0.005] * 50))


def test_a_block_without_answers_has_no_lag_to_speak_of():
    assert not is_spoiled(LaneResult())


def test_nan_counts_as_spoiled():
    assert is_spoiled(LaneResult(samples=[math.nan] * 50, service=[0.01] * 50))


def test_a_sound_run_has_no_complaint():
    assert complaints(health_of([result([0.0001] * 100, cpu_s=1.0)], 3, 0), blocks=40) == []


@pytest.mark.parametrize(
    ("code", "health", "blocks"),
    [
        ("generator-cpu", health_of([result([0.0] * 10, cpu_s=9.0)], 0, 0), 10),
        ("generator-lag", health_of([result([0.05] * 10)], 4, 2), 10),
    ],
)
def test_each_trouble_has_its_complaint(code, health, blocks):
    (notice,) = complaints(health, blocks)
    assert notice.code == code
    assert notice.cure


@pytest.mark.parametrize(("stalls", "sent", "complains"), [(10, 100, False), (11, 100, True), (20, 1000, False)])
def test_a_loop_stalls_a_little_or_too_often(stalls, sent, complains):
    health = health_of([result([0.0] * sent, stalls=stalls, longest_turn_s=0.02)], 0, 0)
    assert [notice.code for notice in complaints(health, 10)] == ["generator-stalled"] * complains
    assert (health.stalls, health.longest_turn_s) == (stalls, 0.02)


def test_a_single_dropped_request_is_a_complaint():
    late = result([0.0] * 10, peak_in_flight=1000)
    late.lanes["a"].dropped = 1
    (notice,) = complaints(health_of([late], 0, 0), 10)
    assert notice.code == "generator-dropped"
    assert "1000" in notice.message


def test_a_run_with_no_segment_has_a_health_and_no_complaint():
    assert complaints(health_of([], 0, 0), 0) == []


def test_a_scenario_is_complained_about_when_one_request_in_fifty_is_late():
    assert late_complaints("s", result([0.0] * 99 + [0.2])) == []
    (notice,) = late_complaints("s", result([0.0] * 95 + [0.2] * 5))
    assert "scenario s" in notice.message


def test_users_have_no_schedule_to_be_late_for():
    assert late_complaints("s", SegmentResult({"a": LaneResult()})) == []


@pytest.mark.parametrize(
    ("cpu_s", "elapsed_s", "complains"), [(0.9, 1.0, True), (0.7, 1.0, False), (0.009, 0.009, False), (0.0, 0.0, False)]
)
def test_a_scenario_whose_generator_was_busy_is_complained_about_whatever_the_rest_of_the_run(
    cpu_s, elapsed_s, complains
):
    notices = busy_complaints("s", SegmentResult({}, cpu_s=cpu_s, elapsed_s=elapsed_s))
    assert [notice.code for notice in notices] == ["generator-cpu"] * complains
    assert all("scenario s" in notice.message for notice in notices)


def test_one_spoiled_block_never_ends_a_run_and_two_of_a_few_do():
    assert complaints(health_of([result([0.0] * 100)], 0, 1), blocks=8) == []
    assert [notice.code for notice in complaints(health_of([result([0.0] * 100)], 0, 2), blocks=8)] == ["generator-lag"]
