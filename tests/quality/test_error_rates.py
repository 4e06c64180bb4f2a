"""That the study judges as the gate does, and that what ships keeps its promise in a small simulation.

Seeded: a failure is a change and not bad luck. The published figures are the decision study's; these bounds are wide.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from bench.decision import baselines, duets
from bench.decision.world import Noise
from gate.record.run import Run
from gate.stats.beliefs import ASSUMED_SIGMA
from gate.stats.constants import DUETS, STORED
from gate.stats.designs import DuetDesign
from gate.stats.limits import duet_scores, stored_scores, suspected_from
from gate.verdict.shared import limit_of
from gate.verdict.values import Verdict
from tests.builders import verdict_of
from tests.reference.files import history_from, pair_from, plain_suite, plan_of, single_from

pytestmark = pytest.mark.quality

SEED = 20261121
RATE = 0.01
ONE_HOST = ASSUMED_SIGMA[True]
METRICS = ("p50", "p95")


def design_of(name: str) -> DuetDesign:
    return next(design for design in DUETS if design.name == name)


def effects_of(prs: int, endpoints: int, ratio: float, rng: np.random.Generator) -> np.ndarray:
    """One endpoint of each pull request slower by the given ratio, in both metrics."""
    effects = np.zeros((prs, endpoints, 2))
    effects[np.arange(prs), rng.integers(0, endpoints, prs)] = math.log1p(ratio)
    return effects


class Recorder:
    """Keeps the blocks that a simulation of duets draws."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pairs: list[duets.Pair] = []
        made = self.pairs

        class Kept(duets.Pair):
            def __init__(self, *arguments, **more) -> None:
                super().__init__(*arguments, **more)
                made.append(self)

        monkeypatch.setattr(duets, "Pair", Kept)

    def stages(self, pair: int, pr: int) -> list[np.ndarray]:
        """Blocks of one pull request by stage, as far as any were measured."""
        every = [blocks[pr] for blocks in self.pairs[pair]._blocks]
        return every[: sum(bool(np.isfinite(blocks).any()) for blocks in every)]


def runs_of(suite, design: DuetDesign, recorder: Recorder, pr: int) -> list[Run]:
    """The run files of one simulated pull request: one for each pair that measured something."""
    fresh_pairs = design.fresh_pairs if design.fresh else 0
    runs = []
    for pair in range(design.first_pairs + fresh_pairs):
        stages = recorder.stages(pair, pr)
        part = "first" if pair < design.first_pairs else "fresh"
        rounds = [blocks.shape[-1] for blocks in stages]
        if stages:
            plan = plan_of(design.name, part, rounds, pair)
            runs.append(pair_from(suite, f"c{pair}", np.concatenate(stages, axis=-1), plan=plan))
    return runs


def table_of(verdict: Verdict, of) -> np.ndarray:
    """A property of every latency row, shape ``(endpoints, metrics)``."""
    rows = {(row.endpoint, row.metric): row for row in verdict.rows}
    names = [name for name, metric in rows if metric == "p50" and name != "*"]
    return np.array([[of(rows[name, metric]) for metric in METRICS] for name in names])


@pytest.mark.parametrize(
    ("name", "endpoints"), [("quick 1+1", 20), ("quick 1+0", 20), ("quick 2+2", 6), ("quick 1+2", 6), ("short 1+1", 3)]
)
def test_the_study_judges_duets_as_the_gate_does(name, endpoints, monkeypatch):
    recorder, design, suite = Recorder(monkeypatch), design_of(name), plain_suite(endpoints)
    rng = np.random.default_rng(SEED)
    effects = effects_of(16, endpoints, 0.15, rng)
    effects[8:] += math.log(1.10)  # so that more rows come to the last stages
    simulated = duets.simulate(design, Noise(), effects, duets.Beliefs(ONE_HOST), rng)
    limit = limit_of(RATE, duet_scores(name, endpoints, ONE_HOST[0]))
    seen = 0
    for pr in range(len(effects)):
        runs = runs_of(suite, design, recorder, pr)
        verdict = verdict_of(suite, runs)
        is_left = np.isfinite(simulated.rows[pr])
        assert np.array_equal(table_of(verdict, lambda row: row.trail.standing == "judged"), is_left), pr
        scores = table_of(verdict, lambda row: row.trail.score)
        assert scores[is_left] == pytest.approx(simulated.rows[pr][is_left], rel=1e-6), pr
        blocked = table_of(verdict, lambda row: row.blocks)
        assert np.array_equal(blocked, simulated.rows[pr] >= limit), pr
        seen += int(blocked.sum())
    assert seen > 0, "nothing was blocked: the comparison shows nothing"


@pytest.mark.parametrize(("endpoints", "stored"), [(12, 10), (8, 5), (6, 3)])
def test_the_study_judges_stored_runs_as_the_gate_does(endpoints, stored, monkeypatch):
    design, suite, calls = next(d for d in STORED if d.name == "one"), plain_suite(endpoints), []
    compare = baselines.compare_stored
    monkeypatch.setattr(baselines, "compare_stored", lambda *tables: calls.append(tables) or compare(*tables))
    rng = np.random.default_rng(SEED)
    effects = effects_of(8, endpoints, 0.25, rng)
    simulated = baselines.simulate(design, Noise(), effects, stored, rng)
    limit = limit_of(RATE, stored_scores("one", endpoints, stored))
    ((old, new, old_noise, new_noise),) = calls
    for pr in range(len(effects)):
        candidate = single_from(suite, "c0", new[pr, ..., 0] - 3, new_noise[pr, ..., 0])
        verdict = verdict_of(suite, candidate, history_from(suite, old[pr] - 3, old_noise[pr]))
        is_left = np.isfinite(simulated.rows[pr])
        scores = table_of(verdict, lambda row: row.trail.score)
        assert scores[is_left] == pytest.approx(simulated.rows[pr][is_left], abs=1e-5)
        is_relative = table_of(verdict, lambda row: row.trail.design != "stored plain")
        assert is_relative.all()
        assert np.array_equal(table_of(verdict, lambda row: row.blocks), simulated.rows[pr] >= limit), pr
    assert (simulated.rows >= limit).any(), "nothing was blocked: the comparison shows nothing"


def share(blocked: np.ndarray) -> float:
    return float(np.mean(blocked))


def bound(prs: int, rate: float = RATE) -> float:
    """Largest share that a true rate gives in 999 of 1,000 studies."""
    return float(binom.ppf(0.999, prs, rate)) / prs


SIGMA = (0.01, 0.02)
BELIEVED = duets.Beliefs((0.013, 0.026))
"""As learnt: a third larger than the truth."""


@pytest.mark.parametrize("name", ["quick 1+1", "quick 1+0"])
def test_harmless_pull_requests_are_hardly_ever_blocked_by_a_duet(name):
    rng, prs = np.random.default_rng(SEED), 400
    found = duets.simulate(design_of(name), Noise(deployment=SIGMA), np.zeros((prs, 20, 2)), BELIEVED, rng)
    assert share(found.highest >= limit_of(RATE, duet_scores(name, 20, BELIEVED.sigma_dep[0]))) <= bound(prs)


def test_a_duet_catches_a_slowdown_of_a_fifth():
    rng, prs, name = np.random.default_rng(SEED), 100, "quick 1+1"
    effects = effects_of(prs, 20, 0.20, rng)
    found = duets.simulate(design_of(name), Noise(deployment=SIGMA), effects, BELIEVED, rng)
    slower = np.where(effects > 0, found.rows, -np.inf).max(axis=(1, 2))
    assert share(slower >= limit_of(RATE, duet_scores(name, 20, BELIEVED.sigma_dep[0]))) >= 0.9


@pytest.mark.parametrize("stored", [5, 20])
def test_harmless_pull_requests_are_hardly_ever_blocked_from_stored_runs(stored):
    rng, prs, design = np.random.default_rng(SEED), 600, next(d for d in STORED if d.name == "one")
    found = baselines.simulate(design, Noise(), np.zeros((prs, 20, 2)), stored, rng)
    assert share(found.highest >= limit_of(RATE, stored_scores("one", 20, stored))) <= bound(prs)


@pytest.mark.parametrize(("stored", "ratio"), [(5, 0.5), (20, 0.3)])
def test_a_large_slowdown_is_caught_from_stored_runs(stored, ratio):
    rng, prs, design = np.random.default_rng(SEED), 100, next(d for d in STORED if d.name == "one")
    effects = effects_of(prs, 20, ratio, rng)
    found = baselines.simulate(design, Noise(), effects, stored, rng)
    slower = np.where(effects > 0, found.rows, -np.inf).max(axis=(1, 2))
    assert share(slower >= limit_of(RATE, stored_scores("one", 20, stored))) >= 0.9


@pytest.mark.parametrize("design", ["confirm", "confirm_more"])
@pytest.mark.parametrize("stored", [5, 20])
def test_runs_that_confirm_block_few_harmless_pull_requests_and_are_asked_for_as_often_as_said(design, stored):
    rng, prs, chosen = np.random.default_rng(SEED), 400, next(d for d in STORED if d.name == design)
    suspected = suspected_from(chosen, 20, stored)
    found = baselines.simulate(chosen, Noise(), np.zeros((prs, 20, 2)), stored, rng, suspected)
    assert share(found.redeployed) <= bound(prs, chosen.suspected_share)
    assert share(found.redeployed) >= chosen.suspected_share / 2
    assert share(found.highest >= limit_of(RATE, stored_scores(design, 20, stored))) <= bound(prs)


def test_with_heavier_tails_than_were_simulated_the_promise_is_kept_by_those_that_confirm():
    """One run that decides has 3 of 100 harmless pull requests blocked there."""
    rng, prs, chosen = np.random.default_rng(SEED), 600, next(d for d in STORED if d.name == "confirm")
    found = baselines.simulate(
        chosen, Noise(tails=3.0), np.zeros((prs, 20, 2)), 10, rng, suspected_from(chosen, 20, 10)
    )
    assert share(found.highest >= limit_of(RATE, stored_scores("confirm", 20, 10))) <= bound(prs)


def test_what_is_slower_is_confirmed():
    rng, prs, chosen = np.random.default_rng(SEED), 150, next(d for d in STORED if d.name == "confirm")
    effects = effects_of(prs, 20, 0.20, rng)
    found = baselines.simulate(chosen, Noise(), effects, 20, rng, suspected_from(chosen, 20, 20))
    slower = np.where(effects > 0, found.rows, -np.inf).max(axis=(1, 2))
    assert share(slower >= limit_of(RATE, stored_scores("confirm", 20, 20))) >= 0.95


def blocked_by_the_gate(endpoints: int, stored: int, changes: np.ndarray, prs: int) -> np.ndarray:
    """Blocked rows of simulated pull requests with the given changes, judged from run files."""
    rng, suite = np.random.default_rng(SEED), plain_suite(endpoints)
    tables, blocked = [], []
    compare = baselines.compare_stored
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "compare_stored", lambda *t: tables.append(t) or compare(*t))
        effects = np.broadcast_to(changes[:, np.newaxis], (prs, endpoints, 2)).copy()
        baselines.simulate(next(d for d in STORED if d.name == "one"), Noise(), effects, stored, rng)
    old, new, old_noise, new_noise = tables[0]
    for pr in range(prs):
        candidate = single_from(suite, "c0", new[pr, ..., 0] - 3, new_noise[pr, ..., 0])
        verdict = verdict_of(suite, candidate, history_from(suite, old[pr] - 3, old_noise[pr]))
        blocked.append(table_of(verdict, lambda row: row.blocks))
    return np.array(blocked)


def test_to_speed_up_most_endpoints_does_not_block_the_rest():
    """15 %, which a guard at 10 % and two standard errors let through: half of these pull requests were blocked."""
    faster = np.where(np.arange(14) < 8, math.log(0.85), 0.0)
    assert blocked_by_the_gate(14, 12, faster, 12).any(axis=(1, 2)).sum() <= 2


def test_to_slow_down_many_endpoints_is_no_way_through():
    """Five of fourteen half slower, on runners that differ by 8 %."""
    slower = np.where(np.arange(14) < 5, math.log(1.5), 0.0)
    assert blocked_by_the_gate(14, 12, slower, 12).any(axis=(1, 2)).sum() >= 9
