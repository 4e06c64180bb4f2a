"""What was measured of a commit and judged there, fetched again to be judged once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.errors import NotMeasured
from gate.gh.rest.artifacts import Artifacts, Recorded
from gate.gh.rest.failures import ApiError
from gate.verdict.acceptance import Acceptance

AGAIN = "run the check again"
"""What helps wherever a stored run cannot be used."""


class Told(Protocol):
    """What a check run records of its verdict."""

    @property
    def run_id(self) -> int:
        """Run of the workflow that measured; its artifacts hold the files."""

    @property
    def run_files(self) -> Sequence[Recorded]: ...

    @property
    def acceptances(self) -> Sequence[Acceptance]: ...


@dataclass(frozen=True)
class StoredRuns:
    """What was measured of one commit, as it was when it was judged."""

    sha: str
    files: Mapping[str, bytes]
    """Run files by name."""
    acceptances: tuple[Acceptance, ...]
    """What was accepted of this commit before."""


def stored_runs(sha: str, newest: Told | None, artifacts: Artifacts) -> StoredRuns:
    """Fetch what was measured of a commit.

    Parameters
    ----------
    newest : Told, optional
        Record of the newest verdict on the commit; None if there is none.

    Raises
    ------
    NotMeasured
        If there is no verdict to judge again, or what it rests on is gone, expired or different.
    """
    if newest is None:
        raise NotMeasured(
            f"there is no verdict on {sha[:12]} to accept anything of", f"{AGAIN}, then accept what it shows"
        )
    if not newest.run_files:
        raise NotMeasured(f"the newest check of {sha[:12]} measured nothing", AGAIN)
    try:
        files = artifacts.read(newest.run_id, newest.run_files)
    except ApiError as error:
        raise NotMeasured(error.message, f"{error.cure}; {AGAIN}" if error.cure else AGAIN) from error
    return StoredRuns(sha, files, tuple(newest.acceptances))
