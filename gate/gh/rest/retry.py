"""Whether an answer of the API is final, and how long to wait before the next try. Pure.

The waits follow GitHub's advice: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from gate.gh.rest.failures import ApiError, Reason, permission_cure

TRIES = 6
FIRST_WAIT_S = 1.0
LIMIT_WAIT_S = 60.0
_MOST_SAID = 200
"""Characters of what GitHub says that a message repeats."""
_LIMIT_STARTS = ("you have exceeded a secondary rate limit", "api rate limit exceeded")
_LIMIT_ENDS = ("please retry your request again later.", "please wait a few minutes before you try again.")


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower-case names) and text of an answer."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Problem:
    """An answer that is not the one asked for."""

    error: ApiError
    wait_s: float | None
    """Least pause before another try; None: no other try will help."""
    refused: bool
    """Whether the server surely did not carry the request out."""


def judge(answer: Answer, *, what: str, permission: str, attempt: int) -> Problem | None:
    """Judge an answer by its status; None means that it is the one asked for.

    Parameters
    ----------
    what : str
        The request in words, for messages: ``reading gate.yml``.
    permission : str
        What the request needs, as written in a workflow: ``contents: read``.
    attempt : int
        Number of tries before this one.
    """
    status, headers = answer.status, answer.headers
    if 200 <= status < 300 and status != 202:
        return None
    message = _message(answer.text)
    told = f"{what}: GitHub answered {status}" + (f", {message!r}" if message else "")
    if status == 429 or (status == 403 and _limited(headers, message)):
        wait = _limit_wait_s(headers, attempt)
        limit = f"the rate limit needs {wait:.0f} s{_reset(headers)}"
        return Problem(ApiError(Reason.LIMITED, f"{told}; {limit}", "run it again then"), wait, refused=True)
    if status in (202, 408) or status >= 500:
        return Problem(ApiError(Reason.UNREACHABLE, told), backoff_s(attempt), refused=False)
    return Problem(_final(status, told, permission, headers), None, refused=True)


def _final(status: int, told: str, permission: str, headers: Mapping[str, str]) -> ApiError:
    cure = permission_cure(permission, headers.get("x-accepted-github-permissions", ""))
    if status == 401:
        return ApiError(
            Reason.UNAUTHORIZED, f"{told}: the token was rejected", f"pass a valid token as input `token`; {cure}"
        )
    if status == 403:
        return ApiError(Reason.FORBIDDEN, told, cure)
    if status in (404, 410):
        return ApiError(Reason.ABSENT, told, cure)
    if 300 <= status < 400:
        return ApiError(
            Reason.UNREACHABLE, f"{told}: a redirect, which is not followed", "was the repository renamed or moved?"
        )
    return ApiError(Reason.REFUSED, told)


def backoff_s(attempt: int) -> float:
    """Pause after a failure that may pass: 1, 2, 4, 8, 16 seconds."""
    return math.ldexp(FIRST_WAIT_S, min(attempt, 4))


def _message(text: str) -> str:
    """What GitHub says of it: its message, and those of its list of errors, which a 422 hides the cause in.

    https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    errors = value.get("errors")
    found = [value.get("message"), *map(_of_error, errors if isinstance(errors, list) else [errors])]
    return "; ".join(said for said in found if isinstance(said, str) and said)[:_MOST_SAID]


def _of_error(error: object) -> object:
    return error.get("message") if isinstance(error, dict) else error


def _limited(headers: Mapping[str, str], message: str) -> bool:
    said = message.lower()
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or said.startswith(_LIMIT_STARTS)
        or said.endswith(_LIMIT_ENDS)
    )


def _limit_wait_s(headers: Mapping[str, str], attempt: int) -> float:
    if "retry-after" in headers:
        return _whole_seconds(headers["retry-after"]) or LIMIT_WAIT_S
    if headers.get("x-ratelimit-remaining") == "0":
        reset, now = _whole_seconds(headers.get("x-ratelimit-reset", "")), _server_time_s(headers.get("date", ""))
        return LIMIT_WAIT_S if reset is None or now is None else max(reset - now, FIRST_WAIT_S)
    return math.ldexp(LIMIT_WAIT_S, min(attempt, 6))


def _reset(headers: Mapping[str, str]) -> str:
    """When the primary limit ends, where GitHub says it."""
    reset = _whole_seconds(headers.get("x-ratelimit-reset", ""))
    if headers.get("x-ratelimit-remaining") != "0" or reset is None:
        return ""
    try:
        return f" and resets at {dt.datetime.fromtimestamp(reset, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return ""


def _whole_seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _server_time_s(date: str) -> float | None:
    """Time of the server's own clock: the runner's may be an hour off."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return None
