"""Reading a suite: bytes in, a suite out, or every problem of the file at once with line and cure."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gate.config import shown, wording
from gate.config.checks import Location, MisplacedError
from gate.config.draft import Draft
from gate.config.files import ReadFile, no_files, with_files
from gate.config.later import later_keys
from gate.config.plain import Refused, decode
from gate.config.suite import Suite
from gate.config.tree import Problem, Tree, read_tree
from gate.errors import SuiteError

MOST_PROBLEMS = 20
_MOST_ROUNDS = 12
"""Each takes out at least one level of what is wrong; the models have fewer."""
_BODIES: tuple[Location, ...] = (
    ("endpoints", "*", "json"),
    ("endpoints", "*", "graphql", "variables"),
    ("endpoints", "*", "cleanup", "json"),
    ("sockets", "*", "message"),
    ("identities", "*", "login", "*", "json"),
    ("setup", "*", "json"),
    ("teardown", "*", "json"),
    ("probes", "*", "json"),
    ("probes", "*", "expect", "schema"),
    ("probes", "*", "some", "schema"),
    ("probes", "*", "steps", "*", "json"),
    ("probes", "*", "steps", "*", "expect", "schema"),
)
"""Where JSON bodies stand, ``*`` for any name or number: the only places where nothing is a value."""


def read_suite(text: bytes, source: str, read: ReadFile = no_files) -> Suite:
    """The suite that a file holds.

    Parameters
    ----------
    text : bytes
        Content of the file.
    source : str
        What to call the file in messages.
    read : callable, optional
        Reads a file beside the suite.

    Raises
    ------
    SuiteError
        If anything in it is wrong; names each problem with its line, what is wrong and what to do.
    """
    try:
        tree = read_tree(decode(text))
    except Refused as refused:
        raise _error([Problem(refused.line, (), refused.what, refused.cure, refused.seen)], source) from None
    findings = _Findings(list(tree.problems))
    suite = _judge(tree, findings) if tree.is_whole else None
    if suite is not None and not findings.problems:
        suite, faults = with_files(suite, read)
        findings.problems += [
            Problem(tree.line(fault.location), tree.nearest(fault.location), fault.what, fault.cure) for fault in faults
        ]
    if suite is None or findings.problems:
        raise _error(findings.problems, source, findings.unsaid)
    return suite


@dataclass
class _Findings:
    problems: list[Problem]
    unsaid: int = 0
    """Problems that were only counted: a file can hold thousands, people read the first."""


def _error(problems: list[Problem], source: str, unsaid: int = 0) -> SuiteError:
    problems = sorted(problems, key=lambda problem: problem.line)
    lines = [_line(problem, shown.plain(source, 200)) for problem in problems[:MOST_PROBLEMS]]
    unsaid += len(problems) - len(lines)
    return SuiteError("\n".join([*lines, f"and {unsaid} more"] if unsaid else lines))


def _line(problem: Problem, source: str) -> str:
    place = f"{shown.path(problem.location)}: " if problem.location else ""
    seen = f" (seen: {problem.seen})" if problem.seen else ""
    cure = f"; {problem.cure}" if problem.cure else ""
    return f"{source}:{problem.line}: {place}{problem.what}{seen}{cure}"


def _judge(tree: Tree, findings: _Findings) -> Suite | None:
    if not isinstance(tree.data, dict):
        what = "the file is empty" if tree.data is None else "the file holds no keys"
        findings.problems += [] if findings.problems else [Problem(1, (), what, wording.SMALLEST)]
        return None
    draft = Draft(tree.data)
    draft.take_out(*tree.unread)
    findings.problems += _later(tree, draft)
    findings.problems += _empty(tree, draft)
    for _ in range(_MOST_ROUNDS):
        try:
            return Suite.model_validate(draft.data)
        except ValidationError as error:
            if not _note(error.errors(include_url=False), tree, draft, findings):
                break
    return None


def _later(tree: Tree, draft: Draft) -> list[Problem]:
    found = []
    for location, cure in list(later_keys(draft.data)):
        found.append(Problem(tree.key_line(location), location, "not in this version", cure))
        # Name by name: a mix may name a journey of the file, but another name in it is still a misfit.
        below = draft.value(location)
        draft.take_out(*[(*location, name) for name in below] if below and isinstance(below, dict) else [location])
    for location, _ in list(later_keys(draft.data)):
        draft.drop(location)
    return found


def _empty(tree: Tree, draft: Draft) -> list[Problem]:
    found = []
    for location, place in tree.places.items():
        is_null = location and place.text is not None and draft.value(location) is None
        if not is_null or draft.is_consequence(location) or (place.text and _is_in_body(location)):
            continue
        found.append(Problem(place.line, location, "is empty", wording.cure_of_nothing(location)))
    draft.take_out(*(problem.location for problem in found))
    return found


def _is_in_body(location: Location) -> bool:
    """Whether a location is inside a JSON body."""
    return any(
        len(location) > len(body) and all(key in ("*", part) for key, part in zip(body, location, strict=False))
        for body in _BODIES
    )


def _note(details: list[ErrorDetails], tree: Tree, draft: Draft, findings: _Findings) -> bool:
    """Note what the models found and take it out. False if there is nothing more to be found."""
    misplaced = details[0].get("ctx", {}).get("error")
    if isinstance(misplaced, MisplacedError):
        for misfit in misplaced.misfits:
            if not any(draft.is_consequence(place) for place in (misfit.location, *misfit.also)):
                what, _, cure = misfit.message.partition("; ")
                place = tree.nearest(misfit.location)
                findings.problems.append(Problem(tree.line(misfit.location), place, what, cure))
        return False
    fresh = []
    for error in details:
        location = wording.place_of(error)
        about = location[:-1] or location if error["type"] == "missing" else location
        if not draft.is_consequence(about):
            fresh.append(error)
    fresh.sort(key=lambda error: wording.line_of(error, tree))
    findings.problems += [wording.problem(error, tree) for error in fresh[:MOST_PROBLEMS]]
    findings.unsaid += len(fresh[MOST_PROBLEMS:])
    return draft.take_out(*(wording.place_of(error) for error in details))
