"""What the GitHub API can answer instead of what was asked, and which error each means for its asker."""

from __future__ import annotations

from enum import StrEnum

from gate.errors import BaselineError, DeliveryError, ExitCode, GateError, NotMeasured, UsageError


class Reason(StrEnum):
    """Why a call to the API has no answer."""

    UNAUTHORIZED = "unauthorized"
    """The token was rejected."""
    FORBIDDEN = "forbidden"
    """The token may not do this, or nothing proves that it may."""
    ABSENT = "absent"
    """404 or 410: gone, or hidden from this token. Not a proof of absence."""
    REFUSED = "refused"
    """Understood and declined: 409, 422, a directory where a file was asked for."""
    LIMITED = "limited"
    """A rate limit that does not end within the budget of time."""
    UNREACHABLE = "unreachable"
    """No usable answer within the budget of time: network, 5xx, HTML, cut JSON, a redirect."""
    MISMATCH = "mismatch"
    """Content that is not what its own hash says."""
    SUPERSEDED = "superseded"
    """A newer run wrote here meanwhile; its work stays."""


class ApiError(GateError):
    """A call to the API that failed for good. Its asker turns it into the error that fits, by the functions below.

    Parameters
    ----------
    reason : Reason
        What kind of failure.
    message : str
        What was asked and what came back; never a token, a header or the text of an exception.
    cure : str
        What the user can do; names the permission where one is missing.
    """

    exit_code = ExitCode.NOT_MEASURED  # should one ever escape untranslated, it is closed

    def __init__(self, reason: Reason, message: str, cure: str = "") -> None:
        super().__init__(message, cure)
        self.reason = reason


class WireError(Exception):
    """No answer came; whether the request was carried out is unknown."""


_TRANSIENT = frozenset({Reason.UNREACHABLE, Reason.LIMITED})


def while_reading_policy(error: ApiError) -> GateError:
    """Error for a suite or a pull request that could not be read: the set-up is wrong, or GitHub is away."""
    kind = NotMeasured if error.reason in _TRANSIENT else UsageError
    return kind(error.message, error.cure)


def while_reading_baselines(error: ApiError) -> GateError:
    """Error for stored baselines that could not be read; being unreadable is never the same as being absent."""
    kind = NotMeasured if error.reason in _TRANSIENT else BaselineError
    return kind(error.message, error.cure)


def while_delivering(error: ApiError) -> GateError:
    """Error for a verdict that GitHub did not take."""
    return DeliveryError(error.message, error.cure)


def permission_cure(permission: str, accepted: str = "") -> str:
    """Say which permission the job needs, and what GitHub itself named if it did."""
    cure = f"give the job `permissions: {{{permission}}}`; the token of a pull request from a fork can only read"
    return f"{cure} (GitHub accepts: {accepted})" if accepted else cure
