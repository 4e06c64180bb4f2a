"""The probes of a job, given the way that its single requests have."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from gate.load.job import Expectation, Request, Scalar
from gate.load.transport import Fetched
from gate.measure.access import identity_headers
from gate.measure.driver import Driver
from gate.measure.outlook import Job
from gate.measure.ready import Clock
from gate.measure.single import Asker, filled
from gate.probes.asked import Asked, Way
from gate.probes.knock import Knocked, knock
from gate.probes.probing import Elsewhere, Probing

_ANY_STATUS = tuple(range(100, 600))


def probing_of(
    job: Job, asker: Asker, driver: Driver, clock: Clock, elsewhere: Elsewhere, say: Callable[[str], None]
) -> Probing:
    """Probes of the candidate: the base is not asked, what is wrong there is main's own affair."""
    suite = job.suite

    def values() -> dict[str, Scalar]:
        return {**driver.logins["candidate"].values(), **driver.given.get("candidate", {})}

    def fill(asked: Asked, own: Mapping[str, Scalar]) -> Request:
        who = {} if asked.identity is None else identity_headers(suite, asked.identity)
        request = Request(
            asked.method,
            asker.origin + asked.path,
            _over(suite.preview.headers, who, asked.headers),
            asked.json,
            asked.timeout_s,
            text=asked.text,
        )
        return filled(suite, job.environment, request, asker.unique, {**values(), **own})

    def send(request: Request, most_bytes: int) -> Fetched:
        return asker.fetch(request, Expectation(_ANY_STATUS, max_bytes=most_bytes))

    def knock_at(request: Request) -> Knocked:
        return knock(request, driver.wire)

    def made(name: str) -> tuple[int, int]:
        # Two arms at one origin are one deployment, and one count in it.
        arms = [arm for arm, origin in job.origins.items() if origin == asker.origin]
        counts = [driver.made[arm, name] for arm in arms]
        return sum(each.answered for each in counts), sum(each.sent for each in counts)

    way = Way(fill, send, knock_at, lambda: driver.given.get("candidate", {}), job.environment, clock.now_s)
    return Probing(
        suite,
        job.seed,
        way,
        made,
        elsewhere,
        lambda: {**job.environment, **driver.logins["candidate"].held},
        say,
    )


def _over(*layers: Mapping[str, str]) -> dict[str, str]:
    """Headers, those of later layers in place of those of earlier ones, however they are written."""
    own = {name.lower(): (name, value) for name, value in itertools.chain(*(layer.items() for layer in layers))}
    return dict(own.values())
