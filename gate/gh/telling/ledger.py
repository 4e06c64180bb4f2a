"""What a check run records of its verdict: which files were measured, by which run, and who accepted what.

It stands at the end of the check's text as one block of JSON. An acceptance judges these files again, without new load,
and a refresh learns from it which rows changed on purpose. The files are named by what is on disk, so that a copy that
comes back from somewhere else can be compared with its hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gate.config.scalars import NAME_PATTERN
from gate.errors import DeliveryError, NotMeasured
from gate.gh.rest.api import Api
from gate.gh.rest.shapes import OBJECT_ID
from gate.gh.telling.checks import ACTIONS_APP, CheckRun, Checks, check_name
from gate.record.codec import dump, load_json
from gate.record.value import Value
from gate.verdict.acceptance import MAX_ACCEPTANCES, Acceptance

MAX_CHARS = 60_000
"""Room in the text of a check run, which GitHub takes up to 65,535 characters."""
_MARK = "<!-- gate:ledger -->"
_WRITTEN = re.compile(rf"{_MARK}\n```json\n([^\n]*)\n```\s*\Z")
_CURE = "run the check again; it writes a new record"


class MeasuredFile(Value):
    """A run file as it was on disk when the verdict was told."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$")]
    """Without folders."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: Annotated[int, Field(ge=1)]


class Ledger(Value):
    """The record of one verdict on one commit."""

    schema_: Literal["gate.ledger/1"] = Field(default="gate.ledger/1", alias="schema")
    suite: Annotated[str, Field(pattern=NAME_PATTERN)]
    sha: Annotated[str, Field(pattern=OBJECT_ID)]
    """Commit that was measured."""
    run_id: Annotated[int, Field(ge=1)]
    attempt: Annotated[int, Field(ge=1)]
    """Run of the workflow that measured; its artifacts hold the files. An acceptance keeps the one it judges again."""
    verdict: Literal["APPROVED", "BLOCKED"]
    exit_code: Annotated[int, Field(ge=0, le=255)]
    policy_sha: Annotated[str, Field(pattern=OBJECT_ID)]
    """Commit whose suite judged."""
    run_files: list[MeasuredFile] = Field(max_length=100)
    acceptances: list[Acceptance] = Field(default_factory=list, max_length=MAX_ACCEPTANCES)


def measured_file(path: Path) -> MeasuredFile:
    """Name, hash and size of a run file, from its bytes on disk.

    Raises
    ------
    DeliveryError
        If it cannot be read any more.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DeliveryError(f"the run file {path.name} cannot be read: {error.strerror}") from None
    return MeasuredFile(name=path.name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


def written(ledger: Ledger) -> str:
    """The ledger as the last lines of a check's text.

    Raises
    ------
    DeliveryError
        If it is longer than what GitHub takes.
    """
    # Nothing but ASCII: the checks API refuses some characters. And one line, so that none of it can end the fence.
    text = f"{_MARK}\n```json\n{json.dumps(dump(ledger), sort_keys=True, allow_nan=False)}\n```\n"
    if len(text) > MAX_CHARS:
        raise DeliveryError(
            f"the record of this verdict has {len(text)} characters, more than {MAX_CHARS}",
            "accept fewer rows of one commit; what is meant to last belongs into policy.waivers",
        )
    return text


def read(text: str) -> Ledger | None:
    """The ledger at the end of a check's text; None only where there is none.

    Raises
    ------
    NotMeasured
        If there is one and it cannot be used: a damaged record is not the same as none.
    """
    text = text.replace("\r\n", "\n")
    if _MARK not in text:
        return None
    found = _WRITTEN.search(text)
    if found is None:
        raise NotMeasured("the record in the check run is cut or changed", _CURE)
    try:
        return Ledger.model_validate(load_json(found[1].encode("utf-8", "surrogatepass")))
    except ValueError:  # of pydantic too
        raise NotMeasured("the record in the check run is not one that this gate writes", _CURE) from None


def find_ledgers(api: Api, repository: str, sha: str, suite: str, app: str = ACTIONS_APP) -> list[Ledger]:
    """Records of the verdicts on a commit, newest first.

    Parameters
    ----------
    app : str
        Slug of the app whose check runs count: anybody's app can make a check run of any name.

    Raises
    ------
    ApiError
        If the check runs cannot be read.
    NotMeasured
        If the newest record is damaged or speaks of something else. Older ones like that are left out.
    """
    found: list[Ledger] = []
    for run in _newest_first(api, repository, sha, suite, app):
        try:
            ledger = _of(run, sha, suite)
        except NotMeasured:
            if not found:
                raise
            continue
        if ledger is not None:
            found.append(ledger)
    return found


def last_ledger(api: Api, repository: str, sha: str, suite: str, app: str = ACTIONS_APP) -> Ledger | None:
    """Record of the newest check on a commit; None where there is no check.

    Raises
    ------
    ApiError
        If the check runs cannot be read.
    NotMeasured
        If the newest check has no record, since it measured nothing, or a damaged one: an older approval is none.
    """
    runs = _newest_first(api, repository, sha, suite, app)
    if not runs:
        return None
    ledger = _of(runs[0], sha, suite)
    if ledger is None:
        raise NotMeasured(f"the newest check of {suite} on {sha[:12]} measured nothing", _CURE)
    return ledger


def _newest_first(api: Api, repository: str, sha: str, suite: str, app: str) -> list[CheckRun]:
    # A check run is numbered when it is made; the newest is the one whose conclusion GitHub goes by.
    runs = [run for run in Checks(api, repository).find(sha, check_name(suite)) if run.app_slug == app]
    return sorted(runs, key=lambda run: run.id, reverse=True)


def _of(run: CheckRun, sha: str, suite: str) -> Ledger | None:
    ledger = read(run.output.text or "")
    if ledger is not None and (ledger.sha, ledger.suite) != (sha, suite):
        raise NotMeasured(
            f"the record in the check run on {sha[:12]} is about suite {ledger.suite} at {ledger.sha[:12]}", _CURE
        )
    return ledger
