"""Deployments of commits and what became of them, as their makers told GitHub.

https://docs.github.com/rest/deployments/deployments, https://docs.github.com/rest/deployments/statuses. Everything in
them is somebody's word: whose, is in ``creator``, of the deployment and of each status by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from pydantic import Field, TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.paging import every
from gate.gh.rest.shapes import OBJECT_ID, Shape, User

READ_DEPLOYMENTS = "deployments: read"
MOST_DEPLOYMENTS = 300
"""Newer ones are enough to look at."""
MOST_STATUSES = 1000


class Deployment(Shape):
    """A commit on its way to an environment."""

    id: int
    sha: str = Field(pattern=OBJECT_ID)
    environment: str
    creator: User | None = None
    """None where the account is gone."""

    @property
    def login(self) -> str:
        """Who made it; empty where the account is gone."""
        return self.creator.login if self.creator else ""


class DeploymentStatus(Shape):
    """What somebody said of a deployment."""

    id: int
    state: str
    """``success``; ``failure`` or ``error``; ``inactive`` where it was replaced or taken down; others on the way."""
    environment_url: str | None = None
    """Where it answers. ``target_url`` and ``log_url`` name logs, and are not read."""
    creator: User | None = None

    @property
    def login(self) -> str:
        """Who said it; empty where the account is gone."""
        return self.creator.login if self.creator else ""


_DEPLOYMENT: TypeAdapter[Deployment] = TypeAdapter(Deployment)
_DEPLOYMENTS: TypeAdapter[list[Deployment]] = TypeAdapter(list[Deployment])
_STATUSES: TypeAdapter[list[DeploymentStatus]] = TypeAdapter(list[DeploymentStatus])


class Deployments:
    """Reads deployments of one repository. Every method raises :class:`ApiError` and nothing else.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    """

    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._repository = api, repository

    def read(self, number: int) -> Deployment:
        """One deployment by its id; an event that tells of it may hold what somebody else put there."""
        return self._api.get(self._call(f"/{number}", f"reading deployment {number}"), _DEPLOYMENT)[0]

    def of_commit(self, sha: str) -> list[Deployment]:
        """Deployments of a commit, newest first."""
        found = self._newest({"sha": sha}, f"reading the deployments of {sha[:12]}")
        return [deployment for deployment in found if deployment.sha == sha]

    def newest(self, environment: str | None = None) -> list[Deployment]:
        """The newest deployments of all commits, newest first, of one environment if it is named."""
        where = "" if environment is None else f" in {environment!r}"
        return self._newest({} if environment is None else {"environment": environment}, f"reading deployments{where}")

    def newest_status(self, deployment: Deployment) -> DeploymentStatus | None:
        """What was said of a deployment last; None while nobody said anything."""
        call = self._call(f"/{deployment.id}/statuses", f"reading the statuses of deployment {deployment.id}")
        statuses = islice(every(self._api, call, _STATUSES, lambda page: page), MOST_STATUSES)
        return max(statuses, key=lambda status: status.id, default=None)

    def _newest(self, parameters: Mapping[str, str], what: str) -> list[Deployment]:
        # GitHub lists the newest first, but does not promise it; ids only grow.
        listed = islice(
            every(self._api, self._call("", what, parameters), _DEPLOYMENTS, lambda page: page), MOST_DEPLOYMENTS
        )
        return sorted(listed, key=lambda deployment: deployment.id, reverse=True)

    def _call(self, path: str, what: str, parameters: Mapping[str, str] | None = None) -> Call:
        return Call("GET", f"/repos/{self._repository}/deployments{path}", what, READ_DEPLOYMENTS, parameters or {})
