"""What a duet says it would have caught depends on what its budget had left for a suspect."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gate.record.plan import Look
from gate.stats.constants import DUETS
from gate.verdict import duets
from tests.builders import row_of, verdict_of
from tests.reference.files import pair_from, plain_suite, plan_of

SUITE = plain_suite(6)
QUICK = next(design for design in DUETS if design.name == "quick 1+0")
ROUNDS = QUICK.first[0].rounds


def harmless(left_s: float):
    """A duet in which nothing was suspected, with so many seconds when it began."""
    look = Look(left_s=left_s, left_requests=1_000_000)
    plan = plan_of(QUICK.name, "first", [ROUNDS], 0).model_copy(update={"looks": [look]})
    differences = np.random.default_rng(3).normal(-0.05, 0.05, (6, 2, ROUNDS))
    return verdict_of(SUITE, pair_from(SUITE, "c0", differences, plan=plan))


@pytest.mark.parametrize("metric", ["p50", "p95"])
def test_a_budget_that_ends_with_the_first_stage_sees_less(metric):
    plenty, hardly = (row_of(harmless(left_s), f"e01/{metric}").detectable for left_s in (100_000.0, 60.0))
    assert hardly > 1.05 * plenty  # how far deployments differ no budget lowers


def test_what_could_not_be_worked_out_is_not_promised(monkeypatch):
    monkeypatch.setattr(duets, "detectable_rows", lambda *_: np.full((6, 2), math.nan))
    assert row_of(harmless(100_000.0), "e01/p50").detectable is None
