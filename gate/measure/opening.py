"""Before the load: every deployment is up, its name is resolved, its identities are logged in, and setup was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from gate.errors import NotMeasured
from gate.load.job import Expectation, Request
from gate.load.trace import TRACEPARENT, Traces, prefix_of
from gate.load.transport import Fetched
from gate.measure.driver import Driver, deployment
from gate.measure.hooks import Hooks
from gate.measure.identities import Logins, log_in, shortest_login_s
from gate.measure.network import Network, fetch_over, is_pinned, pins
from gate.measure.outlook import Job
from gate.measure.ready import Clock, Up, is_same_commit, wait_ready
from gate.measure.single import Asker, Fetch, tokens
from gate.record.value import BASE_COMMIT, Arm, Notice

_SINGLE = 0xFFFF
"""Number of a segment that single requests have in their trace ids; no run has so many."""


class Opening:
    """Opens the deployments of a job, and tells the driver what they gave.

    Parameters
    ----------
    say : callable
        Tells people what happens.
    """

    def __init__(
        self, job: Job, driver: Driver, hooks: Hooks, network: Network, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self._job = job
        self._driver = driver
        self._hooks = hooks
        self._network = network
        self._clock = clock
        self._say = say
        self._traces = Traces(prefix_of(job.run_id, _SINGLE)) if job.suite.telemetry.trace else None
        self.up: dict[Arm, Up] = {}
        """Deployments that were ready."""
        self.notices: list[Notice] = []
        """What was seen of them that the reader should know."""

    def open(self) -> dict[Arm, Asker]:
        """How single requests are made to each deployment, all of which are ready for them.

        Raises
        ------
        NotMeasured
            If one is never ready, serves another commit than it must, or refuses a login or a step of setup.
        UsageError
            If the name of one stands for an address that may not be loaded.
        """
        job, unique = self._job, tokens(self._job.run_id)
        askers: dict[Arm, Asker] = {}
        for arm, origin in job.origins.items():
            asker = askers[arm] = Asker(job.suite, origin, job.environment, self._fetch(arm, origin), unique)
            self.wait(arm, asker)
        self._look_at_base()
        for arm, asker in askers.items():
            self._driver.given[arm] = self._hooks.set_up(arm, asker, self._driver.logins[arm])
        return askers

    def wait(self, arm: Arm, asker: Asker) -> None:
        """Wait until a deployment is ready, and log in; again after it was started anew.

        Raises
        ------
        NotMeasured
            If it is never ready, serves another commit than it must, or refuses a login.
        """
        job = self._job
        self._say(f"waiting for the {deployment(arm)} to be ready")
        expected = job.expected_commit if arm == "candidate" else None
        up = wait_ready(job.suite, asker.origin, job.environment, expected, asker.fetch, self._clock, asker.unique)
        self.up.setdefault(arm, up)
        logins = Logins(partial(log_in, asker), shortest_login_s(job.suite), self._clock.now_s)
        self._driver.logins[arm] = logins
        logins.values()

    def _look_at_base(self) -> None:
        """See whether the base serves the commit that it should, where that is known and told."""
        job, up = self._job, self.up.get("base")
        expected = job.beforehand.base_commit
        if up is None or expected is None or job.suite.preview.commit is None:
            return
        if is_same_commit(up.commit, expected):
            return
        if job.expected_commit is not None and is_same_commit(up.commit, job.expected_commit):
            raise NotMeasured(
                f"the base serves commit {job.expected_commit[:12]}, which is the one under test",
                "give the address of a deployment of the base: compared with itself nothing is ever slower",
            )
        if job.pair == 0:  # told once for all pairs
            served = "does not tell its commit" if up.commit is None else f"serves commit {up.commit[:12]}"
            self.notices.append(
                Notice(
                    code=BASE_COMMIT,
                    message=f"the base {served}, not {expected[:12]}: what lies between counts as well",
                    cure="name a deployment of the merge base as preview.base, or bring the branch up to date",
                )
            )

    def _fetch(self, arm: Arm, origin: str) -> Fetch:
        """Single requests to an origin whose name is resolved until it has addresses, and then never again."""

        def fetch(request: Request, expect: Expectation) -> Fetched:
            if arm == "candidate":
                self._driver.look()
            if not is_pinned(origin, self._driver.wire.resolve):
                self._pin(arm, origin)
            if self._traces is not None and TRACEPARENT not in {name.lower() for name in request.headers}:
                request = replace(request, headers={**request.headers, **self._traces.headers()})
            return fetch_over(self._network, self._driver.wire, origin)(request, expect)

        return fetch

    def _pin(self, arm: Arm, origin: str) -> None:
        wire = self._driver.wire
        found = pins([origin], self._network.resolve, self._network.check)
        for pin in found:  # the address only: the name may come from the environment
            self._say(f"the name of the {deployment(arm)} stands for {pin.split(':', 2)[2]} in this run")
        self._driver.wire = replace(wire, resolve=(*wire.resolve, *found))
