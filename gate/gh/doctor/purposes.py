"""What a job of the gate is for, by what starts it, and which rights it needs for that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gate.config.suite import Suite
from gate.gh.doctor.facts import Unseen
from gate.gh.doctor.workflow_files import GateJob

_OF_PUSHES = frozenset({"opened", "synchronize", "reopened"})


@dataclass(frozen=True)
class Purpose:
    """Something that a job of the gate is for."""

    name: str
    template: str
    """The workflow to copy."""
    rights: Mapping[str, str]


CHECK = Purpose("pull requests", "pull-request.yml", {"contents": "read", "pull-requests": "write", "checks": "write"})
REFRESH = Purpose("refresh", "refresh.yml", {"contents": "write", "pull-requests": "read", "checks": "read"})
QUEUE = Purpose("merge queue", "merge-queue.yml", {"contents": "read", "pull-requests": "read", "checks": "write"})
ACCEPT = Purpose(
    "acceptance",
    "accept.yml",
    {"contents": "read", "actions": "read", "pull-requests": "write", "checks": "write"},
)


def serves(job: GateJob, purpose: Purpose, default_branch: str) -> bool:
    """Whether a job starts for a purpose, as far as its file says."""
    events, mode = job.events, job.inputs.get("mode", "auto")
    if purpose is REFRESH:
        on_push = "push" in events and _reaches(events["push"], default_branch)
        return _may_be(mode, "refresh") and (on_push or "schedule" in events)
    if not _may_be(mode, "check"):
        return False
    if purpose is QUEUE:
        return "merge_group" in events
    if purpose is ACCEPT:
        return "issue_comment" in events or "labeled" in _types(events.get("pull_request"))
    if "pull_request" in events:
        types = _types(events["pull_request"])
        return _reaches(events["pull_request"], default_branch) and (not types or bool(types & _OF_PUSHES))
    return bool(events.keys() & {"workflow_run", "deployment_status"})


def lacking(job: GateJob, purpose: Purpose, suite: Suite | None, default_rights: str | Unseen) -> dict[str, str] | None:
    """Rights that a job needs and has not; None where that depends on a setting that could not be read."""
    rights = dict(purpose.rights)
    is_found = suite is not None and suite.preview.find is not None and suite.preview.url is None
    if purpose is not ACCEPT and is_found and "preview-url" not in job.inputs:
        rights["deployments"] = "read"
    if purpose is REFRESH and suite is not None and not suite.baselines.store.startswith("branch:"):
        rights["contents"] = "read"
    given = job.permissions
    if given is None:
        if isinstance(default_rights, Unseen):
            return None
        given = {"*": "write"} if default_rights == "write" else {"contents": "read", "packages": "read"}
    return {name: right for name, right in rights.items() if not _grants(given, name, right)}


def _may_be(mode: str, wanted: str) -> bool:
    return mode in ("auto", wanted) or "${{" in mode


def _grants(given: Mapping[str, str], name: str, right: str) -> bool:
    if name == "checks" and right == "write" and _has(given, "statuses", "write"):
        return True  # a commit status in place of the check run
    return _has(given, name, right)


def _has(given: Mapping[str, str], name: str, right: str) -> bool:
    has = given.get(name, given.get("*", "none"))
    return has == "write" or has == right


def _types(limits: Mapping[str, object] | None) -> frozenset[str]:
    return frozenset(_several((limits or {}).get("types")) or ())


def _reaches(limits: Mapping[str, object], branch: str) -> bool:
    """Whether an event of a branch starts the workflow; of a push, one that is limited to tags does not."""
    patterns, ignored = _several(limits.get("branches")), _several(limits.get("branches-ignore"))
    if patterns is None and ignored is None:
        return "tags" not in limits
    if patterns is None:
        return not any(fnmatchcase(branch, pattern) for pattern in ignored or ())
    return any(fnmatchcase(branch, pattern) for pattern in patterns)


def _several(value: object) -> list[str] | None:
    """One text or a list of them; None where nothing is said."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else None
