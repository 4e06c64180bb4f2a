"""Endpoints that the suite puts beside another one."""

from __future__ import annotations

import pytest

from gate.report.long_breaking import contrast_lines
from gate.verdict.assessed import Assessment
from gate.verdict.assessment.contrasts import contrasts
from gate.verdict.assessment.gaps import gaps
from tests.builders import World, run_of, suite_of
from tests.unit.verdict.assessment.grounds import grounds
from tests.verdicts import verdict

SUITE = suite_of("endpoints: {uncached: GET /u, cached: {request: GET /c, against: uncached}, plain: GET /p}\n")
WORLD = World(slower={"cached": 0.4}, step_s=0.0)


def found(world: World = WORLD, rounds: int = 12):
    (one,) = contrasts(SUITE, [run_of(SUITE, world=world, rounds=rounds)])
    return one


def said(one) -> str:
    (line,) = contrast_lines(verdict().model_copy(update={"assessment": Assessment(contrasts=[one])}))
    return line


def test_only_what_the_suite_puts_beside_another_is_told_with_its_interval():
    one = found()
    assert (one.endpoint, one.against, one.pairs) == ("cached", "uncached", 12)
    assert one.factor_lo < one.factor < one.factor_hi
    assert one.factor == pytest.approx(0.4, rel=0.15)
    assert one.lo_s < one.difference_s < one.hi_s < 0
    assert said(one).startswith("cached beside uncached, 12 pairs of blocks: an answer takes ")
    assert " less (" in said(one)


def test_without_a_difference_none_is_claimed():
    one = found(World(step_s=0.0, run_sd=0.0))
    assert one.lo_s < 0 < one.hi_s
    assert "no difference can be told" in said(one)


def test_what_costs_more_is_said_to():
    assert " more (" in said(found(World(slower={"cached": 3.0}, step_s=0.0)))


@pytest.mark.parametrize("rounds", [1, 2])
def test_too_few_rounds_are_not_measured(rounds):
    one = found(rounds=rounds)
    assert (one.difference_s, one.factor) == (None, None)
    assert "was not measured" in said(one)
    told = [gap.message for gap in gaps(grounds(contrasts=[one]))]
    assert f"cached beside uncached: rounds with blocks of both, {rounds}" in told
