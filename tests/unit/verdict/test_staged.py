"""Staged duets that are not whole: pairs missing, looks not taken, rows lost on the way. None of it lets a row pass."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gate.record.run import Run
from gate.stats.constants import DUETS
from gate.verdict.values import Verdict
from tests.builders import row_of, verdict_of
from tests.reference.files import pair_from, plain_suite, plan_of

SUITE = plain_suite(6)
SLOW = "e01"


def blocks(rounds: int, slower: float = 0.3, who: object = 1) -> np.ndarray:
    d = np.random.default_rng(rounds).normal(0, 0.05, (6, 2, rounds))
    d[who] += slower
    return d


def run(number: int, part: str, design: str, rounds: list[int], differences: np.ndarray | None = None) -> Run:
    plan = plan_of(design, part, rounds, number)
    return pair_from(SUITE, f"c{number}", blocks(sum(rounds)) if differences is None else differences, plan=plan)


def outcomes(verdict: Verdict) -> list[str]:
    return [row_of(verdict, f"{SLOW}/{metric}").outcome for metric in ("p50", "p95")]


@pytest.mark.parametrize("design", [design.name for design in DUETS])
@pytest.mark.parametrize("slower", [0.0, 0.3])
def test_every_design_can_be_judged_whatever_pairs_there_are(design, slower):
    """A harmless pull request has no fresh runs; a redeploy may fail."""
    chosen = next(d for d in DUETS if d.name == design)
    stages, again = [3] * len(chosen.first), [3] * len(chosen.fresh)
    first = [run(n, "first", design, stages, blocks(sum(stages), slower)) for n in range(chosen.first_pairs)]
    fresh = [
        run(9 + n, "fresh", design, again, blocks(sum(again), slower))
        for n in range(chosen.fresh_pairs)
        if chosen.fresh
    ]
    for some in range(1, len(first) + 1):
        for more in range(len(fresh) + 1):
            assert verdict_of(SUITE, [*first[:some], *fresh[:more]]).exit_code == (1 if slower else 0)


def test_fresh_runs_alone_are_judged_as_they_are():
    only = blocks(70)
    only[[0, 2, 3, 4, 5]] = math.nan
    assert verdict_of(SUITE, run(1, "fresh", "quick 1+1", [38, 32])).exit_code == 1
    verdict = verdict_of(SUITE, run(1, "fresh", "quick 1+1", [38, 32], only))
    assert outcomes(verdict) == ["regressed", "regressed"]
    assert row_of(verdict, "e00/p50").outcome == "not_measured"


def test_a_row_without_enough_blocks_for_a_look_is_not_cleared_by_it():
    """NaN is below no limit and above none: the row stays suspected, and what was measured later decides."""
    for rounds in ([1, 2, 30], [2, 8, 30], [0, 0, 30]):
        verdict = verdict_of(SUITE, run(0, "first", "quick 1+0", rounds))
        assert outcomes(verdict) == ["regressed", "regressed"]
    early = blocks(45)
    early[1, :, 1:7] = math.nan
    assert outcomes(verdict_of(SUITE, run(0, "first", "quick 1+0", [7, 8, 30], early))) == ["regressed", "regressed"]


CUT_SHORT = {
    "after the first look": [run(0, "first", "quick 1+1", [7])],
    "before any look": [run(0, "first", "quick 1+1", [], blocks(7))],
    "before the fresh looks": [run(0, "first", "quick 1+1", [7, 8, 30]), run(1, "fresh", "quick 1+1", [])],
    "between the fresh looks": [run(0, "first", "quick 1+1", [7, 8, 30]), run(1, "fresh", "quick 1+1", [38])],
    "as the fresh preview answered nothing": [
        run(0, "first", "quick 1+1", [7, 8, 30]),
        run(1, "fresh", "quick 1+1", [38, 32], np.full((6, 2, 70), math.nan)),
    ],
}


@pytest.mark.parametrize("how", CUT_SHORT)
def test_to_be_slow_until_the_budget_is_spent_is_no_way_through(how):
    """30 % slower, ten standard errors: it blocks by the hardest limits, whatever looks are missing."""
    verdict = verdict_of(SUITE, CUT_SHORT[how])
    assert outcomes(verdict) == ["regressed", "regressed"]
    row = row_of(verdict, f"{SLOW}/p50")
    assert row.trail.standing == "open"
    assert row.trail.score > row.trail.limit


def test_a_suspect_that_a_single_look_would_not_block_stays_open():
    verdict = verdict_of(SUITE, run(0, "first", "quick 1+1", [7], blocks(7, 0.10)))
    assert outcomes(verdict) == ["inconclusive", "inconclusive"]
    notices = [notice.code for notice in row_of(verdict, f"{SLOW}/p50").notices]
    assert notices == ["suspected"]


def test_everything_slower_until_the_budget_is_spent_is_no_way_through_either():
    slow = [run(0, "first", "quick 1+1", [7, 8, 30], blocks(45, 0.3, slice(None))), run(1, "fresh", "quick 1+1", [])]
    verdict = verdict_of(SUITE, slow)
    assert verdict.exit_code == 1
    assert row_of(verdict, "*/p50").outcome == "regressed"
