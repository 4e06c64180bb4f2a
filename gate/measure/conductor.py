"""A whole check: asks the planner what to measure, measures it, and asks again; each pair of deployments is a run.

The first deployments are closed, with scenarios and clean-up done, before fresh ones are opened: a redeploy hook puts
the fresh ones in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from gate.errors import Cancelled, NotMeasured
from gate.load.engine import Engine
from gate.measure.driver import Progress, deployment
from gate.measure.network import Network
from gate.measure.outlook import Job, time_words
from gate.measure.planner import Setting, Stage, Stop, decide
from gate.measure.ready import Clock
from gate.measure.redeploy import Redeployer
from gate.measure.replay import plan_record
from gate.measure.session import Session
from gate.measure.sittings import Sittings
from gate.measure.suspects import Part
from gate.measure.words import fresh_not_had, stage_words
from gate.probes.probing import Elsewhere
from gate.record.blocks import pair_differences
from gate.record.plan import Look, PlanRecord, Why
from gate.record.run import Run
from gate.record.value import Arm
from gate.serving.preview import ServedPreview
from gate.stats.location import Floats


@dataclass(frozen=True)
class Means:
    """What a check may do to the world."""

    engine: Engine
    network: Network
    clock: Clock
    progress: Progress
    keep: Callable[[Run], None]
    """Writes a run; again for one of which more became known."""
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    """What probes may do beside asking the deployment."""
    served: ServedPreview | None = None
    """The preview, if the gate started it itself."""


@dataclass(frozen=True)
class Conducted:
    """Runs in the order of their pairs, and what cut the check short if anything did."""

    runs: tuple[Run, ...]
    stopped_by: NotMeasured | Cancelled | None = None


class _FreshNotHadError(Exception):
    """Fresh deployments could not be had, so that what is suspected stays unconfirmed."""

    def __init__(self, error: NotMeasured) -> None:
        super().__init__(str(error))
        self.error = error


class Conductor:
    """Measures one check.

    Parameters
    ----------
    job_of : callable
        The job of a pair of deployments, by its number.
    redeployer : Redeployer, optional
        Makes the fresh deployments where the layout says that they are not there yet.
    """

    def __init__(
        self, setting: Setting, job_of: Callable[[int], Job], means: Means, redeployer: Redeployer | None = None
    ) -> None:
        self._setting = setting
        self._job_of = job_of
        self._means = means
        self._redeployer = redeployer
        self._sittings = Sittings(self._session, self._plan_of, means.keep)
        self._seen: dict[int, Floats] = {}
        self._looks: dict[Part, list[Look]] = {"first": [], "fresh": []}
        self._stages: dict[Part, list[Stage]] = {"first": [], "fresh": []}
        self._part: Part = "first"
        self._replaced: list[int] = []
        """Pairs that another was deployed in the place of, before all stages of their part were known."""
        self._spent_s = 0.0
        self._spent_requests = 0

    def conduct(self) -> Conducted:
        """Measure until the planner stops; never raises for anything that a preview or a signal does."""
        stopped: NotMeasured | Cancelled | None = None
        try:
            self._measure()
        except (NotMeasured, Cancelled) as error:
            stopped = self._sittings.close("cut short", error)
            if self._part == "fresh":  # the first ones were closed in the belief that this would follow
                self._sittings.amend(range(len(self._setting.layout.first)), "cut short")
        except BaseException:  # a bug leaves nothing behind either
            self._sittings.abandon()
            raise
        runs = self._sittings.runs
        return Conducted(tuple(runs[pair] for pair in sorted(runs)), stopped)

    def _measure(self) -> None:
        layout = self._setting.layout
        if self._setting.names:
            self._means.progress.say(time_words(self._job_of(0)))
        for pair in range(len(layout.first)):
            self._sittings.add(pair)
        self._spend(partial(self._warm_up, self._setting.names))
        decision = self._decide()
        try:
            while isinstance(decision, Stage):
                if decision.part != self._part:
                    self._go_fresh(decision)
                self._measure_stage(decision)
                decision = self._decide()
        except _FreshNotHadError as missing:
            left = self._sittings.drop()
            self._sittings.amend(range(len(layout.first)), "fresh not had", [fresh_not_had(missing.error), *left])
        else:
            self._end_part(decision.why)
            self._sittings.amend(self._replaced, decision.why)

    def _decide(self) -> Stage | Stop:
        budget = self._setting.suite.policy.budget
        # Rounded as it is kept, for the plan has to follow from what is kept.
        look = Look(
            left_s=round(budget.time_s - self._spent_s, 3), left_requests=budget.requests - self._spent_requests
        )
        seen = [self._seen[pair] for pair in sorted(self._seen)]
        decision = decide(self._setting, seen, [*self._looks["first"], *self._looks["fresh"], look])
        if isinstance(decision, Stage):
            self._looks[decision.part].append(look)
        elif decision.why == "budget":
            self._looks[self._part].append(look)
        return decision

    def _measure_stage(self, stage: Stage) -> None:
        self._means.progress.say(stage_words(stage, self._setting.layout))
        self._stages[stage.part].append(stage)
        rounds = list(dict.fromkeys((step.pair, step.round) for step in stage.steps))
        for step in stage.steps:
            if step.pair not in self._sittings.open:
                self._replace(step.pair, stage.warm)
            what = f"round {rounds.index((step.pair, step.round)) + 1} of {len(rounds)}"
            self._spend(partial(self._sittings.open[step.pair].measure, step, what))
        self._note_blocks()

    def _note_blocks(self) -> None:
        names = self._setting.names
        for pair in self._sittings.open:
            if "base" not in self._setting.layout.arms:
                self._seen[pair] = np.empty((len(names), 2, 0))
                continue
            candidate, base = (self._sittings.blocks(pair, names, arm) for arm in self._setting.layout.arms)
            self._seen[pair] = pair_differences(candidate, base, names)

    def _go_fresh(self, stage: Stage) -> None:
        """Leave the first deployments for fresh ones: all there are, or the first of those still to be made."""
        self._end_part("as planned")
        self._part = "fresh"
        layout = self._setting.layout
        begin, end = len(layout.first), len(layout.pairs)
        self._open_fresh(range(begin, begin + 1 if layout.redeploys else end), stage.warm)

    def _replace(self, pair: int, names: Sequence[str]) -> None:
        """One more fresh deployment in the place of the one before, whose run ends here."""
        self._note_blocks()
        self._replaced += list(self._sittings.open)
        stopped = self._sittings.close("as planned")
        if stopped is not None:
            raise stopped
        self._open_fresh([pair], names)

    def _open_fresh(self, pairs: Sequence[int], names: Sequence[str]) -> None:
        try:
            for pair in pairs:
                if self._redeployer is not None and self._setting.layout.redeploys:
                    self._redeploy(self._redeployer, self._job_of(pair).origins)
                self._sittings.add(pair)
            self._spend(partial(self._warm_up, names))
        except NotMeasured as error:
            raise _FreshNotHadError(error) from error

    def _redeploy(self, redeployer: Redeployer, origins: Mapping[Arm, str]) -> None:
        for arm, hook in redeployer.hooks().items():
            self._means.progress.say(f"having the {deployment(arm)} deployed again")
            redeployer.redeploy(arm, origins[arm], hook)

    def _end_part(self, why: Why) -> None:
        """Scenarios, then everything that is open is closed."""
        for session in self._sittings.open.values():
            session.run_scenarios()
        stopped = self._sittings.close(why)
        if stopped is not None:
            raise stopped

    def _warm_up(self, names: Sequence[str]) -> None:
        for session in self._sittings.open.values():
            session.warm_up(names)

    def _spend(self, act: Callable[[], None]) -> None:
        """Do something that the budget pays for."""
        begun_s, begun_requests = self._means.clock.now_s(), self._sittings.sent
        act()
        self._spent_s += self._means.clock.now_s() - begun_s
        self._spent_requests += self._sittings.sent - begun_requests

    def _session(self, pair: int) -> Session:
        means = self._means
        return Session(
            self._job_of(pair),
            means.engine,
            means.network,
            means.clock,
            means.progress,
            means.elsewhere,
            means.served,
        )

    def _plan_of(self, pair: int, why: Why) -> PlanRecord:
        part: Part = "first" if pair < len(self._setting.layout.first) else "fresh"
        return plan_record(self._setting, pair, self._stages[part], self._looks[part], why)
