"""What everything that is watched has in common: it is read again and again, and what it does not say is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gate.record.telemetry import Relation, Source, Statement, TelemetryUnit

LONGEST_REASON = 200


class Unread(Exception):
    """A source could not be read.

    Parameters
    ----------
    reason : str
        Why, in words.
    """

    @property
    def reason(self) -> str:
        """One short line, whatever a server or a library put into it."""
        return in_a_line(str(self)) or type(self).__name__


def in_a_line(text: str) -> str:
    """A text without line breaks or control characters, cut where it is long."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[: 10 * LONGEST_REASON]).split())
    return plain if len(plain) <= LONGEST_REASON else plain[: LONGEST_REASON - 1] + "…"


@dataclass(frozen=True)
class Reading:
    """One value at one instant."""

    value: float
    unit: TelemetryUnit
    is_counter: bool = False


@dataclass(frozen=True)
class Findings:
    """What is known of a source at the end, over the whole run."""

    statements: tuple[Statement, ...] = ()
    relations: tuple[Relation, ...] = ()
    database_bytes: int | None = None
    facts: Mapping[str, float] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


class Watched(Protocol):
    """Something that is watched. Each call is bounded in time, and made in a thread that is the source's own.

    All but ``close`` raise Unread.
    """

    source: Source

    def begin(self) -> None:
        """Connect, and note what counters say before the load."""

    def read(self) -> Mapping[str, Reading]:
        """What it says now; values that it does not know are left out."""

    def end(self) -> Findings:
        """What is only known at the end."""

    def renew(self) -> None:
        """The preview was started anew; called from another thread."""

    def close(self) -> None:
        """Let go of it; never raises."""
