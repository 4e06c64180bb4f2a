"""What stored runs say of noise, on runs whose noise is known."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gate.baseline.noise import noise_of
from gate.baseline.select import select
from gate.record.run import CalibrationRecord, Run
from gate.record.spent import SpentRecord
from gate.record.value import Notice
from tests.builders import ONE_HOST, PREVIEWS, TODAY, World, history_of, run_of, suite_of

NAMES = ("home", "list", "detail", "search", "cart", "orders")
SUITE = suite_of(names=NAMES)


def duets(count: int, **more) -> list[Run]:
    return [
        run_of(SUITE, f"d{n}", base=World(), created=TODAY + dt.timedelta(days=n), rounds=10, **more)
        for n in range(count)
    ]


def calibrated(runs: list[Run]) -> list[Run]:
    record = CalibrationRecord(candidate="a" * 12, base="b" * 12)
    return [run.model_copy(update={"calibration": record}) for run in runs]


def test_what_the_runner_does_to_all_endpoints_is_told_apart_from_the_rest():
    found = noise_of(SUITE, history_of(SUITE, 30, World(runner_sd=0.08, run_sd=0.01)))
    assert found.runs == 30
    assert found.runner_sd[0] == pytest.approx(0.08, rel=0.3)
    assert found.removed.all()
    assert np.sqrt(found.rows.candidate_variance[:, 0]).max() < 0.04


def test_a_run_varies_as_the_world_says_and_not_as_the_calm_run_in_the_middle():
    found = noise_of(SUITE, history_of(SUITE, 40, World(run_sd=0.03, block_sd=0.001, request_sd=0.02), rounds=8))
    assert np.sqrt(np.median(found.rows.candidate_variance[:, 0])) == pytest.approx(0.03, rel=0.25)
    assert found.rows.stored_variance[:, 0] == pytest.approx(found.rows.candidate_variance[:, 0] / 40, rel=0.3)


def test_pairs_of_blocks_are_as_noisy_as_two_blocks_alone_where_nothing_is_shared():
    alone, paired = noise_of(SUITE, history_of(SUITE, 8, rounds=10)), noise_of(SUITE, duets(8))
    assert (alone.from_duets, paired.from_duets) == (False, True)
    assert np.median(alone.pair_variance / paired.pair_variance) == pytest.approx(1.0, abs=0.35)
    assert alone.requests == 500


def test_latencies_are_those_of_the_runs():
    found = noise_of(SUITE, history_of(SUITE, 10))
    truth = [World().latency_s(SUITE, name) for name in NAMES]
    assert found.latency_s[:, 0] == pytest.approx(truth, rel=0.1)
    assert (found.latency_s[:, 1] > found.latency_s[:, 0]).all()


def test_calibrations_stand_in_until_main_was_measured_and_are_no_baselines():
    only = noise_of(SUITE, calibrated(duets(3)))
    assert only.runs == 0
    assert np.isfinite(only.pair_variance).all()
    both = noise_of(SUITE, [*history_of(SUITE, 4), *calibrated(duets(3))])
    assert both.runs == 4
    assert both.from_duets


def test_a_candidate_is_never_compared_with_a_calibration():
    stored = [*history_of(SUITE, 4), *calibrated(duets(3))]
    chosen = select(run_of(SUITE, created=TODAY + dt.timedelta(days=5)), stored, SUITE.baselines)
    assert len(chosen.runs) == 4
    assert any("made by `gate calibrate`" in notice.message for notice in chosen.notices)


def profiled(run: Run) -> Run:
    return run.model_copy(update={"spent": SpentRecord(of="time", tool="py-spy 1")})


def test_nothing_that_was_measured_under_a_profiler_is_compared():
    candidate = run_of(SUITE, created=TODAY + dt.timedelta(days=5))
    stored = [*history_of(SUITE, 4), *map(profiled, history_of(SUITE, 2))]
    chosen = select(candidate, stored, SUITE.baselines)
    assert len(chosen.runs) == 4
    assert any("measured under a profiler" in notice.message for notice in chosen.notices)
    assert select(profiled(candidate), stored, SUITE.baselines).runs == ()


def test_only_runs_like_the_newest_count():
    elsewhere = history_of(SUITE, 5, environment=PREVIEWS, one_host=False)
    here = [run_of(SUITE, f"h{n}", created=TODAY + dt.timedelta(days=n), environment=ONE_HOST) for n in range(3)]
    assert noise_of(SUITE, [*elsewhere, *here]).runs == 3


@pytest.mark.parametrize(
    "stored",
    [
        [],
        history_of(SUITE, 3, not_measured=[Notice(code="cancelled", message="cancelled")]),
        history_of(suite_of("endpoints: {home: GET /other}\n"), 3),
        history_of(SUITE, 3, rounds=2),
    ],
    ids=["none", "not measured", "asked otherwise", "too short"],
)
def test_runs_that_cannot_be_compared_say_nothing(stored):
    assert noise_of(SUITE, stored) is None


def test_one_endpoint_that_is_asked_otherwise_is_not_known_and_the_rest_is():
    other = suite_of("endpoints:\n" + "".join(f"  {n}: GET /{n}{'/new' * (n == 'cart')}\n" for n in NAMES))
    found = noise_of(SUITE, history_of(other, 5))
    cart = NAMES.index("cart")
    assert np.isnan(found.pair_variance[cart]).all()
    assert np.isfinite(np.delete(found.pair_variance, cart, axis=0)).all()
