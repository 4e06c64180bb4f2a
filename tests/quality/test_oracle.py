"""The oracle does what somebody who knows every variance would: checked against closed forms where there are some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bench.decision.oracle import PLANS, calibrated, search
from bench.decision.staged import Design, Setting, Stage, judge, run
from bench.decision.table import Case, draw_effects
from bench.decision.world import Noise, pool

pytestmark = pytest.mark.quality

NORMAL = Noise(tails=1e6)
EVERYTHING = Design((Stage(7, 50, 0), Stage(9, 100, 0), Stage(20, 100, 1)), ((-np.inf,), (-np.inf,)), (0.01,))


def nothing(prs: int, endpoints: int) -> np.ndarray:
    return np.zeros((prs, endpoints, 2))


def test_without_screening_z_is_standard_normal_and_power_as_calculated():
    setting, effects = Setting((0,), pairs=(1, 2)), np.full((30_000, 1, 2), 0.05)
    z = run(np.random.default_rng(1), setting, NORMAL, EVERYTHING, effects).z[:, 0, 0]
    request, block = pool(1, 100, hiccup_share=0.0)[0, :, 0].var() * 100, NORMAL.block**2
    first = 1 / (7 / (2 * request / 50 + block) + 9 / (2 * request / 100 + block)) + 2 * NORMAL.deployment[0] ** 2
    second = (2 * request / 100 + block) / 20 + NORMAL.deployment[0] ** 2
    away = (0.05 - 0.01) * np.sqrt(1 / first + 1 / second)
    assert z.mean() == pytest.approx(away, abs=0.03)
    assert z.std() == pytest.approx(1, abs=0.02)
    assert (z >= 2.5).mean() == pytest.approx(scipy_stats.norm.sf(2.5 - away), abs=0.01)


def test_with_stored_runs_both_metrics_are_standard_normal():
    stages = Stage(1, 1_000, 0), Stage(1, 500, 1, others=100)
    design = Design(stages, ((-np.inf, -np.inf),), (0.0, 0.0))
    z = run(np.random.default_rng(2), Setting((0, 1), stored=5), NORMAL, design, nothing(20_000, 2)).z
    assert z.mean(axis=(0, 1)) == pytest.approx([0, 0], abs=0.03)
    assert z.std(axis=(0, 1)) == pytest.approx([1, 1], abs=0.03)


def test_requests_are_those_of_the_stages():
    design = replace(EVERYTHING, keep=((-np.inf,), (np.inf,)))
    outcome = run(np.random.default_rng(3), Setting((0,), pairs=(1, 1)), Noise(), design, nothing(10, 4))
    assert outcome.requests == pytest.approx(2 * 4 * (7 * 50 + 9 * 100))
    assert outcome.second_stage.all()
    assert not outcome.second_group.any()


def test_those_not_suspected_are_measured_shortly_where_others_are():
    stages = Stage(1, 1_000, 0), Stage(1, 500, 1, others=100)
    design = Design(stages, ((1.5, np.inf),), (0.0, 0.0))
    outcome = run(np.random.default_rng(4), Setting((0, 1), stored=20), Noise(), design, nothing(200, 5))
    suspects = (outcome.z[..., 0] > -np.inf).sum(axis=1)
    wanted = 5 * 1_000 + np.where(suspects > 0, suspects * 500 + (5 - suspects) * 100, 0)
    assert outcome.requests == pytest.approx(wanted)
    assert 0 < suspects.sum() < 200


@pytest.mark.parametrize("plan", [PLANS[0], PLANS[6]], ids=lambda plan: plan.name)
def test_calibration_allows_one_false_block_in_a_hundred(plan):
    harmless = run(np.random.default_rng(5), plan.setting, plan.noise, plan.start, nothing(4_000, 20))
    design = calibrated(plan.start, harmless)
    blocked = np.any(harmless.z >= np.array(design.final), axis=(1, 2)).mean()
    assert 0.008 <= blocked <= 0.01
    fresh = judge(np.random.default_rng(6), plan.setting, plan.noise, design, nothing(4_000, 20))
    assert np.any(fresh.blocked, axis=(1, 2)).mean() == pytest.approx(0.01, abs=0.006)


def test_a_search_finds_nothing_weaker_than_its_start():
    plan, effects = PLANS[0], draw_effects(np.random.default_rng(7), Case(20, "one", 0.1), 2_000)

    def caught(design: Design) -> float:
        design = calibrated(design, run(np.random.default_rng(8), plan.setting, plan.noise, design, nothing(4_000, 20)))
        judged = judge(np.random.default_rng(9), plan.setting, plan.noise, design, effects)
        return float(np.any(judged.blocked & (effects > 0), axis=(1, 2)).mean())

    assert caught(search(replace(plan, designs=12), seed=1)) >= caught(plan.start) - 0.02
