"""Check runs and commit statuses: what a required check of a branch looks at.

A check run is made completed, in one request: one that is left in progress is closed by GitHub only after 14 days.
Its conclusion is success or failure and nothing else, because neutral and skipped satisfy a required check.

References
----------
https://docs.github.com/rest/checks/runs, https://docs.github.com/rest/commits/statuses
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.paging import every
from gate.gh.rest.shapes import Shape
from gate.gh.telling.annotations import Annotation

WRITE_CHECKS = "checks: write"
WRITE_STATUSES = "statuses: write"
READ_CHECKS = "checks: read"
ACTIONS_APP = "github-actions"
"""Slug of the app behind the token of a job."""
MAX_DESCRIPTION = 140
MAX_ANNOTATIONS = 50
"""Of one request; more come by further requests, which add to those that are there."""

Conclusion = Literal["success", "failure"]


class _App(Shape):
    slug: str | None = None


class _Output(Shape):
    text: str | None = None
    annotations_count: int = 0


class CheckRun(Shape):
    """A check run as GitHub has it."""

    id: int
    external_id: str | None = None
    conclusion: str | None = None
    html_url: str | None = None
    app: _App | None = None
    output: _Output

    @property
    def app_slug(self) -> str:
        """Slug of the app that made it; empty where GitHub does not say."""
        return (self.app.slug if self.app else None) or ""


class _CheckRuns(Shape):
    check_runs: list[CheckRun]


class _Status(Shape):
    state: str
    context: str
    description: str | None = None
    target_url: str | None = None


_CHECK_RUN: TypeAdapter[CheckRun] = TypeAdapter(CheckRun)
_CHECK_RUNS: TypeAdapter[_CheckRuns] = TypeAdapter(_CheckRuns)
_STATUS: TypeAdapter[_Status] = TypeAdapter(_Status)
_STATUSES: TypeAdapter[list[_Status]] = TypeAdapter(list[_Status])


@dataclass(frozen=True)
class Check:
    """A result on a commit, as it is to be shown."""

    name: str
    sha: str
    external_id: str
    """Different for every run and attempt, so that a look can tell whether this one was made."""
    details_url: str
    conclusion: Conclusion
    title: str
    """One line of plain text, at most 140 characters."""
    summary: str
    """Markdown, at most 65,535 characters; so is the text."""
    text: str
    annotations: tuple[Annotation, ...] = ()


def check_name(suite: str) -> str:
    """Name of a suite's check run, and context of its status: what is made required."""
    return f"gate / {suite}"


class Checks:
    """Check runs and statuses of one repository. Every method raises :class:`~gate.gh.rest.failures.ApiError`.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    """

    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._repository = api, repository

    def find(self, sha: str, name: str) -> Iterator[CheckRun]:
        """All check runs of a name on a commit, whoever made them, those of earlier attempts too."""
        call = Call(
            "GET",
            self._path(f"commits/{sha}/check-runs"),
            f"reading the check runs of {sha[:12]}",
            READ_CHECKS,
            {"check_name": name, "filter": "all"},
        )
        return every(self._api, call, _CHECK_RUNS, lambda page: page.check_runs)

    def create(self, check: Check) -> CheckRun:
        """Make a check run with the first annotations, completed."""
        body = {
            "name": check.name,
            "head_sha": check.sha,
            "external_id": check.external_id,
            "details_url": check.details_url,
            "status": "completed",
            "conclusion": check.conclusion,
            "output": _output(check, check.annotations[:MAX_ANNOTATIONS]),
        }
        what = f"making the check {check.name} on {check.sha[:12]}"
        return self._api.send(
            Call("POST", self._path("check-runs"), what, WRITE_CHECKS, body=body), _CHECK_RUN, lambda: self._made(check)
        )

    def annotate(self, made: CheckRun, check: Check) -> None:
        """Add the annotations that did not fit into the first request."""
        for start in range(MAX_ANNOTATIONS, len(check.annotations), MAX_ANNOTATIONS):
            batch = check.annotations[start : start + MAX_ANNOTATIONS]
            self._add(made.id, check, batch, start + len(batch))

    def set_status(self, check: Check) -> None:
        """Say the same by a commit status, where check runs are not permitted."""
        status = _Status(
            state=check.conclusion, context=check.name, description=check.title, target_url=check.details_url
        )
        call = Call(
            "POST",
            self._path(f"statuses/{check.sha}"),
            f"setting the status {check.name} of {check.sha[:12]}",
            WRITE_STATUSES,
            body=status.model_dump(),
        )
        self._api.send(call, _STATUS, lambda: self._set(check.sha, status))

    def _made(self, check: Check) -> CheckRun | None:
        wanted = (check.external_id, check.conclusion)
        return next(
            (run for run in self.find(check.sha, check.name) if (run.external_id, run.conclusion) == wanted), None
        )

    def _add(self, run_id: int, check: Check, batch: tuple[Annotation, ...], expected: int) -> None:
        path, what = self._path(f"check-runs/{run_id}"), f"annotating the check {check.name}"

        def applied() -> CheckRun | None:
            now, _ = self._api.get(Call("GET", path, what, READ_CHECKS), _CHECK_RUN)
            return now if now.output.annotations_count >= expected else None

        body = {"output": _output(check, batch)}
        self._api.send(Call("PATCH", path, what, WRITE_CHECKS, body=body), _CHECK_RUN, applied)

    def _set(self, sha: str, status: _Status) -> _Status | None:
        call = Call(
            "GET", self._path(f"commits/{sha}/statuses"), f"reading the statuses of {sha[:12]}", "statuses: read"
        )
        newest = next((s for s in every(self._api, call, _STATUSES, list) if s.context == status.context), None)
        return newest if newest == status else None

    def _path(self, path: str) -> str:
        return f"/repos/{self._repository}/{path}"


def _output(check: Check, annotations: tuple[Annotation, ...]) -> dict[str, object]:
    return {
        "title": _basic(check.title),
        "summary": _basic(check.summary),
        "text": _basic(check.text),
        "annotations": [
            {
                "path": annotation.path,
                "start_line": annotation.line,
                "end_line": annotation.line,
                "annotation_level": annotation.level,
                "title": _basic(annotation.title),
                "message": _basic(annotation.message),
            }
            for annotation in annotations
        ],
    }


def _basic(text: str) -> str:
    """The text without characters beyond the basic plane, which this API refuses."""
    return "".join(character if character <= "\uffff" else "\ufffd" for character in text)
