"""Before the load: wait until a preview is up, see which commit it serves, ask once what may not be loaded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gate.config.environment import Redactor
from gate.config.jsonpath import lookup
from gate.config.preview import Revealed
from gate.config.suite import Suite
from gate.errors import NotMeasured
from gate.load.job import Expectation, Request, Scalar
from gate.load.kinds import in_words
from gate.load.transport import Fetched
from gate.measure.access import expectation
from gate.measure.single import Fetch, filled, json_of

_ANY_BELOW_500 = tuple(range(100, 500))
_COMMIT = re.compile(r"[0-9A-Za-z._-]{1,64}")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_HOPELESS = {
    "tls": "its certificate or its TLS version is not accepted",
    "bad_url": "libcurl cannot read its URL",
}


@dataclass(frozen=True)
class Clock:
    """Time as this module needs it; tests bring their own."""

    now_s: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Up:
    """A preview that is ready."""

    after_s: float
    commit: str | None


def wait_ready(
    suite: Suite,
    origin: str,
    environment: Mapping[str, str],
    expected_commit: str | None,
    fetch: Fetch,
    clock: Clock,
    unique: Iterator[str],
) -> Up:
    """Ask until the preview answers as ready and, if the suite can tell, serves the expected commit.

    Raises
    ------
    NotMeasured
        When the deadline passes, with what was seen and how often; at once where waiting cannot help.
    """
    ready = suite.preview.ready
    request = filled(suite, environment, Request("GET", origin + ready.path, dict(suite.preview.headers)), unique)
    expect = Expectation(_ANY_BELOW_500 if ready.status is None else (ready.status,))
    started, pause = clock.now_s(), _FIRST_PAUSE_S
    seen: Counter[str] = Counter()
    while True:
        left = started + ready.timeout_s - clock.now_s()
        fetched = fetch(replace(request, timeout_s=max(0.1, min(request.timeout_s, left))), expect)
        problem = fetched.answer.kind
        if problem is None:
            commit = _served_commit(suite, origin, environment, fetched, fetch, unique)
            if expected_commit is None or suite.preview.commit is None or is_same_commit(commit, expected_commit):
                return Up(clock.now_s() - started, commit)
            problem = f"serves commit {_shown(commit)}"
        if problem in _HOPELESS:
            raise NotMeasured(f"the preview cannot be reached: {_HOPELESS[problem]}")
        seen[in_words(problem)] += 1
        if not clock.now_s() + pause < started + ready.timeout_s:
            raise _never_ready(suite, seen, expected_commit)
        clock.sleep(pause)
        pause = min(_LONGEST_PAUSE_S, pause * 1.5)


def _never_ready(suite: Suite, seen: Counter[str], expected_commit: str | None) -> NotMeasured:
    history = ", ".join(f"{what} ({count} x)" for what, count in seen.most_common(5))
    timeout_s = suite.preview.ready.timeout_s
    if expected_commit is not None and any(what.startswith("serves commit") for what in seen):
        told = any(what.startswith("serves commit '") for what in seen)
        return NotMeasured(
            f"the preview did not serve commit {expected_commit[:12]} within {timeout_s:g} s: {history}",
            "wait for the deployment before the gate runs, or raise preview.ready.timeout"
            if told
            else "its answers do not hold what preview.commit names: correct it, or have the application tell it",
        )
    return NotMeasured(
        f"the preview was not ready within {timeout_s:g} s at {suite.preview.ready.path}: {history}",
        "see preview.ready in the suite: path, status, timeout",
    )


def revealed(
    suite: Suite,
    source: Revealed,
    origin: str,
    environment: Mapping[str, str],
    fetch: Fetch,
    unique: Iterator[str],
    known: Fetched | None = None,
) -> object:
    """What a deployment tells of itself; None if it does not.

    Parameters
    ----------
    known : Fetched, optional
        Its answer as ready, which is looked at where the suite names no path.
    """
    answer = known
    if answer is None or source.path is not None:
        path = suite.preview.ready.path if source.path is None else source.path
        request = Request("GET", origin + path, dict(suite.preview.headers))
        answer = fetch(filled(suite, environment, request, unique), Expectation())
    if source.json_path is not None:
        return lookup(json_of(answer.body), source.json_path)
    return answer.headers.get(source.header.lower()) if source.header is not None else None


def _served_commit(
    suite: Suite,
    origin: str,
    environment: Mapping[str, str],
    ready_answer: Fetched,
    fetch: Fetch,
    unique: Iterator[str],
) -> str | None:
    source = suite.preview.commit
    if source is None:
        return None
    value = revealed(suite, source, origin, environment, fetch, unique, ready_answer)
    if not isinstance(value, str) or not _COMMIT.fullmatch(value):
        return None
    # It goes into files and reports: not if the preview repeats there what it was sent.
    return value if Redactor(environment).redact(value) == value else None


def is_same_commit(served: str | None, expected: str) -> bool:
    """Whether two commits agree, either of which may be shortened to seven digits or more."""
    if served is None or min(len(served), len(expected)) < 7:
        return False
    short, long = sorted((served.lower(), expected.lower()), key=len)
    return long.startswith(short)


def _shown(commit: str | None) -> str:
    return repr(commit[:40]) if commit else "unknown"


def ask_once(
    suite: Suite,
    name: str,
    request: Request,
    environment: Mapping[str, str],
    values: Mapping[str, Scalar],
    fetch: Fetch,
    unique: Iterator[str],
) -> Fetched:
    """One request of an endpoint that may not be loaded."""
    expect = expectation(suite.endpoints[name])
    fetched = fetch(filled(suite, environment, request, unique, values), expect)
    if expect.no_graphql_errors and fetched.answer.kind is None:
        body = json_of(fetched.body)
        if not isinstance(body, dict) or body.get("errors"):
            return replace(fetched, answer=replace(fetched.answer, kind="graphql_errors"))
    return fetched
