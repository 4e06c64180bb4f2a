"""The reports of ``docs/reports``, and the claims beside them: its README is the one list of both."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "docs" / "reports"
SMALL = "ci"
"""The profile of every example's suite in small size."""
_COMMAND = re.compile(r"`([^`]*\bgate check [^`]+)`")
_CLAIM = re.compile(r"^\| (?P<claimed>[^|]+?)(?P<decides> \*)? \| (?P<section>[^|]+) \| `(?P<line>.+)` \|$", re.M)
_ABSENCE = re.compile(r"^\| (?P<reports>[a-z*-]+) \| `(?P<row>.+)` \| (?P<why>[^|]+) \|$", re.M)
_SETTING = re.compile(r"[A-Z][A-Z0-9_]*=")


class CatalogueError(Exception):
    """The README does not say how a report is made."""


@dataclass(frozen=True)
class Claim:
    """A line that a report written by hand had, and where the gate's own has it."""

    claimed: str
    section: str
    """Title of the section; ``head`` is what stands above the first."""
    line: str
    """A text of the line."""
    decides: bool
    """What came of a measurement, which follows the size and the machine: asked of committed reports only."""

    def is_in(self, report: str) -> bool:
        """Whether the section of a report has the line."""
        # The gate keeps a number and its unit together.
        return self.line in section_of(report, self.section).replace("\u00a0", " ")


@dataclass(frozen=True)
class Absence:
    """Rows that a report need not have in small size, and why."""

    reports: str
    row: str
    """Section and names, ``|`` between them; ``*`` is anything, in ``reports`` as well."""
    why: str

    def covers(self, report: str, row: str) -> bool:
        """Whether a row of a report is one of them."""
        return fnmatchcase(report, self.reports) and fnmatchcase(row, self.row)


@dataclass(frozen=True)
class Report:
    """One report, the command that makes it, and what it must have."""

    name: str
    command: str
    claims: tuple[Claim, ...]

    @property
    def file(self) -> Path:
        return REPORTS / f"{self.name}.md"

    @property
    def run_file(self) -> Path:
        """The run behind it, packed."""
        return REPORTS / f"{self.name}.run.json.gz"

    @property
    def settings(self) -> Mapping[str, str]:
        """What the command sets in its environment."""
        words = shlex.split(self.command)
        count = next((i for i, word in enumerate(words) if not _SETTING.match(word)), len(words))
        return dict(word.split("=", 1) for word in words[:count])

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command without its environment."""
        return tuple(shlex.split(self.command)[len(self.settings) :])

    @property
    def small(self) -> tuple[str, ...]:
        """The same in small size; reports that differ by their profile alone have one such run in common."""
        words = list(self.arguments)
        if "--profile" in words:
            at = words.index("--profile")
            del words[at : at + 2]
        return (*words, "--profile", SMALL)

    @property
    def suite(self) -> Path:
        return ROOT / self.arguments[self.arguments.index("--suite") + 1]


def reports() -> tuple[Report, ...]:
    """All of them, in the order of the README.

    Raises
    ------
    CatalogueError
        If a section names no command.
    """
    sections = (REPORTS / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]
    return tuple(_report(*section.split("\n", 1)) for section in sections)


def absences() -> tuple[Absence, ...]:
    """What the README says that small size leaves out."""
    head = (REPORTS / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    return tuple(Absence(row["reports"], row["row"].replace(r"\|", "|"), row["why"]) for row in _ABSENCE.finditer(head))


def _report(name: str, text: str) -> Report:
    command = _COMMAND.search(text.replace("\n", " "))
    if command is None or "--suite " not in command[1]:
        raise CatalogueError(f"docs/reports/README.md: {name} names no `gate check --suite FILE` that makes it")
    claims = (
        Claim(row["claimed"], row["section"], row["line"].replace(r"\|", "|"), row["decides"] is not None)
        for row in _CLAIM.finditer(text)
    )
    return Report(name, command[1], tuple(claims))


def section_of(report: str, title: str) -> str:
    """The text of a section; empty where there is none."""
    head, *sections = report.split("\n## ")
    if title == "head":
        return head
    return next((text for text in sections if text.partition("\n")[0] == title), "")
