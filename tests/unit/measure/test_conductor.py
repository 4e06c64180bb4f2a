"""Who is opened, measured and closed when; what is kept whatever happens. Deployments are made up, blocks are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

import pytest

from gate.config.suite import Suite
from gate.errors import Cancelled, ExitCode, NotMeasured
from gate.measure import conductor
from gate.measure.conductor import Conductor, Means
from gate.measure.layout import AtHand, lay_out_duet, lay_out_stored, number_deployments
from gate.measure.outlook import Job, Runner
from gate.measure.plan import compared, round_cost, warmup_cost
from gate.measure.planner import Setting
from gate.measure.ready import Clock
from gate.measure.replay import differences, replay
from gate.measure.session import Measured
from gate.record.codec import decode_run, encode_run
from gate.record.endpoint import Block
from gate.record.value import Notice
from gate.stats.beliefs import assumed
from gate.units import format_duration
from gate.verdict.sittings import course_of
from gate.verdict.walk import walk
from tests.builders import SOUND, run_of
from tests.unit.measure.plans import _block

NAMES = ("home", "list", "search")
FASTER, SLOWER = -0.5, 0.5


@dataclass
class World:
    """Deployments that are as slow as told, and a diary of what was done with them."""

    slow: tuple[str, ...] = ()
    fails: dict[str, Exception] = field(default_factory=dict)
    """What is raised at an entry of the diary: ``open 1``, ``measure 0 2`` (pair, round), ``deploy 1``."""
    diary: list[str] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    now_s: float = 0.0
    warm_s: float = 0.0
    ready_s: float = 0.0
    pace: float = 0.0
    """How many times its nominal time a step takes; else a tenth of a second."""
    told: list[str] = field(default_factory=list)

    def do(self, what: str) -> None:
        self.diary.append(what)
        if what in self.fails:
            raise self.fails[what]

    def say(self, text: str) -> None:
        self.told.append(text)

    live = say

    def keep(self, run) -> None:
        self.diary.append(f"keep {run.plan.pair}")
        self.kept[run.run_id] = encode_run(run)

    @property
    def runs(self):
        return sorted((decode_run(data) for data in self.kept.values()), key=lambda run: run.plan.pair)


class MadeUp:
    """In the place of a session."""

    def __init__(self, job: Job, world: World, *_rest) -> None:
        self._job, self._world = job, world
        self._blocks: dict[tuple[str, str], list[Block]] = {}
        self.sent = 0
        self.signalled_s = None

    def open(self) -> None:
        self._world.now_s += self._world.ready_s
        self._world.do(f"open {self._job.pair}")

    def warm_up(self, names) -> None:
        self._world.now_s += self._world.warm_s
        self._world.do(f"warm up {self._job.pair} {' '.join(names)}")

    def measure(self, step, _what) -> None:
        if step.arm == "candidate":
            self._world.do(f"measure {step.pair} {step.round}")
        slowest_rps = min(self._job.suite.endpoints[name].rate_rps for name in step.endpoints)
        self._world.now_s += self._world.pace * 50 / slowest_rps or 0.1
        for name in step.endpoints:
            self.sent += 50
            luck = Random(f"{step}{name}").gauss(0, 0.02)
            effect = SLOWER if name in self._world.slow else FASTER
            value = effect + luck if step.arm == "candidate" else 0.0
            self._blocks.setdefault((name, step.arm), []).append(_block(step.round, (value, value)))

    def blocks(self, name, arm):
        return self._blocks.get((name, arm), [])

    def run_scenarios(self) -> None:
        self._world.do(f"scenarios {self._job.pair}")

    def leave(self, stopped, _signalled_s=None):
        self._world.diary.append(f"leave {self._job.pair}")
        return stopped

    def close(self, stopped=None, plan=None, signalled_s=None) -> Measured:
        self.leave(stopped)
        job = self._job
        run = run_of(job.suite, job.run_id, base=SOUND if "base" in job.origins else None, rounds=0)
        endpoints = {
            name: one.model_copy(
                update={
                    "arms": {
                        arm: record.model_copy(update={"blocks": list(self.blocks(name, arm))})
                        for arm, record in one.arms.items()
                    }
                }
            )
            for name, one in run.endpoints.items()
        }
        why = [Notice(code="not-measured", message=stopped.message)] if stopped else []
        update = {"endpoints": endpoints, "plan": plan, "seed": job.seed, "not_measured": why, "complete": not why}
        return Measured(run.model_copy(update=update), stopped)


class Hook:
    def __init__(self, world: World) -> None:
        self._world = world
        self._times = 0

    def hooks(self):
        return {"candidate": "hook"}

    def redeploy(self, arm, origin, hook) -> None:
        self._times += 1
        self._world.do(f"deploy {self._times}")


def conducted(
    monkeypatch,
    world: World,
    pairs: int = 1,
    *,
    hook: bool = False,
    sigma: float = 0.01,
    base: bool = True,
    time: str = "2h",
):
    """One check of a made-up world."""
    monkeypatch.setattr(conductor, "Session", MadeUp)
    suite = Suite.model_validate(
        {
            "endpoints": {name: f"GET /{name}" for name in NAMES},
            "policy": {"budget": {"time": time, "requests": 10_000_000}},
        }
    )
    beliefs = assumed(len(compared(suite)), one_host=True)
    beliefs = replace(beliefs, sigma_dep=beliefs.sigma_dep / 0.015 * sigma)
    at_hand = AtHand(number_deployments([(f"p{n}", f"b{n}") for n in range(pairs)]), has_hook=hook)
    layout = lay_out_duet(suite, at_hand, beliefs) if base else lay_out_stored(suite)
    setting = Setting(suite, layout, beliefs, tuple(range(7, 7 + len(layout.pairs))))
    origins = {"candidate": "p", "base": "b"} if base else {"candidate": "p"}

    def job_of(pair: int) -> Job:
        runner = Runner("local", None)
        return Job(suite, layout, pair, origins, {}, None, f"run{pair}", "2026-11-20T12:00:00Z", 7 + pair, runner, "0")

    # A made-up session takes the engine's place for its world.
    means = Means(world, None, Clock(lambda: world.now_s, None), world, world.keep)
    done = Conductor(setting, job_of, means, Hook(world) if hook else None).conduct()
    return setting, done


def order(world: World, *what: str) -> list[str]:
    """Entries of the diary that begin so."""
    return [entry for entry in world.diary if entry.startswith(what)]


def test_one_pair_without_suspects_is_opened_measured_and_closed(monkeypatch):
    world = World()
    _, done = conducted(monkeypatch, world)
    assert order(world, "open", "warm", "scen", "leave", "keep") == [
        "open 0",
        "warm up 0 home list search",
        "scenarios 0",
        "leave 0",
        "keep 0",
    ]
    assert done.stopped_by is None
    assert [run.plan.stopped for run in done.runs] == ["decided"]


def test_first_pairs_are_left_before_fresh_ones_are_opened(monkeypatch):
    world = World(slow=("search",))
    setting, done = conducted(monkeypatch, world, 4)
    assert order(world, "open", "warm", "scen", "leave", "keep") == [
        *("open 0", "open 1", "warm up 0 home list search", "warm up 1 home list search"),
        *("scenarios 0", "scenarios 1", "leave 0", "leave 1", "keep 0", "keep 1"),
        *("open 2", "open 3", "warm up 2 search", "warm up 3 search"),
        *("scenarios 2", "scenarios 3", "leave 2", "leave 3", "keep 2", "keep 3"),
    ]
    assert list(done.runs) == world.runs
    assert replay(setting.suite, world.runs)[-1].why == done.runs[-1].plan.stopped == "as planned"


def test_deployments_in_each_others_place_are_made_one_after_the_other(monkeypatch):
    world = World(slow=("search",))
    setting, done = conducted(monkeypatch, world, hook=True, sigma=0.03)
    assert setting.layout.name == "wide 1+2"
    assert order(world, "open", "leave", "deploy") == [
        *("open 0", "leave 0", "deploy 1", "open 1", "leave 1", "deploy 2", "open 2", "leave 2"),
    ]
    assert [len(run.plan.rounds) for run in done.runs] == [3, 2, 2], "a replaced pair knows the stages after it"
    assert list(done.runs) == world.runs
    assert [d.why for d in replay(setting.suite, world.runs)[-1:]] == ["as planned"]
    found = walk(course_of(world.runs), setting.names, setting.beliefs)
    assert found.judged.any(axis=1).tolist() == [False, False, True]
    assert not found.open.any()


@pytest.mark.parametrize("what", ["deploy 1", "open 1", "warm up 1 search"])
def test_where_fresh_deployments_cannot_be_had_the_first_ones_count_and_say_so(monkeypatch, what):
    world = World(slow=("search",), fails={what: NotMeasured("it burnt down", "put it out")})
    _, done = conducted(monkeypatch, world, hook=True)
    (run,) = done.runs
    assert done.stopped_by is None
    assert (run.plan.stopped, run.complete, run.not_measured) == ("fresh not had", True, [])
    assert [(notice.code, notice.cure) for notice in run.notices] == [("fresh-not-had", "put it out")]
    assert world.runs == [run]
    assert order(world, "leave") == ["leave 0", *(["leave 1"] if what != "deploy 1" else [])]


def test_a_second_deployment_that_fails_leaves_the_first_fresh_one_as_it_is(monkeypatch):
    world = World(slow=("search",), fails={"deploy 2": NotMeasured("it burnt down")})
    _, done = conducted(monkeypatch, world, hook=True, sigma=0.03)
    assert [run.plan.stopped for run in done.runs] == ["fresh not had", "as planned"]
    assert [run.complete for run in done.runs] == [True, True]


@pytest.mark.parametrize(
    "error",
    [NotMeasured("throttled"), Cancelled("cancelled by SIGINT", ExitCode.INTERRUPTED)],
    ids=["refused", "signal"],
)
@pytest.mark.parametrize("what", ["open 1", "measure 1 2", "scenarios 0"])
def test_whatever_happens_to_one_pair_all_are_left_and_kept_as_incomplete(monkeypatch, error, what):
    world = World(fails={what: error})
    _, done = conducted(monkeypatch, world, 4)
    assert done.stopped_by is error
    assert [run.complete for run in world.runs] == [False, False]
    assert [run.plan.stopped for run in world.runs] == ["cut short"] * 2
    assert order(world, "leave") == ["leave 0", "leave 1"]
    if what.startswith("measure"):
        assert all(differences(run, NAMES).shape[-1] >= 2 for run in world.runs)


@pytest.mark.parametrize("error", [NotMeasured("throttled"), Cancelled("SIGTERM", ExitCode.TERMINATED)])
@pytest.mark.parametrize("what", ["measure 1 3", "deploy 1"])
def test_what_was_measured_at_first_is_kept_and_says_that_the_rest_is_missing(monkeypatch, error, what):
    world = World(slow=("search",), fails={what: error})
    _, done = conducted(monkeypatch, world, hook=True)
    if what == "deploy 1" and isinstance(error, NotMeasured):
        assert [run.plan.stopped for run in world.runs] == ["fresh not had"]
        return
    assert done.stopped_by is error
    assert [run.complete for run in world.runs] == [True, False][: len(world.runs)]
    assert {run.plan.stopped for run in world.runs} == {"cut short"}


def test_after_a_bug_everything_is_left_and_nothing_is_kept(monkeypatch):
    world = World(fails={"measure 1 1": ZeroDivisionError()})
    with pytest.raises(ZeroDivisionError):
        conducted(monkeypatch, world, 4)
    assert order(world, "leave", "keep") == ["leave 0", "leave 1"]


def test_without_a_base_the_rounds_are_measured_and_nothing_is_looked_at(monkeypatch):
    world = World(slow=NAMES)
    _, done = conducted(monkeypatch, world, base=False)
    (run,) = done.runs
    assert (run.plan.way, run.plan.design, run.plan.beliefs, run.plan.stopped) == (
        "stored",
        "fixed 1",
        None,
        "as planned",
    )
    assert run.plan.rounds == [20]


@pytest.mark.parametrize("base", [True, False])
@pytest.mark.parametrize("slow", [(), ("search",), NAMES])
@pytest.mark.parametrize("time_s", [36.0, 50.0, 120.0, 400.0])
def test_nobody_waits_longer_than_the_budget_and_the_time_to_be_ready(monkeypatch, base, slow, time_s):
    """A warm-up that takes the fifth it may takes it from the rounds; only the least number of rounds is kept."""
    world = World(slow=slow, warm_s=time_s / 5, ready_s=1000.0, pace=1.0)
    setting, done = conducted(monkeypatch, world, base=base, time=f"{time_s:g}s")
    waited_s = world.now_s - 1000.0 * len(done.runs)
    least_s = time_s / 5 + 3 * round_cost(setting.suite, None, len(setting.layout.arms)).time_s
    assert waited_s <= max(time_s, least_s) + 1e-6
    rounds = [run.plan.rounds for run in done.runs]
    assert [decision.why for decision in replay(setting.suite, world.runs)[-1:]] == [done.runs[-1].plan.stopped], rounds


@pytest.mark.parametrize("base", [True, False])
def test_the_time_told_at_the_beginning_is_the_time_that_passes(monkeypatch, base):
    world = World(pace=1.0)
    setting, _ = conducted(monkeypatch, world, base=base, time="5m")
    world.now_s += warmup_cost(setting.suite, len(setting.layout.arms)).time_s  # the least, which is what is told
    assert f"warm-up and blocks take about {format_duration(world.now_s)}" in world.told[0]
    assert ("at most 5 min if anything is suspected" in world.told[0]) == base
    assert "waiting for deployments comes on top" in world.told[0]
