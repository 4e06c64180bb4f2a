"""Waiting until a commit is deployed where the suite says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gate.config.preview import Find
from gate.errors import NotMeasured
from gate.gh.finding.choosing import Seen, Standing, look_at, none_yet, of_environment
from gate.gh.rest.api import Api, Effects
from gate.gh.rest.deployments import Deployment, Deployments

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 30.0
"""A look costs two requests, and a job's token has 1,000 an hour for the whole repository."""
TOLD_EVERY_S = 60.0
Say = Callable[[str], None]


class Awaiting:
    """Waits for deployments.

    Parameters
    ----------
    api : Api
        Calls to the API; every look has their whole budget of time, for the deadline bounds all looks together.
    effects : Effects
        Sleep, clock and jitter.
    say : callable
        Tells people what is waited for.
    """

    def __init__(self, api: Api, repository: str, effects: Effects, say: Say) -> None:
        self._api = api
        self._deployments = Deployments(api, repository)
        self._effects = effects
        self._say = say

    def urls(self, sha: str, patterns: Sequence[str], settings: Find) -> tuple[str, ...]:
        """Where a commit answers: the newest deployment of each pattern, as soon as all of them are a success.

        Parameters
        ----------
        patterns : sequence of str
            Environments.
        settings : Find
            Whose deployments count, and how long to wait.

        Raises
        ------
        NotMeasured
            If one ended badly, at once; if the deadline passed, with what was seen last.
        UsageError
            If a pattern means several environments.
        ApiError
            If deployments cannot be read.
        """
        timeout_s = settings.timeout_s
        begun_s, pause_s = self._effects.monotonic(), FIRST_PAUSE_S
        told, told_s = "", begun_s
        while True:
            seen = self._look(sha, patterns, settings.creators)
            if all(one.standing is Standing.READY for one in seen):
                return tuple(one.url for one in seen)
            words = "; ".join(one.words for one in seen if one.standing is not Standing.READY)
            if any(one.standing is Standing.FAILED for one in seen):
                raise NotMeasured(
                    f"commit {sha[:12]} is not deployed: {words}", "see the log of the host, and deploy it"
                )
            now_s = self._effects.monotonic()
            left_s = begun_s + timeout_s - now_s
            if not left_s > 0:
                raise NotMeasured(
                    f"commit {sha[:12]} was not deployed within {timeout_s:g} s: {words}",
                    "see the log of the host, and preview.find in the suite: environment, creators, timeout",
                )
            if words != told or now_s - told_s >= TOLD_EVERY_S:
                self._say(f"waiting for a deployment of {sha[:12]}: {words}")
                told, told_s = words, now_s
            self._effects.sleep(min(left_s, pause_s * (1 + self._effects.random() / 4)))
            pause_s = min(LONGEST_PAUSE_S, pause_s * 1.5)

    def _look(self, sha: str, patterns: Sequence[str], creators: Sequence[str]) -> list[Seen]:
        self._api.renew()
        deployments = self._deployments.of_commit(sha)
        return [self._newest(deployments, pattern, creators) for pattern in patterns]

    def _newest(self, deployments: list[Deployment], pattern: str, creators: Sequence[str]) -> Seen:
        meant = of_environment(deployments, pattern, creators)
        if not meant:
            return none_yet(deployments, pattern, creators)
        return look_at(meant[0], self._deployments.newest_status(meant[0]), creators)
