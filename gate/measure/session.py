"""One run of one pair of deployments. Whatever goes wrong, what was measured is kept and marked."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from gate.config.journeys import needed_values
from gate.errors import Cancelled, NotMeasured
from gate.load.engine import Engine
from gate.load.health import complaints, health_of
from gate.load.job import LaneResult, SegmentResult
from gate.measure.access import endpoint_request, host_class, is_loopback, wire_of
from gate.measure.busy import Observed, busy_notices, capacity_notices
from gate.measure.counts import too_few
from gate.measure.driver import Driver, Progress, deployment
from gate.measure.hashes import endpoint_hash
from gate.measure.hooks import HASTE_S, LEAVE_S, Hooks
from gate.measure.network import Network
from gate.measure.opening import Opening
from gate.measure.outlook import Job, allowance_of, environment_of, longest_s, look_at_generator
from gate.measure.plan import Step, compared_rps, group_endpoints
from gate.measure.probing import probing_of
from gate.measure.ready import Clock, Up, ask_once
from gate.measure.resting import Resting
from gate.measure.rounds import Rounds
from gate.measure.scenarios import Scenarios
from gate.measure.segments import Course
from gate.measure.single import Asker
from gate.measure.tally import ArmTally
from gate.measure.warmup import WarmingUp, Warmth
from gate.measure.watching import spent_notices, unread_notices, watch_of
from gate.probes.probing import Elsewhere, Probing
from gate.record.endpoint import Block, EndpointRecord
from gate.record.plan import PlanRecord
from gate.record.run import Run
from gate.record.value import Arm, Notice
from gate.serving.preview import ServedPreview
from gate.telemetry.watch import Watch


@dataclass(frozen=True)
class Measured:
    """A run, and what cut it short if anything did."""

    run: Run
    stopped_by: NotMeasured | Cancelled | None = None


class Session:
    """Measures one run with effects passed in: engine, network, clock, progress.

    In this order: ``open``, ``warm_up`` and ``measure`` as often as there is something to measure, ``run_scenarios``,
    ``close``. All but the last raise NotMeasured or Cancelled for what the preview or a signal does; after any of that
    only ``close`` may follow, and it always must.
    """

    def __init__(
        self,
        job: Job,
        engine: Engine,
        network: Network,
        clock: Clock,
        progress: Progress,
        elsewhere: Elsewhere = Elsewhere(),  # noqa: B008 - frozen
        served: ServedPreview | None = None,
    ) -> None:
        self._job = job
        self._network = network
        self._served = served
        self._watch: Watch | None = None
        self._askers: dict[Arm, Asker] = {}
        self._engine = engine
        self._clock = clock
        self._progress = progress
        self._driver = Driver(job.suite, job.environment, job.run_id, engine, progress, clock.now_s)
        self._driver.wire = wire_of(job.suite, job.environment)
        if served is not None:
            self._driver.look = served.look
        self._allowance = allowance_of(job)
        self._tallies: dict[tuple[str, Arm], ArmTally] = {
            (name, arm): ArmTally() for name in job.suite.endpoints for arm in job.origins
        }
        self._warming = WarmingUp(job.suite, job.origins, self._allowance, self._drive, clock.now_s)
        self._rounds = Rounds(job.suite, job.origins, self._driver, self._allowance, self._tallies, progress.say)
        self._resting = Resting(job.suite.telemetry, engine, clock, self._driver.timeline, progress.say)
        self._scenarios = Scenarios(
            job.suite,
            job.origins["candidate"],
            self._driver,
            self._allowance,
            self._resting,
            None if served is None else self._serve_with,
        )
        self._notices: list[Notice] = [] if job.is_fresh else too_few(job.suite)
        if job.pair == 0:  # told once for all pairs
            self._notices += job.beforehand.notices
        self._hooks = Hooks(job.suite, clock.now_s, progress.say)
        self._opening = Opening(job, self._driver, self._hooks, network, clock, progress.say)
        self._elsewhere = elsewhere
        self._probing: Probing | None = None
        self._workers = 1
        self._begun = self._ended = clock.now_s()

    def open(self) -> None:
        """See that the generator can do it and the deployments are ready; logins, setup, probes, what is asked once."""
        self._workers = look_at_generator(self._job, self._engine, self._progress)
        self._scenarios.most_rps = self._engine.most_rps() if self._job.has_scenarios else math.inf
        self._askers = self._opening.open()
        if self._job.has_probes:
            self._probing = probing_of(
                self._job, self._askers["candidate"], self._driver, self._clock, self._elsewhere, self._progress.say
            )
            self._probing.before()
        self._hooks.load_began = True
        for arm, asker in self._askers.items():
            for name in self._job.asked_once:
                self._ask_once(name, arm, asker)
        self._begin_watch()
        self._begun = self._clock.now_s()
        self._driver.ends_s = self._begun + longest_s(self._job)

    def warm_up(self, names: Collection[str]) -> None:
        """Bring these endpoints up to speed, on all arms alike."""
        self._warming.run(group_endpoints(self._job.suite, names))

    def measure(self, step: Step, what: str) -> None:
        """One step of the plan; ``what`` says in words which round it belongs to."""
        self._rounds.measure(step, self._clock.now_s() - self._begun, what)

    def run_scenarios(self) -> None:
        """All scenarios, if they are this run's to make, and the probes that come after the load."""
        self._driver.go_behind(self._rounds.rounds)
        if self._job.has_scenarios:
            with nullcontext() if self._served is None else self._served.profiled():
                self._scenarios.run()
        if self._probing is not None:
            self._probing.after()

    def blocks(self, name: str, arm: Arm) -> Sequence[Block]:
        """What was measured of an endpoint by now."""
        return self._tallies[name, arm].blocks

    @property
    def sent(self) -> int:
        """Requests of warm-up, blocks and scenarios by now."""
        return self._driver.sent

    @property
    def signalled_s(self) -> float | None:
        """When a signal cut one of its segments short."""
        return self._driver.signalled_s

    def close(
        self,
        stopped: NotMeasured | Cancelled | None = None,
        plan: PlanRecord | None = None,
        signalled_s: float | None = None,
    ) -> Measured:
        """Clean up and tear down, whatever happened; never raises for anything the preview or a signal does.

        Parameters
        ----------
        stopped : NotMeasured or Cancelled, optional
            What ended the check, here or on another pair of deployments.
        signalled_s : float, optional
            When the signal came, if it was one.
        """
        self._ended = self._clock.now_s()
        if self._watch is not None:
            self._watch.end(in_haste=isinstance(stopped, Cancelled))
        stopped = self.leave(stopped, signalled_s)
        if stopped is None:
            return Measured(self._run([], plan))
        code = "cancelled" if isinstance(stopped, Cancelled) else "not-measured"
        return Measured(self._run([Notice(code=code, message=stopped.message, cure=stopped.cure)], plan), stopped)

    def leave(
        self, stopped: NotMeasured | Cancelled | None, signalled_s: float | None = None
    ) -> NotMeasured | Cancelled | None:
        """Clean up and tear down; a signal meanwhile stops the run as it would have done before."""
        try:
            if isinstance(stopped, Cancelled):
                self._hooks.leave((signalled_s or self._ended) + HASTE_S, in_haste=True)
            else:
                self._hooks.leave(self._clock.now_s() + LEAVE_S, in_haste=False)
        except Cancelled as cancelled:
            self._hooks.leave(self._clock.now_s() + HASTE_S, in_haste=True)
            return cancelled
        return stopped

    def _begin_watch(self) -> None:
        """Ask what counters say before the load, and go on asking."""
        served = self._served
        self._watch = watch_of(
            self._job,
            self._network,
            self._driver.wire,
            self._clock.now_s,
            lambda: None if served is None else served.pid,
            self._driver.timeline,
        )
        if self._watch is not None:
            self._progress.say("beginning to watch the server")
            self._watch.begin()

    def _serve_with(self, values: Mapping[str, str]) -> None:
        """Have the preview started anew with other values, if it has not these already, and wait for it."""
        if self._served is None:
            return
        with self._watch.looking_away() if self._watch is not None else nullcontext():
            is_new = self._served.restart(values)
            if is_new:
                self._opening.wait("candidate", self._askers["candidate"])
        if is_new:
            # Kept connections went with the old one: the first request of each would be an error of the new one.
            self._engine.let_go()
            self._served.look_into()
            self._resting.renew()
            if self._watch is not None:
                self._watch.renew()

    def _drive(self, course: Course, arm: Arm, what: str) -> SegmentResult:
        return self._driver.drive(course, arm, what, keep_samples=True)

    def _ask_once(self, name: str, arm: Arm, asker: Asker) -> None:
        suite = self._job.suite
        if not self._allowance.take((name,), asker.origin, 1):
            return  # the other arm is the same deployment, and asked already
        request = endpoint_request(suite, name, asker.origin)
        values = {**self._driver.logins[arm].values(), **self._driver.given[arm]}
        fetched = ask_once(suite, name, request, asker.environment, values, asker.fetch, asker.unique)
        kind = fetched.answer.kind
        lane = LaneResult(planned=1, sent=1, completed=int(kind is None), statuses={str(fetched.answer.status): 1})
        lane.errors = {kind: 1} if kind else {}
        self._tallies[name, arm].add(lane, 0, 0, 0.0)
        self._driver.made[arm, name].add(lane)

    def _run(self, not_measured: list[Notice], plan: PlanRecord | None) -> Run:
        job = self._job
        health = health_of(
            [*self._rounds.results, *self._scenarios.results],
            self._rounds.repeated,
            self._rounds.spoiled,
            workers=self._workers,
            capacity_rps=self._engine.known_capacity_rps,
        )
        if not not_measured:
            not_measured = complaints(health, self._rounds.blocks)
        candidate = job.origins["candidate"]
        telemetry = None
        if self._watch is not None:
            telemetry = self._resting.noted(self._watch.record(self._driver.timeline, self._begun))
        spent = None if self._served is None or not job.has_scenarios else self._served.spent()
        up, base_up = self._opening.up.get("candidate"), self._opening.up.get("base")
        return Run(
            tool=job.tool,
            suite=job.suite.name,
            profile=job.suite.profile,
            run_id=job.run_id,
            created=job.created,
            commit=(up.commit if up and up.commit else job.expected_commit),
            base_commit=self._base_commit(base_up),
            base_host=host_class(job.suite, job.origins["base"]) if "base" in job.origins else None,
            environment=environment_of(job.suite, candidate, job.runner),
            one_host=all(is_loopback(origin) for origin in job.origins.values()),
            seed=job.seed,
            complete=not not_measured or not_measured[0].code.startswith("generator"),
            not_measured=not_measured,
            notices=[
                *self._notices,
                *self._opening.notices,
                *self._scenarios.notices,
                *self._hooks.notices,
                *self._busy(),
                *unread_notices(telemetry),
                *spent_notices(spent),
            ],
            plan=plan,
            ready_after_s=round(up.after_s, 3) if up else 0.0,
            elapsed_s=round(self._ended - self._begun, 3),
            warmup=self._warming.record(),
            generator=health,
            endpoints={
                name: EndpointRecord(
                    config_hash=endpoint_hash(job.suite, name),
                    arms={arm: self._tallies[name, arm].record() for arm in job.origins},
                )
                for name in job.suite.endpoints
                if not needed_values(job.suite, name)
            },
            scenarios=self._scenarios.records,
            probes={} if self._probing is None else self._probing.records,
            about={} if self._probing is None else self._probing.about,
            telemetry=telemetry,
            spent=spent,
        )

    def _base_commit(self, up: Up | None) -> str | None:
        """What the base says that it serves; where the suite does not say how it tells, what it should be of."""
        if up is None or up.commit is not None or self._job.suite.preview.commit is not None:
            return up.commit if up is not None else None
        return self._job.beforehand.base_commit

    def _busy(self) -> list[Notice]:
        notices = []
        for arm in self._job.origins:
            observed = []
            for name, endpoint in self._job.suite.endpoints.items():
                blocks = [block for block in self._tallies[name, arm].blocks if not block.spoiled]
                warmth = self._warming.warmth.get((name, arm), Warmth())
                means = [block.mean_s for block in blocks if block.mean_s is not None]
                logs = [block.log_trimmed_mean for block in blocks if block.log_trimmed_mean is not None]
                mean_s = math.fsum(means) / len(means) if means else 0.0
                observed.append(Observed(name, endpoint.rate_rps, warmth.singles, logs, mean_s))
            notices += busy_notices(deployment(arm), observed)
        return notices + capacity_notices(self._scenarios.capacities(), compared_rps(self._job.suite))
