"""The suites of a run as they count: those of the base commit, and what the pull request would make of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Self

from gate.config.read import read_suite as parse_suite
from gate.config.suite import Suite
from gate.errors import Cancelled, GateError, UsageError
from gate.gh.events.added import left_out, with_added
from gate.gh.events.plan import ActionPlan
from gate.gh.events.resolve import files_beside, read_suite
from gate.gh.rest.client import Client
from gate.gh.rest.failures import ApiError, while_reading_policy
from gate.gh.rest.pulls import MOST_FILES, Pulls
from gate.gh.rest.shapes import ChangedFile, PullRequest
from gate.gh.telling.annotations import lines_of
from gate.record.value import Notice

CHANGED = "suite-changed"
_SUBMODULE = re.compile(r"^[+-]Subproject commit ", re.MULTILINE)
"""How git writes that a submodule stands at another commit; what changes in it is listed nowhere."""


@dataclass(frozen=True)
class SuiteAt:
    """A suite, and how it counts here."""

    path: str
    suite: Suite
    in_effect: bool = True
    """False: the base commit has no such suite, so the head's own is measured and nothing is judged."""
    notices: tuple[Notice, ...] = ()
    unaffected: bool = False
    """Whether the suite says that what this pull request touches is none of its business."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line of each endpoint and scenario in the file."""
    alone: tuple[Suite, tuple[Notice, ...]] | None = None
    """Suite and notices without what the pull request adds; None where it adds nothing."""

    def beside_base(self) -> Self:
        """As it counts beside a base deployment, and wherever that may have been."""
        if self.alone is None:
            return self
        return replace(self, suite=self.alone[0], notices=self.alone[1], alone=None)


def read_suites(plan: ActionPlan, client: Client) -> tuple[SuiteAt, ...]:
    """Every suite of the plan; of a pull request also what it changes of them.

    Raises
    ------
    UsageError
        If one is absent, is no suite, or has the name of another.
    NotMeasured
        If GitHub is away.
    """
    # A merge queue's commit may hold other pull requests besides the one it is named after.
    touched = _touched(plan, client) if plan.pull_requests and not plan.is_queued else None
    found = tuple(_read(plan, path, client, touched) for path in plan.suite_paths)
    names = [at.suite.name for at in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        paths = " and ".join(at.path for at in found if at.suite.name == twice)
        raise UsageError(f"{paths} are both called {twice!r}", "give each a name of its own with the key suite")
    return found


def _read(plan: ActionPlan, path: str, client: Client, touched: frozenset[str] | None) -> SuiteAt:
    content = read_suite(plan, path, client)
    if content is None:
        content = _of_head(plan, path, client)
        suite = parse_suite(content, path, files_beside(path, plan.head_sha, client))
        return SuiteAt(path, suite, in_effect=False, lines=lines_of(content))
    suite, lines = parse_suite(content, path, files_beside(path, plan.policy_sha, client)), lines_of(content)
    if not plan.pull_requests or not plan.head_sha:
        return SuiteAt(path, suite, lines=lines)
    head = _read_at_head(plan, path, client)
    if head == content:
        return SuiteAt(path, suite, unaffected=_is_unaffected(suite, touched), lines=lines)
    return replace(_changed(plan, path, suite, head, client), lines=lines)


def _of_head(plan: ActionPlan, path: str, client: Client) -> bytes:
    """The suite that this pull request adds. From a fork it would let a stranger name the target of the load."""
    if plan.fork:
        raise UsageError(
            f"the base commit has no {path}, and a fork's own is never used",
            "merge the suite first; from then on it is in effect",
        )
    content = _read_at_head(plan, path, client)
    if content is None:
        raise UsageError(f"neither the base commit nor the pull request has {path}", "see input suite")
    return content


def _read_at_head(plan: ActionPlan, path: str, client: Client) -> bytes | None:
    try:
        return client.read_file(path, plan.head_sha)
    except ApiError as error:
        raise while_reading_policy(error) from error


def _changed(plan: ActionPlan, path: str, suite: Suite, head: bytes | None, client: Client) -> SuiteAt:
    if head is None:
        gone = Notice(code=CHANGED, message=f"{path} is removed here; not in effect until merged")
        return SuiteAt(path, suite, notices=(gone,))
    told = Notice(code=CHANGED, message=f"{path} is changed here; not in effect until merged")
    if plan.fork:
        return SuiteAt(path, suite, notices=(told,))
    try:
        new = parse_suite(head, path, files_beside(path, plan.head_sha, client))
    except Cancelled:
        raise
    except GateError as error:
        first = error.message.splitlines()[0]
        refused = Notice(code=CHANGED, message=f"after the merge it will be refused: {first}")
        return SuiteAt(path, suite, notices=(told, refused))
    more, added = with_added(suite, new)
    alone = (suite, (told, *left_out(suite, new))) if added else None
    return SuiteAt(path, more, notices=(told, *added), alone=alone)


def _touched(plan: ActionPlan, client: Client) -> frozenset[str] | None:
    """Every path that the pull requests touch; None where GitHub does not surely list them all."""
    pulls, names = Pulls(client.api, client.repository), set[str]()
    try:
        for number in plan.pull_requests:
            files = pulls.files(number)
            if not _is_whole(files, pulls.get(number), plan):
                return None
            names |= {name for file in files for name in (file.filename, file.previous_filename) if name}
    except ApiError as error:
        raise while_reading_policy(error) from error
    return frozenset(names)


def _is_whole(files: Sequence[ChangedFile], pull: PullRequest, plan: ActionPlan) -> bool:
    """Whether a list of files is all that the head under test changes of the default branch.

    GitHub lists against whatever the base is by now. A branch of the author's own may hold the change already, and the
    pull request can be pointed at the default branch once the check is green. A list of a head that was pushed
    meanwhile would speak for a commit it does not know.
    """
    return (
        0 < len(files) < MOST_FILES
        and len(files) == pull.changed_files
        and pull.head.sha == plan.head_sha
        and pull.base.ref == plan.default_branch
        and not any(_SUBMODULE.search(file.patch or "") for file in files)
    )


def _is_unaffected(suite: Suite, touched: frozenset[str] | None) -> bool:
    """Whether surely no path of the suite's is touched; a suite without paths is always affected."""
    return bool(suite.paths) and touched is not None and not any(matches(name, suite.paths) for name in touched)


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a path is meant by a pattern: ``*`` is anything inside a folder, ``**`` any number of folders.

    So is one below which the pattern goes on: a link or a submodule is listed as one path, whatever it stands for.
    """
    parts = name.split("/")
    return any(_is_meant(parts, pattern) or _goes_on_below(parts, pattern) for pattern in map(_split, patterns))


def _split(pattern: str) -> list[str]:
    return pattern.split("/")


def _goes_on_below(parts: list[str], pattern: list[str]) -> bool:
    above = pattern[: len(parts)]
    return len(pattern) > len(parts) and "**" not in above and all(map(fnmatchcase, parts, above))


def _is_meant(parts: list[str], pattern: list[str]) -> bool:
    """Whether the pattern means just this path.

    Every part is looked at once, with all places of the pattern that it may be at: a stranger chooses the path, and
    going back would take hours for a deep one.
    """
    places = _with_those_behind({0}, pattern)
    for part in parts:
        stayed = {at for at in places if pattern[at : at + 1] == ["**"]}
        moved = {at + 1 for at in places - stayed if at < len(pattern) and fnmatchcase(part, pattern[at])}
        places = _with_those_behind(stayed | moved, pattern)
    return len(pattern) in places


def _with_those_behind(places: set[int], pattern: list[str]) -> set[int]:
    """The places and those behind a ``**``, which may stand for no folder."""
    found = set(places)
    for at in range(len(pattern)):
        if at in found and pattern[at] == "**":
            found.add(at + 1)
    return found
