"""From the end of measuring to the comment: one run judged and told as `gate action` does it, with a note of the API.

Run and stored runs are in memory; so what is timed is judging, wording, and every request up to the comment.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from gate.gh.rest.api import Effects, Exchange
from gate.gh.rest.client import Client
from gate.gh.rest.retry import Answer
from gate.gh.telling.comment import Run
from gate.gh.telling.ledger import MeasuredFile
from gate.gh.telling.log import Log
from gate.gh.telling.report import Job, Report
from gate.gh.telling.tell import tell
from tests.builders import World, history_of, run_of, suite_of, verdict_of

BASELINES = 10
_FILE = MeasuredFile(name="run-c0.json", sha256="0" * 64, size_bytes=7)
_KINDS = (
    (r".*/check-runs(/\d+.*)?$", "check run"),
    (r".*/comments(/\d+)?$", "comments"),
    (r".*/pulls/\d+$", "pull request"),
    (r".*/issues/\d+$", "pull request"),
    (r"/user$", "who am I"),
)


@dataclass(frozen=True)
class Place:
    """A pull request on a GitHub."""

    api_url: str
    repository: str
    token: str
    number: int
    head: str
    base: str


@dataclass(frozen=True)
class Told:
    """One run judged and told."""

    judging_s: float
    telling_s: float
    asleep_s: float
    """Of the telling: waited, because writes must be a second apart."""
    answering_s: float
    """Of the telling: from sending a request to having its answer."""
    requests: tuple[str, ...]
    """Verb and kind of each, in order."""


class _Noted:
    """An exchange with a note of every request."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.requests: list[str] = []
        self.answering_s = 0.0

    def __call__(
        self, verb: str, path: str, parameters: Mapping[str, str], body: Mapping[str, object] | None, limit_s: float
    ) -> Answer:
        """Send the request, and note it."""
        begun = time.perf_counter()
        try:
            return self._exchange(verb, path, parameters, body, limit_s)
        finally:
            self.answering_s += time.perf_counter() - begun
            kind = next((kind for pattern, kind in _KINDS if re.match(pattern, path)), path)
            self.requests.append(f"{verb} {kind}")


def tell_again_and_again(place: Place, endpoints: int, repeats: int, folder: Path) -> list[dict[str, object]]:
    """So many runs of one pull request; the first finds no comment, the others edit it."""
    suite = suite_of("", [f"endpoint-{number:03d}" for number in range(endpoints)])
    slower = dict.fromkeys(list(suite.endpoints)[:: max(5, endpoints // 10)], 1.5)
    measured, stored = run_of(suite, world=World(slower=slower)), history_of(suite, BASELINES)

    def once(number: int) -> Told:
        begun = time.perf_counter()
        verdict = verdict_of(suite, measured, stored)
        judged = time.perf_counter()
        job = Job(Run(number, 1), f"https://github.com/{place.repository}/actions/runs/{number}")
        report = Report(verdict, place.head, place.base, "gate.yml", job.run, (place.number,), run_files=(_FILE,))
        naps: list[float] = []
        client, noted = _client(place, naps.append)
        told = tell(report, job, client, folder / "summary", Log(io.StringIO()))
        done = time.perf_counter()
        if len(told.comment_urls) != 1:
            raise RuntimeError(f"run {number} was not told: {noted.requests}")
        return Told(judged - begun, done - judged, sum(naps), noted.answering_s, tuple(noted.requests))

    return [asdict(once(number)) for number in range(1, repeats + 1)]


def _client(place: Place, nap: Callable[[float], None]) -> tuple[Client, _Noted]:
    def sleep(seconds: float) -> None:
        nap(seconds)
        time.sleep(seconds)

    client = Client(place.repository, place.token, place.api_url, Effects(sleep, time.monotonic, lambda: 0.0))
    noted = _Noted(client.api._exchange)
    client.api._exchange = noted
    return client, noted
