"""What must not change a decision: the order of files, the unit of time, the company of a batch."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.commands.judging import judge_runs
from gate.record.run import PlanRecord, Run
from gate.stats.duet import Deployed, PairFit, fit_pair, pool_levels, pool_rows
from gate.stats.stored import compare_stored
from gate.verdict.values import Verdict
from tests.reference.files import history_from, pair_from, plain_suite, single_from

SEEDS = st.integers(0, 2**32 - 1)
SIGMA = np.array([0.015, 0.03])


class Effects:
    tool = "0.0.0"


def judged(suite, candidates: list[Run], stored: list[Run]) -> Verdict:
    return judge_runs(suite, tuple(candidates), stored, Effects())


def text(verdict: Verdict) -> str:
    return verdict.model_dump_json(by_alias=True)


def decisions(verdict: Verdict) -> dict[str, tuple[str, bool]]:
    return {row.id: (row.outcome, row.blocks) for row in verdict.rows}


def noise(seed: int, endpoints: int, rounds: int, slower: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    d = rng.standard_t(5, (endpoints, 2, rounds)) * np.array([[0.05], [0.08]]) + rng.normal(0, 0.02, rounds)
    d[0] += math.log1p(slower)
    return np.asarray(d)


SUITE = plain_suite(5)


def staged(seed: int) -> list[Run]:
    parts = [("first", [4, 4, 15]), ("first", [3, 4, 15]), ("fresh", [19, 16]), ("fresh", [19, 16])]
    return [
        pair_from(
            SUITE,
            f"c{n}",
            noise(seed + n, 5, sum(rounds)),
            plan=PlanRecord(way="duet", design="quick 2+2", part=part, rounds=rounds, candidate=n, base=n),
        )
        for n, (part, rounds) in enumerate(parts)
    ]


def stored(seed: int, suite, candidates: int = 2) -> tuple[list[Run], list[Run]]:
    rng = np.random.default_rng(seed)
    values = noise(seed, 5, 8 + candidates, 0.0) * 0.3 + rng.normal(0, 0.06, 8 + candidates) - 4
    values[1, :, 8:] += 0.2
    variances = rng.uniform(1e-5, 3e-4, values.shape)
    new = [single_from(suite, f"c{n}", values[..., 8 + n], variances[..., 8 + n]) for n in range(candidates)]
    return new, history_from(suite, values[..., :8], variances[..., :8])


def shuffled(runs: list[Run], seed: int) -> list[Run]:
    return random.Random(seed).sample(runs, len(runs))


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_the_order_of_run_files_changes_no_byte_of_a_duets_verdict(seed):
    runs = staged(seed)
    assert text(judged(SUITE, shuffled(runs, seed), [])) == text(judged(SUITE, runs, []))


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_the_order_of_run_files_and_of_baselines_changes_no_byte_of_a_stored_verdict(seed):
    new, old = stored(seed, SUITE)
    assert text(judged(SUITE, shuffled(new, seed), shuffled(old, seed))) == text(judged(SUITE, new, old))


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.floats(1e-2, 1e2))
def test_another_unit_of_time_changes_no_decision_without_a_floor(seed, factor):
    """All latencies of both sides times one factor; the objectives of this suite are none and its floor is zero."""
    shift = math.log(factor)
    new, old = stored(seed, SUITE, 1)
    pair = staged(seed)
    for runs, history in ((new, old), (pair, [])):
        scaled = [[_scaled(run, shift) for run in table] for table in (runs, history)]
        assert decisions(judged(SUITE, *scaled)) == decisions(judged(SUITE, runs, history))


def _scaled(run: Run, shift: float) -> Run:
    endpoints = {
        name: record.model_copy(
            update={
                "arms": {
                    arm: side.model_copy(
                        update={
                            "blocks": [
                                block.model_copy(
                                    update={
                                        key: value + shift
                                        for key in ("log_p50", "log_p95", "log_trimmed_mean")
                                        if (value := getattr(block, key)) is not None
                                    }
                                )
                                for block in side.blocks
                            ]
                        }
                    )
                    for arm, side in record.arms.items()
                }
            }
        )
        for name, record in run.endpoints.items()
    }
    return run.model_copy(update={"endpoints": endpoints})


def scores(differences: np.ndarray, sigma: np.ndarray = SIGMA) -> np.ndarray:
    return pool_rows([fit_pair(differences)], [Deployed(0, 0)], sigma).z(np.array([0.01, 0.02]))


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 12), st.integers(3, 12), st.lists(st.floats(0, 1.5), min_size=2, max_size=8))
def test_a_larger_slowdown_of_one_endpoint_never_lowers_its_score(seed, endpoints, rounds, sizes):
    """The shared part is a median over the others' deviations, which a shift of a whole endpoint does not touch."""
    d = noise(seed, endpoints, rounds, 0.0)
    found = []
    for size in sorted(sizes):
        slow = d.copy()
        slow[0] += size
        found.append(scores(slow)[0])
    assert np.all(np.diff(np.array(found), axis=0) >= -1e-6)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 12), st.integers(3, 12))
def test_the_order_of_endpoints_and_of_rounds_changes_no_score(seed, endpoints, rounds):
    d, rng = noise(seed, endpoints, rounds), np.random.default_rng(seed)
    rows, columns = rng.permutation(endpoints), rng.permutation(rounds)
    assert scores(d[rows][..., columns]) == pytest.approx(scores(d)[rows], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 12), st.integers(3, 12))
def test_candidate_and_base_exchanged_turn_the_sign_of_every_change(seed, endpoints, rounds):
    d = noise(seed, endpoints, rounds)
    one, other = fit_pair(d), fit_pair(-d)
    assert other.effect == pytest.approx(-one.effect, abs=1e-9)
    assert other.variance == pytest.approx(one.variance)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 12), st.integers(3, 12))
def test_a_duets_fit_is_the_same_in_any_company(seed, endpoints, rounds):
    rng = np.random.default_rng(seed)
    batch = np.stack([noise(seed + n, endpoints, rounds) for n in range(3)])
    batch[rng.random(batch.shape) < 0.1] = math.nan
    together = fit_pair(batch)
    for place in range(3):
        _same(PairFit(**{k: v[place] for k, v in vars(together).items()}), fit_pair(batch[place]))
    other = fit_pair(batch[::-1], together.prior[::-1])
    deployed = [Deployed(0, 0), Deployed(1, 0)]
    pooled, levels = pool_rows([together, other], deployed, SIGMA), pool_levels([together, other], deployed, 0.01)
    for place in range(3):
        alone = [fit_pair(batch[place]), fit_pair(batch[2 - place], together.prior[2 - place])]
        _same(pool_rows(alone, deployed, SIGMA), type(pooled)(**{k: v[place] for k, v in vars(pooled).items()}))
        _same(pool_levels(alone, deployed, 0.01), type(levels)(**{k: v[place] for k, v in vars(levels).items()}))


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 9), st.integers(0, 8), st.integers(1, 3))
def test_a_stored_comparison_is_the_same_in_any_company(seed, endpoints, old_runs, new_runs):
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.04, (3, endpoints, 2, old_runs + new_runs)) + rng.normal(0, 0.1, old_runs + new_runs)
    values[rng.random(values.shape) < 0.1] = math.nan
    noises = np.where(np.isfinite(values), rng.uniform(0, 1e-3, values.shape), math.nan)
    tables = [part for table in (values, noises) for part in (table[..., :old_runs], table[..., old_runs:])]
    together = compare_stored(*tables)
    for place in range(3):
        alone = compare_stored(*(table[place] for table in tables))
        for name in ("rows", "factor"):
            whole = getattr(together, name)
            _same(type(whole)(**{k: v[place] for k, v in vars(whole).items()}), getattr(alone, name))
        for name in ("removed", "ambiguous", "runs"):
            assert np.array_equal(getattr(together, name)[place], getattr(alone, name))


def _same(one: object, other: object) -> None:
    for name, value in vars(one).items():
        assert getattr(other, name) == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), name


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(5, 12), st.integers(3, 9), st.floats(-1, 1))
def test_a_slower_runner_changes_no_row_of_a_stored_comparison(seed, endpoints, old_runs, runner):
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.02, (endpoints, 2, old_runs + 1))
    one = compare_stored(values[..., :-1], values[..., -1:])
    other = compare_stored(values[..., :-1], values[..., -1:] + runner)
    if one.removed.all() and not (one.ambiguous.any() or other.ambiguous.any()):
        assert other.rows.effect == pytest.approx(one.rows.effect, abs=1e-7)
