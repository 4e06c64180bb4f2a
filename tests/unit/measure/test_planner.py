"""The planner: the same suspects as the study, nothing measured in vain, and the same plan again from run files."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.decision import duets
from bench.decision.world import Noise
from gate.config.suite import Suite
from gate.measure.layout import AtHand, Layout, lay_out_duet, lay_out_stored, number_deployments
from gate.measure.plan import compared, round_cost
from gate.measure.planner import Setting, Stage, Stop, decide
from gate.measure.replay import differences, replay
from gate.measure.way import fair_rounds
from gate.record.codec import decode_run, encode_run
from gate.record.plan import Look
from gate.stats.beliefs import Beliefs, assumed
from gate.stats.constants import DUETS
from gate.stats.duet import MIN_BLOCKS, Deployed
from gate.verdict.sittings import course_of
from gate.verdict.walk import walk
from tests.unit.measure.plans import check_of, suspects_of

NAMES = ("home", "list", "search", "cart", "orders", "stock")


def suite_of(names=NAMES, **policy) -> Suite:
    budget = {"time": "2h", "requests": 10_000_000}
    return Suite.model_validate(
        {"endpoints": {name: f"GET /{name}" for name in names}, "policy": {"budget": budget} | policy}
    )


def believed(names: int, sigma: float = 0.01) -> Beliefs:
    sigma_dep = np.broadcast_to(np.array((sigma, 2 * sigma)), (names, 2))
    return replace(assumed(names, one_host=True), sigma_dep=sigma_dep)


def setting_of(design: str, suite: Suite | None = None, *, extra: int = 0, redeploys: bool = False) -> Setting:
    suite = suite or suite_of()
    known = next(known for known in DUETS if known.name == design)
    fresh = known.fresh_pairs + extra if known.fresh else 0
    pairs = [Deployed(number, number) for number in range(known.first_pairs + fresh)]
    layout = Layout(known, tuple(pairs[: known.first_pairs]), tuple(pairs[known.first_pairs :]), redeploys)
    seeds = tuple(1000 + number for number in range(len(pairs)))
    return Setting(suite, layout, believed(len(compared(suite))), seeds)


def asked_for(design: str, part: str) -> list[int]:
    """Rounds of each stage, in all pairs together."""
    known = next(known for known in DUETS if known.name == design)
    return [stage.rounds for stage in (known.first if part == "first" else known.fresh)]


def world(seed: int, slower: dict[str, float] | None = None, sd: float = 0.03, missing: float = 0.0):
    """Blocks of endpoints that are slower by so much, the same whenever they are asked for again."""

    def draw(pair: int, number: int, name: str) -> tuple[float, float]:
        luck = Random(f"{seed} {pair} {number} {name}")
        if luck.random() < missing:
            return math.nan, math.nan
        effect = math.log1p((slower or {}).get(name, (slower or {}).get("*", 0.0)))
        return effect + luck.gauss(0, sd), effect + luck.gauss(0, 2 * sd)

    return draw


def test_what_is_not_suspected_is_measured_once_and_no_more():
    drawn = check_of(setting_of("quick 1+1"), world(1, {"*": -0.1}))
    assert [stage.names for stage in drawn.stages] == [NAMES]
    assert drawn.stop == Stop("decided")


def test_only_the_suspect_is_measured_on_and_confirmed_afresh():
    drawn = check_of(setting_of("quick 1+1"), world(1, {"*": -0.1, "search": 0.3}))
    assert [(stage.part, stage.number, stage.names) for stage in drawn.stages] == [
        ("first", 0, NAMES),
        ("first", 1, ("search",)),
        ("first", 2, ("search",)),
        ("fresh", 0, ("search",)),
        ("fresh", 1, ("search",)),
    ]
    assert drawn.stop == Stop("as planned")
    assert [run.plan.rounds for run in drawn.runs] == [asked_for("quick 1+1", part) for part in ("first", "fresh")]


def test_a_suite_that_is_slower_as_a_whole_is_measured_as_a_whole_afresh():
    drawn = check_of(setting_of("quick 1+1"), world(3, {"*": 0.3}))
    last = drawn.stages[-1]
    first = asked_for("quick 1+1", "first")[0]
    assert (last.part, last.number, last.names, sum(last.rounds)) == ("fresh", None, NAMES, first)
    assert drawn.runs[1].plan.whole_rounds == first
    assert all(stage.warm == NAMES for stage in drawn.stages if stage.part == "fresh")


def test_a_row_that_was_not_measured_is_not_suspected():
    drawn = check_of(setting_of("quick 1+0"), lambda *_: (math.nan, math.nan))
    assert len(drawn.stages) == 1
    assert drawn.stop == Stop("decided")


def test_an_endpoint_that_may_not_block_is_measured_with_the_others_and_never_again():
    endpoints = {name: {"request": f"GET /{name}", "gate": name != "search"} for name in NAMES}
    suite = Suite.model_validate({"endpoints": endpoints, "policy": {"budget": {"time": "2h", "requests": 10**7}}})
    drawn = check_of(setting_of("quick 1+0", suite), world(1, {"*": -0.1, "search": 0.5}))
    assert [stage.names for stage in drawn.stages] == [NAMES]


def test_rounds_are_dealt_out_over_several_pairs_in_turn():
    drawn = check_of(setting_of("quick 2+2"), world(1, {"*": -0.1, "search": 0.3}))
    wanted = asked_for("quick 2+2", "first") + asked_for("quick 2+2", "fresh")
    assert [stage.rounds for stage in drawn.stages] == [(-(-rounds // 2), rounds // 2) for rounds in wanted]
    order = list(dict.fromkeys((step.pair, step.round) for step in drawn.stages[0].steps))
    assert [pair for pair, _ in order] == [turn % 2 for turn in range(wanted[0])]


def test_deployments_that_replace_each_other_are_measured_one_after_the_other():
    drawn = check_of(setting_of("quick 1+2", redeploys=True), world(1, {"*": -0.1, "search": 0.3}))
    fresh = [stage for stage in drawn.stages if stage.part == "fresh"]
    begin, rest = asked_for("quick 1+2", "fresh")
    assert [stage.rounds for stage in fresh] == [(-(-begin // 2), begin // 2), (0, rest)]
    pairs = [step.pair for stage in fresh for step in stage.steps]
    assert pairs == sorted(pairs)


@pytest.mark.parametrize(
    ("ahead", "least", "possible", "rounds"),
    [
        ([8, 30], 1, 38, 8),
        ([8, 30], 1, 100, 8),
        ([8, 30], 1, 19, 4),
        ([8, 30], 1, 2, 1),
        ([8, 30], 1, 0, 0),
        ([38, 32], 3, 4, 3),
        ([38, 32], 3, 2, 0),
        ([30], 1, 12, 12),
    ],
)
def test_a_stage_gets_its_fair_share_of_what_is_left(ahead, least, possible, rounds):
    assert fair_rounds(ahead, least, possible) == rounds


@pytest.mark.parametrize("design", ["quick 1+0", "quick 1+1"])
def test_later_stages_are_cut_to_what_the_budget_allows(design):
    setting = setting_of(design)
    _, following, *rest = asked_for(design, "first")
    ahead = following + sum(rest) + (sum(asked_for(design, "fresh")) if setting.layout.fresh else 0)
    ahead -= ahead % 2
    each = round_cost(setting.suite, ("search",), 2)
    seen = check_of(setting, world(1, {"*": -0.1, "search": 0.3})).runs
    tables = [differences(run, setting.names) for run in seen[:1]]
    full = Look(left_s=1.0, left_requests=10**9)
    for left in (
        Look(left_s=0.5 * ahead * each.time_s, left_requests=10**9),
        Look(left_s=1e6, left_requests=ahead // 2 * each.requests),
    ):
        decision = decide(setting, tables, [full, left])
        assert isinstance(decision, Stage)
        assert following // 2 - 1 <= sum(decision.rounds) <= following // 2
    for left in (Look(left_s=0.9 * each.time_s, left_requests=10**9), Look(left_s=-1.0, left_requests=-5)):
        assert decide(setting, tables, [full, left]) == Stop("budget")


def test_a_budget_is_kept_where_rounds_take_longer_than_they_should():
    """Twice as long in the first stage: half as many rounds are possible in the next."""
    setting = setting_of("quick 1+0")
    tables = [differences(run, setting.names) for run in check_of(setting, world(1, {"*": -0.1, "search": 0.3})).runs]
    first, *following = asked_for("quick 1+0", "first")
    left = Look(left_s=sum(following) * round_cost(setting.suite, ("search",), 2).time_s, left_requests=10**9)
    first_s = first * round_cost(setting.suite, None, 2).time_s
    for times, rounds in ((1, following[0]), (2, following[0] // 2)):
        before = Look(left_s=left.left_s + times * first_s, left_requests=10**9)
        decision = decide(setting, tables, [before, left])
        assert isinstance(decision, Stage)
        assert rounds - 1 <= sum(decision.rounds) <= rounds  # whole rounds of what is its part


def test_however_small_the_rest_of_a_budget_every_stage_gets_its_part_of_it():
    suite = suite_of(("search",), budget={"time": "3m", "requests": 60000})
    drawn = check_of(setting_of("quick 1+1", suite), world(1, {"search": 0.3}))
    assert drawn.stop == Stop("as planned")
    assert [len(run.plan.rounds) for run in drawn.runs] == [3, 2]


@st.composite
def checks(draw):
    design = draw(st.sampled_from(DUETS))
    if MIN_BLOCKS * design.first_pairs > design.first[0].rounds:
        design = DUETS[0]
    names = draw(st.sampled_from([NAMES, NAMES[:1], NAMES[:3]]))
    minutes = draw(st.sampled_from([5, 20, 60, 360]))
    suite = suite_of(names, budget={"time": f"{minutes}m", "requests": 10_000_000})
    setting = setting_of(design.name, suite, extra=draw(st.integers(0, 1)), redeploys=draw(st.booleans()))
    slower = {name: draw(st.sampled_from([-0.05, 0.0, 0.02, 0.1, 0.4])) for name in names}
    return setting, world(draw(st.integers(0, 10**6)), slower, missing=draw(st.sampled_from([0.0, 0.1])))


@settings(max_examples=25, deadline=None)
@given(checks(), st.randoms())
def test_the_plan_follows_again_from_the_run_files_in_any_order(check, shuffled):
    setting, draw = check
    drawn = check_of(setting, draw)
    files = [encode_run(run) for run in drawn.runs]
    shuffled.shuffle(files)
    again = replay(setting.suite, [decode_run(file) for file in files])
    assert again == [*drawn.stages, drawn.stop]


@settings(max_examples=25, deadline=None)
@given(checks())
def test_nothing_is_measured_in_vain_or_beyond_the_budget(check):
    setting, draw = check
    drawn = check_of(setting, draw)
    parts = [(stage.part, math.inf if stage.number is None else stage.number) for stage in drawn.stages]
    assert parts == sorted(parts), "first deployments come first, and stages in order"
    for before, stage in zip(drawn.stages, drawn.stages[1:], strict=False):
        assert stage.steps
        if stage.number is not None:
            assert set(stage.names) <= set(before.names), "what has left does not come back"
    spent = sum(sum(stage.rounds[:]) * round_cost(setting.suite, stage.names, 2).time_s for stage in drawn.stages[1:])
    first = drawn.stages[0]
    left = setting.suite.policy.budget.time_s - sum(first.rounds) * round_cost(setting.suite, None, 2).time_s
    assert spent <= max(0.0, left) + 1e-6
    for run in drawn.runs:
        rounds = {b.round for e in run.endpoints.values() for b in e.arms["candidate"].blocks}
        assert rounds == set(range(sum(run.plan.rounds) + run.plan.whole_rounds)), "numbered without a gap"
    if drawn.stop.why == "decided":
        assert replay(setting.suite, drawn.runs)[-1] == Stop("decided")


class Recorded(duets.Pair):
    """A pair of the study whose blocks are kept."""

    made: ClassVar[list[Recorded]] = []

    def __init__(self, *given, **named) -> None:
        super().__init__(*given, **named)
        self.made.append(self)

    @property
    def blocks(self):
        return np.concatenate(self._blocks, axis=-1)[0] if self._blocks else None


@pytest.mark.parametrize("design", ["quick 1+0", "quick 1+1", "thorough 1+2", "quick 2+2"])
@pytest.mark.parametrize("slower", [0.0, 0.05, 0.15])
def test_the_same_blocks_leave_the_same_suspects_as_in_the_study(monkeypatch, design, slower):
    monkeypatch.setattr(duets, "Pair", Recorded)
    setting = setting_of(design)
    layout, count = setting.layout, len(setting.names)
    plenty = Look(left_s=1e9, left_requests=10**12)
    confirmed = 0
    for seed in range(6):
        Recorded.made.clear()
        effects = np.zeros((1, count, 2))
        effects[0, seed % count] = slower
        effects[0, :] += 0.1 * (seed % 5 == 0)
        scores = duets.simulate(
            layout.design, Noise(), effects, duets.Beliefs((0.01, 0.02)), np.random.default_rng(seed)
        )
        pairs, whole = Recorded.made[: len(layout.pairs)], Recorded.made[len(layout.pairs) :]
        seen = [pair.blocks for pair in pairs if pair.blocks is not None]
        # The study measures the suite as a whole apart; here it follows on the same pair.
        for number, pair in enumerate(whole):
            if pair.blocks is not None and np.isfinite(pair.blocks).any():
                place = len(layout.first) + number
                if place < len(seen):
                    seen[place] = np.concatenate([seen[place], pair.blocks], axis=-1)
        decisions, looks = [], [plenty]
        while not decisions or isinstance(decisions[-1], Stage):
            decisions.append(decide(setting, seen, looks))
            looks.append(plenty)
        *stages, stop = decisions
        assert isinstance(stop, Stop)
        requests = sum(2 * 50 * sum(stage.rounds) * len(stage.names) for stage in stages)
        assert requests == scores.requests[0]
        assert any(stage.part == "fresh" for stage in stages) == bool(scores.redeployed[0])
        assert bool(scores.remeasured[0]) == any(stage.number == 1 for stage in stages if stage.part == "first")
        confirmed += stop.why == "as planned" and bool(scores.redeployed[0])
    if layout.fresh and slower == 0.15:
        assert confirmed > 1, "the test has met the whole way"


def test_one_pair_or_none_makes_no_difference_to_a_run_without_looks():
    suite = suite_of(budget={"time": "1m"})
    layout = lay_out_stored(suite)
    setting = Setting(suite, layout, assumed(len(NAMES), one_host=True), (5,))
    stage = decide(setting, [], [Look(left_s=60.0, left_requests=1000)])
    assert isinstance(stage, Stage)
    assert {step.arm for step in stage.steps} == {"candidate"}
    assert decide(setting, [np.empty((len(NAMES), 2, 0))], [Look(left_s=1.0, left_requests=1)] * 2) == Stop(
        "as planned"
    )


def test_a_suite_of_journeys_alone_has_nothing_to_plan():
    suite = Suite.model_validate(
        {
            "endpoints": {"a": {"request": "GET /a", "extract": {"id": "$.id"}}, "b": "GET /b/{id}"},
            "journeys": {"both": ["a", "b"]},
            "scenarios": {"s": {"load": {"count": 5}, "mix": {"both": 1}}},
        }
    )
    assert "b" not in compared(suite)
    at_hand = AtHand(number_deployments([("p", "q")]))
    assert lay_out_duet(suite, at_hand, assumed(len(compared(suite)), one_host=True)).first == (Deployed(0, 0),)


@pytest.mark.parametrize("design", ["quick 1+0", "quick 1+1", "quick 1+2", "quick 2+2"])
@pytest.mark.parametrize("redeploys", [False, True])
def test_the_verdict_finds_the_suspects_that_were_followed_to_the_end(design, redeploys):
    """It walks the same looks from the run files; a row that it judges is one that the planner measured on."""
    met = 0
    for seed in range(6):
        setting = setting_of(design, redeploys=redeploys and design.startswith("quick 1"))
        drawn = check_of(setting, world(seed, {"*": -0.02, "search": 0.12, "cart": 0.02, "home": 0.05}))
        walked = walk(course_of(drawn.runs), setting.names, setting.beliefs)
        looked = suspects_of(setting, [differences(run, setting.names) for run in drawn.runs], drawn.stages)
        assert np.array_equal(walked.judged, looked)
        assert not walked.open.any()
        met += looked.any()
    assert met > 1
