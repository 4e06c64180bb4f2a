"""Everything the doctor looks at on GitHub, each by itself: what cannot be read does not hide the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TypeVar

from gate.baseline.store import Store
from gate.baseline.window import read_window
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.errors import GateError, NotMeasured, SuiteError
from gate.gh.doctor.facts import Answers, BaselineBranch, Facts, StoredRuns, SuiteFile, Unseen, Wrong
from gate.gh.doctor.settings import RepositorySettings, Settings
from gate.gh.doctor.workflow_files import WorkflowFile, parse
from gate.gh.events.resolve import files_beside
from gate.gh.rest.client import Client
from gate.gh.rest.deployments import Deployment, Deployments
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.objects import Objects
from gate.gh.store.baselines import BaseCommitBaselines
from gate.gh.store.branch import BranchStore

FOLDER = ".github/workflows"
_NEWEST = 1
"""Window of stored runs that is read: the newest ones are, to see that they can be."""
T = TypeVar("T")


class Doctor:
    """Looks at one repository.

    Parameters
    ----------
    client : Client
        The repository.
    suite_path : str
        Path of the suite in it.
    utc_now : callable
        The time, in ISO 8601 with a Z.
    """

    def __init__(self, client: Client, suite_path: str, utc_now: Callable[[], str]) -> None:
        self._client, self._path, self._utc_now = client, suite_path, utc_now
        self._settings = Settings(client.api, client.repository)

    def look(self, here: SuiteFile, preview: Callable[[Suite], Answers | Wrong | Unseen] | None) -> Facts:
        """Look at everything.

        Parameters
        ----------
        here : SuiteFile
            The suite in the folder one stands in.
        preview : callable, optional
            Asks a preview, by the suite that counts.
        """
        settings = seen(self._settings.repository)
        if isinstance(settings, Unseen):
            return self._nothing(here, settings)
        tip = seen(lambda: self._client.branch_sha(settings.default_branch))
        if isinstance(tip, Unseen):
            return self._nothing(here, tip)
        there = seen(lambda: self._suite_at(tip))
        suite = (there.suite if isinstance(there, SuiteFile) else None) or here.suite
        return Facts(
            repository=self._client.repository,
            suite_path=self._path,
            here=here,
            settings=settings,
            there=there,
            workflows=seen(lambda: self._workflows(tip)),
            default_rights=seen(self._settings.workflow_token, administrators_only=True),
            rules=seen(lambda: self._settings.rules(settings.default_branch)),
            branch=seen(lambda: self._settings.branch(settings.default_branch)),
            actions_app=seen(self._settings.actions_app),
            stored=_no_suite() if suite is None else self._stored(suite, settings, tip),
            baseline_branch=None if suite is None else self._baseline_branch(suite),
            deployments=None if suite is None or not _is_found(suite) else seen(self._deployments),
            has_label=_no_suite()
            if suite is None
            else seen(lambda: self._settings.has_label(suite.policy.accept_label)),
            preview=None if preview is None else _no_suite() if suite is None else preview(suite),
        )

    def _nothing(self, here: SuiteFile, why: Unseen) -> Facts:
        return Facts(
            repository=self._client.repository,
            suite_path=self._path,
            here=here,
            settings=why,
            there=why,
            workflows=why,
            default_rights=why,
            rules=why,
            branch=why,
            actions_app=why,
            stored=why,
            baseline_branch=None,
            deployments=None,
            has_label=why,
            preview=None,
        )

    def _suite_at(self, commit: str) -> SuiteFile:
        content = self._client.read_file(self._path, commit)
        if content is None:
            return SuiteFile(None)
        return read_as_suite(content, self._path, files_beside(self._path, commit, self._client))

    def _workflows(self, commit: str) -> tuple[WorkflowFile, ...]:
        found = []
        for entry in self._client.list_directory(FOLDER, commit):
            if entry.kind == "file" and PurePosixPath(entry.name).suffix in (".yml", ".yaml"):
                content = self._client.read_file(f"{FOLDER}/{entry.name}", commit)
                found.append(parse(entry.name, content or b""))
        return tuple(found)

    def _deployments(self) -> tuple[Deployment, ...]:
        return tuple(Deployments(self._client.api, self._client.repository).newest())

    def _stored(self, suite: Suite, settings: RepositorySettings, tip: str) -> StoredRuns | Wrong | Unseen:
        try:
            store = self._open(suite, settings, tip)
            names = store.names(suite.name)
            runs = read_window(store, suite.name, _NEWEST)
        except NotMeasured as error:
            return Unseen(error.message, error.cure)
        except ApiError as error:
            return _unseen(error)
        except GateError as error:
            return Wrong(error.message, error.cure)
        if not runs:
            return StoredRuns(store.place, 0)
        return StoredRuns(store.place, len(names), runs[-1].created, _age_s(runs[-1].created, self._utc_now()))

    def _open(self, suite: Suite, settings: RepositorySettings, tip: str) -> Store:
        kind, _, name = suite.baselines.store.partition(":")
        if kind == "branch":
            return BranchStore.open(self._client.api, self._client.repository, name, settings.default_branch)
        return BaseCommitBaselines(self._client, name, tip)

    def _baseline_branch(self, suite: Suite) -> BaselineBranch | None:
        kind, _, name = suite.baselines.store.partition(":")
        if kind != "branch":
            return None
        there = seen(lambda: Objects(self._client.api, self._client.repository).tip(name))
        branch = there if isinstance(there, Unseen) or there is None else seen(lambda: self._settings.branch(name))
        return BaselineBranch(name, seen(lambda: self._settings.rules(name)), branch)


def read_as_suite(content: bytes, name: str, read: Callable[[str], bytes]) -> SuiteFile:
    """A suite from its bytes, with what is wrong with it."""
    try:
        return SuiteFile(content, read_suite(content, name, read))
    except SuiteError as error:
        return SuiteFile(content, None, error.message)


def seen(look: Callable[[], T], *, administrators_only: bool = False) -> T | Unseen:
    """What a look finds; that it could not be looked at is a value as well."""
    try:
        return look()
    except ApiError as error:
        return _unseen(error, administrators_only=administrators_only)
    except GateError as error:
        return Unseen(error.message, error.cure)


def _unseen(error: ApiError, *, administrators_only: bool = False) -> Unseen:
    """What to do about a look that failed. The cures of an action's errors speak of jobs, and this is none."""
    cures = {
        Reason.UNAUTHORIZED: "set GITHUB_TOKEN to a token that is valid: GITHUB_TOKEN=$(gh auth token)",
        Reason.LIMITED: "try again later",
        Reason.UNREACHABLE: "is the API reachable from here?",
    }
    if administrators_only and error.reason in (Reason.FORBIDDEN, Reason.ABSENT):
        return Unseen(error.message, "only who administers the repository may look: use their token")
    return Unseen(
        error.message, cures.get(error.reason, "does the token reach this repository, with the right to read?")
    )


def _is_found(suite: Suite) -> bool:
    return suite.preview.find is not None and suite.preview.url is None


def _no_suite() -> Unseen:
    return Unseen("there is no suite that says so", "set the suite right first")


def _age_s(created: str, now: str) -> float:
    """Seconds between two instants in ISO 8601."""
    return (_instant(now) - _instant(created)).total_seconds()


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
