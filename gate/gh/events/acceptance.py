"""What a comment or a label on a pull request asks to be accepted, by whom, and for which commit. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gate.config import hints
from gate.config.suite import Suite
from gate.errors import UsageError
from gate.gh.events.command import Command, commands
from gate.gh.events.payload import field, sha, text
from gate.stats.designs import METRICS

APPLICATION = "*"
"""In place of an endpoint: what all endpoints share."""
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True)
class Asked:
    """Who wants what to be accepted; not whether they may."""

    by: str
    """Login of who wrote the comment or added the label."""
    is_person: bool
    at: str
    """When, ISO 8601 in UTC."""
    author: str
    """Login of the author of the pull request; empty where the account is gone."""
    head_sha: str = ""
    """Commit it is asked for; empty for a comment, which does not know."""
    commands: tuple[Command, ...] = ()
    label: str = ""
    """The label that was added; empty for a comment, which names its rows."""


def asked_in_comment(payload: Mapping[str, object]) -> Asked | None:
    """What an ``issue_comment`` event asks for; None where its comment begins with no command.

    Meant for comments that were created: one that was edited may have been by others than its author.

    Raises
    ------
    UsageError
        If there is a command that cannot be understood, or the event lacks a member.
    """
    body = field(payload, "comment.body")
    found = commands(body) if isinstance(body, str) else ()
    if not found:
        return None
    by, author = text(payload, "comment.user.login"), _author(payload, "issue")
    return Asked(
        by, _is_person(payload, "comment.user"), _instant(payload, "comment.created_at"), author, commands=found
    )


def asked_by_label(payload: Mapping[str, object]) -> Asked:
    """What a ``pull_request`` event asks for that is about a label being added; its sender is who added it.

    Whether this label accepts anything is for each suite to say.

    Raises
    ------
    UsageError
        If the event lacks a member.
    """
    return Asked(
        text(payload, "sender.login"),
        _is_person(payload, "sender"),
        _instant(payload, "pull_request.updated_at"),
        _author(payload, "pull_request"),
        head_sha=sha(payload, "pull_request.head.sha"),
        label=text(payload, "label.name"),
    )


def for_suite(asked: Asked, suites: Mapping[str, Suite]) -> dict[str, Asked]:
    """What is asked of each suite, by its name; nothing of those that have another label.

    Raises
    ------
    UsageError
        If a command names no row of any suite, one that cannot be accepted, or one of several suites.
    """
    if asked.label:
        label = asked.label.casefold()  # GitHub takes labels that differ only in case for one
        return {name: asked for name, suite in suites.items() if suite.policy.accept_label.casefold() == label}
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


def _is_person(payload: Mapping[str, object], path: str) -> bool:
    return text(payload, f"{path}.type") == "User" and not text(payload, f"{path}.login").endswith("[bot]")


def _author(payload: Mapping[str, object], path: str) -> str:
    return "" if field(payload, f"{path}.user") is None else text(payload, f"{path}.user.login")


def _instant(payload: Mapping[str, object], path: str) -> str:
    value = text(payload, path)
    if not _INSTANT.fullmatch(value):
        raise UsageError(f"the event holds no time in {path}")
    return value
