"""Calls to the GitHub API with the gate's own policy: typed answers, bounded time, no blind second write."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from gate.gh.rest.failures import ApiError, Reason, WireError
from gate.gh.rest.retry import TRIES, Answer, Problem, backoff_s, judge

CALL_LIMIT_S = 20.0
WRITE_PAUSE_S = 1.0
"""GitHub asks for a second between writes."""
T = TypeVar("T")


@dataclass(frozen=True)
class Effects:
    """What the client does besides exchanging: passed in, so that tests need no real time."""

    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    random: Callable[[], float]
    """Jitter of a pause, from 0 to below 1."""


@dataclass(frozen=True)
class Call:
    """One request in the words of its asker."""

    verb: str
    path: str
    what: str
    """For messages: ``reading gate.yml at 0123abc``."""
    permission: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    is_redirected: bool = False
    """What is asked for is where a redirect leads. It is not followed: the token is for the API alone."""


class Exchange(Protocol):
    """One request sent, one answer or a :class:`WireError` within the limit of time."""

    def __call__(
        self, verb: str, path: str, parameters: Mapping[str, str], body: Mapping[str, object] | None, limit_s: float
    ) -> Answer:
        """Send the request."""


class Api:
    """Calls to one API within a budget of time that all of them share.

    Parameters
    ----------
    exchange : Exchange
        How a request is sent.
    effects : Effects
        Sleep, clock and jitter.
    budget_s : float
        Time that all calls and pauses together may take until :meth:`renew`.
    call_limit_s : float
        Time that one exchange may take.
    """

    def __init__(
        self, exchange: Exchange, effects: Effects, budget_s: float, call_limit_s: float = CALL_LIMIT_S
    ) -> None:
        self._exchange, self._effects = exchange, effects
        self._budget_s, self._call_limit_s = budget_s, call_limit_s
        self._left_s = budget_s
        self._last_write: float | None = None

    def renew(self, most_s: float = math.inf) -> None:
        """Begin a new budget: slow reading must not eat the time for the report.

        Parameters
        ----------
        most_s : float
            Less than the usual budget, where somebody is about to end this process.
        """
        self._left_s = min(self._budget_s, most_s)

    def get(self, call: Call, shape: TypeAdapter[T]) -> tuple[T, Answer]:
        """Read, again and again while the failure may pass.

        Raises
        ------
        ApiError
            If there is no fitting answer within tries and budget.
        """
        return self._insist(call, shape, None)

    def send(self, call: Call, shape: TypeAdapter[T], applied: Callable[[], T | None]) -> T:
        """Write once. After a failure that leaves it open whether the write was carried out, look before trying again.

        Parameters
        ----------
        applied : callable
            Looks whether the write was carried out, and returns what it made; None if it was not.

        Raises
        ------
        ApiError
            If the write was refused, or cannot be shown to have been carried out.
        """
        result, _ = self._insist(call, shape, applied)
        return result

    def pause(self, least_s: float, most_s: float) -> bool:
        """Sleep a random time between two bounds out of the budget: those who met once must not meet again.

        False, and no sleep, where the budget would not outlast it.
        """
        seconds = least_s + (most_s - least_s) * self._effects.random()
        if not seconds < self._left_s:
            return False
        self._spend(partial(self._effects.sleep, seconds))
        return True

    def _insist(self, call: Call, shape: TypeAdapter[T], applied: Callable[[], T | None] | None) -> tuple[T, Answer]:
        attempt = 0
        while True:
            outcome = self._try(call, shape, attempt)
            if not isinstance(outcome, Problem):
                return outcome
            attempt += 1
            if outcome.wait_s is None:
                raise outcome.error
            pause = outcome.wait_s
            if outcome.error.reason is Reason.UNREACHABLE:
                pause *= 1 + self._effects.random() / 4
            last = attempt >= TRIES or pause >= self._left_s
            if not last:
                self._spend(partial(self._effects.sleep, pause))
            if applied is not None and not outcome.refused and (made := applied()) is not None:
                return made, Answer(200, {}, "")
            if last:
                raise _given_up(outcome.error, attempt)

    def _try(self, call: Call, shape: TypeAdapter[T], attempt: int) -> tuple[T, Answer] | Problem:
        if call.verb != "GET":
            self._pace()
        limit_s = min(self._call_limit_s, self._left_s)
        if limit_s <= 0:
            raise ApiError(Reason.UNREACHABLE, f"{call.what}: the time for GitHub's API is used up")
        try:
            answer = self._spend(partial(self._exchange, call.verb, call.path, call.parameters, call.body, limit_s))
        except WireError as fault:
            error = ApiError(Reason.UNREACHABLE, f"{call.what}: {fault}", "is the API reachable from this runner?")
            return Problem(error, backoff_s(attempt), refused=False)
        finally:
            if call.verb != "GET":
                self._last_write = self._effects.monotonic()
        if call.is_redirected and answer.status == 302:
            answer = Answer(200, answer.headers, json.dumps(answer.headers.get("location")))
        problem = judge(answer, what=call.what, permission=call.permission, attempt=attempt)
        if problem is not None:
            return problem
        try:
            return shape.validate_json(answer.text or "null"), answer
        except ValidationError:
            error = ApiError(Reason.UNREACHABLE, f"{call.what}: GitHub's answer is not the JSON it should be")
            return Problem(error, backoff_s(attempt), refused=False)

    def _pace(self) -> None:
        if self._last_write is not None:
            pause = self._last_write + WRITE_PAUSE_S - self._effects.monotonic()
            if pause > 0:
                self._spend(partial(self._effects.sleep, pause))

    def _spend(self, work: Callable[[], T]) -> T:
        start = self._effects.monotonic()
        try:
            return work()
        finally:
            self._left_s -= self._effects.monotonic() - start


def _given_up(error: ApiError, tries: int) -> ApiError:
    times = "once" if tries == 1 else f"{tries} times"
    return ApiError(error.reason, f"{error.message} (tried {times})", error.cure)
