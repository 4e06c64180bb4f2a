"""Before the load: every deployment is up, its name is resolved, its identities are logged in, and setup was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from gate.load.transport import readable
from gate.measure.driver import Driver, deployment
from gate.measure.hooks import Hooks
from gate.measure.identities import Logins, log_in, shortest_login_s
from gate.measure.network import Network, is_pinned, pins
from gate.measure.outlook import Job
from gate.measure.ready import Clock, Up, wait_ready
from gate.measure.single import Asker, Fetch, tokens
from gate.record.run import Arm


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
        self.up: dict[Arm, Up] = {}
        """Deployments that were ready."""

    def open(self) -> dict[Arm, Asker]:
        """How single requests are made to each deployment, all of which are ready for them.

        Raises
        ------
        NotMeasured
            If one is never ready, or a login or a step of setup is refused.
        """
        job, unique = self._job, tokens(self._job.run_id)
        askers: dict[Arm, Asker] = {}
        for arm, origin in job.origins.items():
            self._say(f"waiting for the {deployment(arm)} to be ready")
            fetch = self._pinned(arm, origin)
            expected = job.expected_commit if arm == "candidate" else None
            self.up[arm] = wait_ready(job.suite, origin, job.environment, expected, fetch, self._clock, unique)
            fetch = self._pinned(arm, origin)  # a name that was not there before the deployment is now
            asker = askers[arm] = Asker(job.suite, origin, job.environment, fetch, unique)
            logins = Logins(partial(log_in, asker), shortest_login_s(job.suite), self._clock.now_s)
            self._driver.logins[arm] = logins
            logins.values()
        for arm, asker in askers.items():
            self._driver.given[arm] = self._hooks.set_up(arm, asker, self._driver.logins[arm])
        return askers

    def _pinned(self, arm: Arm, origin: str) -> Fetch:
        """Single requests to an origin whose name is resolved once for the whole run."""
        wire = self._driver.wire
        if not is_pinned(origin, wire.resolve):
            found = pins([origin], self._network.resolve)
            for pin in found:  # the address only: the name may come from the environment
                self._say(f"the name of the {deployment(arm)} stands for {pin.split(':', 2)[2]} in this run")
            wire = self._driver.wire = replace(wire, resolve=(*wire.resolve, *found))
        return self._network.connect(readable(wire))
