"""What a rule of recommendations finds, and words that several of them share. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gate.units import format_duration, format_rate, format_ratio, format_size
from gate.verdict.assessed import Horizon
from gate.verdict.assessment.grounds import Grounds

MOST_NAMES = 3


@dataclass(frozen=True)
class Finding:
    """Why something should be changed."""

    message: str
    """What was seen, with its numbers, and what would change it."""
    rows: list[str]
    """That it was seen in; empty where it is in figures that no row judges."""


@dataclass(frozen=True)
class Rule:
    """One kind of recommendation."""

    name: str
    horizon: Horizon
    find: Callable[[Grounds], Finding | None]
    """None where there is no cause for it."""
    is_of_the_rest: bool = False
    """It is asked about failed rows that no other rule is tied to."""


def amount(value: float, unit: str) -> str:
    """A value in its unit."""
    if unit == "ratio":
        return format_ratio(value)
    formats = {"s": format_duration, "rps": format_rate, "bytes": format_size}
    return formats[unit](value) if unit in formats else f"{value:,.3g}"


def times(factor: float) -> str:
    """A factor as people say it: ``14``, ``1.4``; never rounded up."""
    return f"{int(factor)}" if factor >= 10 else f"{int(factor * 10) / 10:g}"


def some(items: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = f" and {len(items) - MOST_NAMES} more" if len(items) > MOST_NAMES else ""
    return ", ".join(items[:MOST_NAMES]) + more


def each_once(items: Iterable[str]) -> list[str]:
    """In their order, without repeats."""
    return list(dict.fromkeys(items))
