"""The deployment of main that a preview is measured beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from gate.config.preview import Find
from gate.gh.finding.choosing import Standing, look_at, of_environment
from gate.gh.rest.ancestry import Ancestry
from gate.gh.rest.api import Api
from gate.gh.rest.deployments import Deployment, Deployments
from gate.record.value import BASE_COMMIT, Notice

NO_BASE = "no-base"
"""Code of a notice that no deployment of main was found."""
MOST_LOOKS = 20
"""Deployments of one kind that are looked at; each costs a request or two."""


@dataclass(frozen=True)
class Base:
    """A deployment of main, or that there is none."""

    url: str | None
    commit: str | None
    notice: Notice | None
    """What the reader has to know of it."""


class Bases:
    """Finds the base of a pull request. Raises :class:`~gate.gh.rest.failures.ApiError` and ``UsageError``.

    Parameters
    ----------
    settings : Find
        Which deployments are meant.
    environment : str
        Pattern of the environment in which main is deployed.
    """

    def __init__(self, api: Api, repository: str, settings: Find, environment: str) -> None:
        self._deployments, self._ancestry = Deployments(api, repository), Ancestry(api, repository)
        self._settings, self._environment = settings, environment

    def find(self, merge_base: str, branch: str) -> Base:
        """The newest success of the merge base; else the newest one of another commit of the branch, and a notice.

        Parameters
        ----------
        branch : str
            The default branch. Whatever else was deployed to its environment is passed over: compared with another
            pull request's commit, anything could look harmless.
        """
        for deployment, url in self._successes(self._deployments.of_commit(merge_base)):
            return Base(url, deployment.sha, None)
        for deployment, url in self._successes(one for one in self._newest() if one.sha != merge_base):
            if self._ancestry.is_on(deployment.sha, branch):
                return Base(url, deployment.sha, _other_commit(deployment.sha, merge_base, deployment.environment))
        return Base(None, None, _none(self._environment, merge_base))

    def _newest(self) -> list[Deployment]:
        """The newest of all commits; where previews are many they crowd out main, unless its environment is named."""
        is_name = not any(sign in self._environment for sign in "*?")
        # Whether GitHub tells capital from small letters there is not said.
        return (self._deployments.newest(self._environment) if is_name else []) or self._deployments.newest()

    def _successes(self, deployments: Iterable[Deployment]) -> Iterator[tuple[Deployment, str]]:
        creators = self._settings.creators
        for deployment in islice(of_environment(deployments, self._environment, creators), MOST_LOOKS):
            seen = look_at(deployment, self._deployments.newest_status(deployment), creators)
            if seen.standing is Standing.READY:
                yield deployment, seen.url


def _other_commit(commit: str, merge_base: str, environment: str) -> Notice:
    return Notice(
        code=BASE_COMMIT,
        message=f"the base is commit {commit[:12]} of main, not the merge base {merge_base[:12]}, of which no"
        f" deployment in {environment!r} is a success: what main changed between them counts as well",
        cure="have every commit of main deployed, or bring the branch up to date",
    )


def _none(environment: str, merge_base: str) -> Notice:
    return Notice(
        code=NO_BASE,
        message=f"no deployment of main was found in {environment!r}, neither of the merge base {merge_base[:12]}"
        " nor of another commit: the preview is compared with stored runs, if there are any",
        cure="see preview.find in the suite: base_environment, creators",
    )
