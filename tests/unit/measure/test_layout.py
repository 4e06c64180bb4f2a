"""Which design a check gets, and which deployments measure what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gate.config.suite import Suite
from gate.errors import UsageError
from gate.measure.counts import MIN_ROUNDS
from gate.measure.layout import (
    FACTOR_ROUNDS,
    WIDE_SIGMA,
    AtHand,
    Suspicion,
    efforts,
    lay_out_duet,
    lay_out_stored,
    number_deployments,
)
from gate.measure.outlook import Job, Runner
from gate.measure.plan import compared, round_cost, warmup_cost
from gate.stats.beliefs import assumed
from gate.stats.constants import DUETS
from gate.stats.duet import Deployed
from tests.unit.measure.plans import steps_of

RUNNER = Runner(kind="test", cpu=None)


def suite(time: str = "10m", requests: int = 1_000_000, endpoints: int = 2) -> Suite:
    names = {f"e{n}": f"GET /{n}" for n in range(endpoints)}
    return Suite.model_validate({"endpoints": names, "policy": {"budget": {"time": time, "requests": requests}}})


def laid_out(made: Suite, pairs: int = 1, *, hook: bool = False, one_host: bool = True, base_too: bool = False):
    at_hand = AtHand(number_deployments([(f"p{n}", f"b{n}") for n in range(pairs)]), hook, base_too)
    return lay_out_duet(made, at_hand, assumed(len(compared(made)), one_host=one_host))


@pytest.mark.parametrize(
    ("pairs", "hook", "one_host", "split"),
    [
        (1, False, True, "1+0"),
        (1, True, True, "1+1"),
        (1, True, False, "1+2"),
        (2, False, True, "1+1"),
        (2, True, False, "1+1"),
        (3, False, True, "1+2"),
        (4, False, True, "2+2"),
    ],
)
def test_the_deployments_at_hand_decide_how_many_are_measured_at_first_and_afresh(pairs, hook, one_host, split):
    layout = laid_out(suite(), pairs, hook=hook, one_host=one_host)
    assert layout.name == f"{'thorough' if one_host else 'wide'} {split}"
    assert f"{len(layout.first)}+{len(layout.fresh)}" == split
    assert layout.redeploys == (pairs == 1 and hook)
    assert len({pair.candidate for pair in layout.pairs}) == len(layout.pairs)


def test_further_deployments_join_the_fresh_ones():
    layout = laid_out(suite(), 6)
    assert layout.name == "thorough 2+2"
    assert [pair.candidate for pair in layout.fresh] == [2, 3, 4, 5]


def test_a_base_that_is_not_deployed_again_is_shared_by_the_pairs():
    assert laid_out(suite(), hook=True).pairs == (Deployed(0, 0), Deployed(1, 0))
    assert laid_out(suite(), hook=True, base_too=True).pairs == (Deployed(0, 0), Deployed(1, 1))
    assert number_deployments([("p", "b"), ("q", "b")]) == (Deployed(0, 0), Deployed(1, 0))


def test_a_preview_that_is_named_twice_is_refused():
    with pytest.raises(UsageError, match="of 2 previews only 1 are different"):
        number_deployments([("p", "b"), ("p", "c")])


@pytest.mark.parametrize("effort", ["thorough", "quick", "short"])
def test_the_first_stage_takes_at_most_six_tenths_of_the_budget(effort):
    rounds = next(design for design in DUETS if design.name == f"{effort} 1+0").first[0].rounds
    each = round_cost(suite(), None, arms=2)
    just = suite(time=f"{1000 * each.time_s * rounds / 0.6 + 1:.0f}ms")
    assert laid_out(just).name == f"{effort} 1+0"
    assert laid_out(suite(time=f"{1000 * each.time_s * rounds / 0.6 - 1:.0f}ms")).name != f"{effort} 1+0"
    by_count = suite(requests=int(each.requests * rounds / 0.6) + 1)
    assert laid_out(by_count).name == f"{effort} 1+0"


def test_where_no_design_fits_as_many_rounds_are_measured_as_do():
    each, warm = round_cost(suite(), None, arms=2), warmup_cost(suite(), arms=2)
    assert laid_out(suite(time=f"{1000 * (5 * each.time_s + warm.time_s) - 1:.0f}ms"), 2).design.first[0].rounds == 4
    layout = laid_out(suite(time=f"{1000 * (5 * each.time_s + warm.time_s) + 1:.0f}ms"), 2)
    assert (layout.name, layout.design.first[0].rounds, layout.fresh) == ("fixed 1", 5, ())


def test_no_pair_of_a_first_stage_gets_fewer_rounds_than_say_anything():
    """With two rounds of a pair nothing is known of it."""
    assert all(design.first[0].rounds // design.first_pairs >= MIN_ROUNDS for design in DUETS)
    each = round_cost(suite(), None, arms=2)
    short = next(design for design in DUETS if design.name == "short 2+2").first[0].rounds
    assert laid_out(suite(time=f"{short * each.time_s / 0.6 + 1:.0f}s"), 4).name == "short 2+2"
    assert laid_out(suite(time=f"{short * each.time_s / 0.6 - 1:.0f}s"), 4).name != "short 2+2"


def test_without_a_base_the_rounds_are_laid_out_beforehand():
    layout = lay_out_stored(suite("30s"))
    assert (layout.name, layout.arms, layout.is_fixed) == ("fixed 1", ("candidate",), True)


def test_how_much_deployments_differ_decides_how_many_fresh_ones_are_made():
    made = suite()
    beliefs = assumed(2, one_host=True)
    for sigma, fresh in ((0.02, 1), (0.021, 2)):
        wide = np.full_like(beliefs.sigma_dep, sigma)
        layout = lay_out_duet(
            made,
            AtHand((Deployed(0, 0),), has_hook=True),
            type(beliefs)(wide, 0.0, beliefs.offset, beliefs.offset_variance, 0, True),
        )
        assert len(layout.fresh) == fresh


def test_where_deployments_differ_much_more_requests_are_not_bought():
    beliefs = assumed(2, one_host=True)
    at_hand = AtHand(number_deployments([("p", "b")]))
    narrow, wide = (replace(beliefs, sigma_dep=np.full((2, 2), sigma)) for sigma in (WIDE_SIGMA, 1.01 * WIDE_SIGMA))
    assert lay_out_duet(suite(), at_hand, narrow).name == "thorough 1+0"
    assert lay_out_duet(suite(), at_hand, wide).name == "wide 1+0"
    assert efforts(narrow)[-1] == efforts(wide)[-1] == "short"


def test_a_run_that_goes_on_from_another_measures_little_but_what_that_made_suspect():
    made = suite(time="60s", endpoints=3)
    plain, again = lay_out_stored(made), lay_out_stored(made, after=Suspicion(("r1",), ("e1",)))
    rounds = {name: {s.round for s in steps_of(again, made) if name in s.endpoints} for name in compared(made)}
    whole = {step.round for step in steps_of(plain, made)}
    assert rounds["e1"] == whole
    assert rounds["e0"] == rounds["e2"] == set(range(FACTOR_ROUNDS))
    assert (plain.name, again.name) == ("fixed 1", "confirm 1")


def test_it_makes_no_scenarios_and_asks_nothing_once():
    made = suite()
    job = Job(made, lay_out_stored(made, after=Suspicion(("r1",), ("e1",))), 0, {}, {}, None, "", "", 1, RUNNER, "")
    assert job.is_fresh
    assert not job.has_scenarios
