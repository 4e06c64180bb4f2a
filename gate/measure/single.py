"""Single requests outside the load: filled, made, and read for the values that later requests need."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from gate.config.jsonpath import lookup
from gate.config.steps import LoginStep, SingleRequest
from gate.config.suite import Suite
from gate.load.filler import Filler
from gate.load.job import Expectation, Request, Scalar, Segment
from gate.load.kinds import in_words
from gate.load.transport import Fetched
from gate.measure.access import sources_of, step_request

Fetch = Callable[[Request, Expectation], Fetched]
"""Makes one request."""

TIMEOUT_S = 10.0
"""Total, of one request."""


class StepFailed(Exception):
    """A step that did not go as the suite says.

    Parameters
    ----------
    answered : str
        What came in place of the answer, in words; neither body nor values are repeated.
    lacking : str, optional
        The name whose value is missing in an answer that was as expected otherwise.
    """

    def __init__(self, answered: str, lacking: str | None = None) -> None:
        super().__init__(answered)
        self.answered = answered
        self.lacking = lacking


@dataclass(frozen=True)
class Asker:
    """How single requests are made to one deployment."""

    suite: Suite
    origin: str
    environment: Mapping[str, str]
    fetch: Fetch
    unique: Iterator[str]
    """Prefixes of unique values, another one for every request."""

    def take(
        self, step: SingleRequest, identity: str | None, values: Mapping[str, Scalar], timeout_s: float = TIMEOUT_S
    ) -> dict[str, Scalar]:
        """Make one step and give what it extracts.

        Parameters
        ----------
        identity : str, optional
            Who asks.
        values : mapping
            What stands for names in braces, those of the identity's login included.

        Raises
        ------
        StepFailed
            If the answer is not as expected, lacks a value, or never came; or if a value to be sent is missing.
        """
        request = replace(step_request(self.suite, step, identity, self.origin), timeout_s=timeout_s)
        try:
            sent = filled(self.suite, self.environment, request, self.unique, values)
        except KeyError as missing:
            raise StepFailed(f"was not sent: nothing gave it {{{missing.args[0]}}}") from None
        fetched = self.fetch(sent, Expectation(() if step.status is None else (step.status,)))
        if fetched.answer.kind is not None:
            status = fetched.answer.status
            raise StepFailed(f"answered status {status}" if status else f"failed: {in_words(fetched.answer.kind)}")
        return _extracted(step, fetched.body) if isinstance(step, LoginStep) else {}


def _extracted(step: LoginStep, body: bytes) -> dict[str, Scalar]:
    answer = json_of(body)
    values: dict[str, Scalar] = {}
    for name, path in step.extract.items():
        value = lookup(answer, path)
        if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
            raise StepFailed(f"answered without {path}", name)
        values[name] = value
    return values


def tokens(run_id: str) -> Iterator[str]:
    """Prefixes of unique values for requests outside the load: another one for every request of every run."""
    return (f"{run_id}-once-{number}" for number in itertools.count())


def filled(
    suite: Suite,
    environment: Mapping[str, str],
    request: Request,
    unique: Iterator[str],
    values: Mapping[str, Scalar] | None = None,
) -> Request:
    """A request with every placeholder filled.

    Raises
    ------
    KeyError
        If a value is missing, by its name.
    """
    segment = Segment(
        streams=(),
        environment=dict(environment),
        values=dict(values or {}),
        sources=sources_of(suite, [request]),
        run_token=next(unique),
    )
    return Filler(segment).fill(request, Random(0))


def json_of(body: bytes) -> object:
    """A body as JSON; None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
