"""What a comment or a label on a pull request asks to be accepted, by whom, and for which commit. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gate.config import hints
from gate.config.suite import Suite
from gate.errors import UsageError
from gate.gh.command import Command, commands
from gate.gh.payload import field, number, sha, text
from gate.stats.designs import METRICS

APPLICATION = "*"
"""In place of an endpoint: what all endpoints share."""
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True)
class Asked:
    """Who wants what to be accepted."""

    by: str
    """Login; whether they may is for GitHub to say."""
    at: str
    """When, ISO 8601 in UTC."""
    pull_request: int
    author: str
    """Login of the author of the pull request; empty where the account is gone."""
    head_sha: str
    """Commit it is asked for; empty for a comment, which does not know."""
    commands: tuple[Command, ...]
    label: str = ""
    """By which everything is accepted that regressed; empty for a comment, which names its rows."""


def asked_in_comment(payload: Mapping[str, object]) -> Asked | None:
    """What an ``issue_comment`` event asks for; None where it holds no command, or is not on a pull request.

    Only a comment as it was created counts: it may be edited by others than its author.

    Raises
    ------
    UsageError
        If there is a command that cannot be understood, the comment was edited, or its author is no person.
    """
    issue = field(payload, "issue")
    if not (isinstance(issue, Mapping) and issue.get("pull_request")):
        return None
    body = field(payload, "comment.body")
    found = commands(body) if isinstance(body, str) else ()
    if not found:
        return None
    action = text(payload, "action")
    if action != "created":
        raise UsageError(f"a command in a comment that was {action} is not obeyed", "write a new comment")
    return Asked(
        by=_person(payload, "comment.user"),
        at=_instant(payload, "comment.created_at"),
        pull_request=number(payload, "issue.number"),
        author=_login(issue.get("user")),
        head_sha="",
        commands=found,
    )


def asked_by_label(payload: Mapping[str, object], label: str) -> Asked | None:
    """What a ``pull_request`` event asks for if it is about this label being added; None for any other.

    The sender of such an event is who added the label.

    Raises
    ------
    UsageError
        If the label was added by no person, or the event lacks a member.
    """
    if text(payload, "action") != "labeled":
        return None
    if text(payload, "label.name").casefold() != label.casefold():  # labels are the same to GitHub in any case
        return None
    pull = field(payload, "pull_request")
    return Asked(
        by=_person(payload, "sender"),
        at=_instant(payload, "pull_request.updated_at"),
        pull_request=number(payload, "pull_request.number"),
        author=_login(pull.get("user")) if isinstance(pull, Mapping) else "",
        head_sha=sha(payload, "pull_request.head.sha"),
        commands=(),
        label=label,
    )


def for_suite(asked: Asked, suites: Mapping[str, Suite]) -> dict[str, Asked]:
    """What is asked of each suite, by its name; a label asks the same of all of them.

    Raises
    ------
    UsageError
        If a command names no row of any suite, one that cannot be accepted, or one of several suites.
    """
    if asked.label:
        return dict.fromkeys(suites, asked)
    found: dict[str, list[Command]] = {}
    for command in asked.commands:
        found.setdefault(_suite_of(command, suites), []).append(command)
    return {name: replace(asked, commands=tuple(given)) for name, given in found.items()}


def _suite_of(command: Command, suites: Mapping[str, Suite]) -> str:
    if command.suite and command.suite not in suites:
        raise UsageError(f"{command.row} names no suite", hints.cure(command.suite, suites))
    if command.metric not in METRICS:
        raise UsageError(
            f"{command.row} is no latency: only {' and '.join(METRICS)} can be accepted",
            "errors, sizes and objectives are judged by what the suite on the default branch says; change them there",
        )
    among = {command.suite: suites[command.suite]} if command.suite else suites
    fitting = [n for n, s in among.items() if command.endpoint == APPLICATION or command.endpoint in s.endpoints]
    if not fitting:
        known = {name for suite in among.values() for name in suite.endpoints}
        raise UsageError(f"{command.row} names no endpoint", hints.cure(command.endpoint, known))
    if len(fitting) > 1:
        raise UsageError(
            f"{command.row} may be a row of {' or '.join(fitting)}", "name the suite: suite/endpoint/metric"
        )
    return fitting[0]


def _person(payload: Mapping[str, object], path: str) -> str:
    login = text(payload, f"{path}.login")
    if text(payload, f"{path}.type") == "Bot" or login.endswith("[bot]"):
        raise UsageError(f"{login} is a bot, and only people accept regressions")
    return login


def _login(user: object) -> str:
    login = user.get("login") if isinstance(user, Mapping) else None
    return login if isinstance(login, str) else ""


def _instant(payload: Mapping[str, object], path: str) -> str:
    value = text(payload, path)
    if not _INSTANT.fullmatch(value):
        raise UsageError(f"the event holds no time in {path}")
    return value
