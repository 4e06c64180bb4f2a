"""Changes of main that are meant, because somebody accepted them in the pull requests that brought them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gate.errors import NotMeasured
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.merged import Merged, MergedPull
from gate.record.run import AcceptedChange
from gate.verdict.acceptance import Acceptance

_MAX_REASON = 200
_FOR_GOOD = frozenset({Reason.ABSENT, Reason.REFUSED})
"""Of a commit that GitHub named itself: asking again would bring nothing else."""

AcceptancesOf = Callable[[str], Sequence[Acceptance]]
"""What was accepted of a commit, by its newest verdict; NotMeasured where the record of that is damaged."""


def accepted_since(
    merged: Merged, sha: str, acceptances_of: AcceptancesOf, warn: Callable[[str], None]
) -> Callable[[str | None], list[AcceptedChange]]:
    """How a refresh learns what was accepted between the commit of a stored run and the one that it measures.

    What it gives raises NotMeasured where GitHub does not answer or may not be asked: the next refresh asks about the
    same commits again, and a run that was stored without what was accepted could not be mended. A record that is
    damaged will be damaged tomorrow as well, so that is only warned of.
    """

    def found(stored: str | None) -> list[AcceptedChange]:
        try:
            return lasting_changes(merged.since(stored, sha), acceptances_of, warn)
        except ApiError as error:
            cure = error.cure or "refresh again; what was accepted would be missing in the history of main"
            raise NotMeasured(f"nothing was stored: {error.message}", cure) from error

    return found


def lasting_changes(
    pulls: Sequence[MergedPull], acceptances_of: AcceptancesOf, warn: Callable[[str], None]
) -> list[AcceptedChange]:
    """What was accepted of merged pull requests, for the record of main; of each row what was accepted last.

    Parameters
    ----------
    pulls : sequence of MergedPull
        The newest first.

    Raises
    ------
    ApiError
        If GitHub does not answer, or may not be asked.
    """
    changes: dict[str, AcceptedChange] = {}
    for pull in pulls:
        for acceptance in _acceptances_of(pull, acceptances_of, warn):
            reason = f"accepted by {acceptance.by} in #{pull.number}: {acceptance.reason}"
            changes.setdefault(acceptance.row, AcceptedChange(row=acceptance.row, reason=_shortened(reason)))
    return list(changes.values())


def _acceptances_of(
    pull: MergedPull, acceptances_of: AcceptancesOf, warn: Callable[[str], None]
) -> Sequence[Acceptance]:
    try:
        return acceptances_of(pull.head_sha)
    except (ApiError, NotMeasured) as error:
        if isinstance(error, ApiError) and error.reason not in _FOR_GOOD:
            raise
        warn(f"what was accepted of #{pull.number} cannot be read and is not recorded: {error.message}")
        return ()


def _shortened(reason: str) -> str:
    return reason if len(reason) <= _MAX_REASON else reason[: _MAX_REASON - 1] + "…"
