"""Commands at the beginning of a comment: how they are written, and what is none. Pure.

A command stands at the very beginning of a comment: its first lines, each ``/gate accept ROW REASON``, are the
commands, and from the first other line on all is prose. So nothing that is quoted, shown as code or hidden in HTML can
be one, and no Markdown has to be understood to know that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.config.scalars import NAME_PATTERN
from gate.errors import UsageError
from gate.lines import safe_line

MAX_COMMANDS = 20
MAX_REASON = 200
_MAX_SHOWN = 80
_NAME = NAME_PATTERN.strip("^$")
_COMMAND = re.compile(r"/gate(?![^ \t])")
_ACCEPT = re.compile(r"/gate[ \t]+accept[ \t]+(?P<row>[^ \t]+)[ \t]+(?P<reason>[^ \t].*)")
_ROW = re.compile(rf"(?:(?P<suite>{_NAME})/)?(?P<endpoint>{_NAME}|\*)/(?P<metric>[a-z][a-z0-9_:]*)")
_LIKE = "write it like `/gate accept search/p95 the new index lands next week`, at the beginning of a comment"


@dataclass(frozen=True)
class Command:
    """One row that is to be accepted."""

    suite: str
    """Empty where the command leaves it out."""
    endpoint: str
    """``*`` is what all endpoints share."""
    metric: str
    reason: str

    @property
    def row(self) -> str:
        """As it is written."""
        return "/".join(part for part in (self.suite, self.endpoint, self.metric) if part)


def commands(body: str) -> tuple[Command, ...]:
    """Commands at the beginning of a comment; none if it begins with anything else.

    Raises
    ------
    UsageError
        If any of them cannot be understood: none is obeyed then.
    """
    found = tuple(_command(line) for line in _command_lines(body))
    if len(found) > MAX_COMMANDS:
        raise UsageError(f"the comment holds {len(found)} commands, more than {MAX_COMMANDS}", _LIKE)
    rows = [command.row for command in found]
    twice = next((row for row in rows if rows.count(row) > 1), None)
    if twice is not None:
        raise UsageError(f"the comment accepts {twice} twice", "give each row once")
    return found


def _command_lines(body: str) -> Iterator[str]:
    for line in re.split(r"\r\n|\r|\n", body):
        if not line.strip():
            continue
        if not _COMMAND.match(line):
            return
        yield line.rstrip()


def _command(line: str) -> Command:
    found = _ACCEPT.fullmatch(line)
    if found is None:
        raise UsageError(f"the command {_shown(line)} cannot be understood", _LIKE)
    row = _ROW.fullmatch(found["row"].strip("`"))  # as it is copied out of a comment
    if row is None:
        raise UsageError(
            f"{_shown(found['row'])} is no row", f"a row is endpoint/metric or suite/endpoint/metric; {_LIKE}"
        )
    reason = " ".join(found["reason"].split())
    if not reason.isprintable():
        raise UsageError(f"the reason for {row[0]} holds a character that cannot be seen", "write it in plain text")
    if len(reason) > MAX_REASON:
        raise UsageError(f"the reason for {row[0]} has {len(reason)} characters, more than {MAX_REASON}", "be brief")
    return Command(row["suite"] or "", row["endpoint"], row["metric"], reason)


def _shown(line: str) -> str:
    return repr(safe_line(line, _MAX_SHOWN))
