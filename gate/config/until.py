"""Conditions of a search, as people write them: ``p95 <= 500ms``, ``error_rate <= 1%``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from gate.units import parse_duration_s, parse_ratio

Statistic = Literal["mean", "p50", "p90", "p95", "p99", "max", "error_rate"]
_STATISTICS = get_args(Statistic)
UNTIL_PATTERN = rf"^({'|'.join(_STATISTICS)}) ?<= ?([0-9.]{{1,20}} ?[a-z%]{{1,2}})$"


@dataclass(frozen=True)
class Until:
    """A statistic and the most it may be: seconds, for ``error_rate`` a ratio."""

    statistic: Statistic
    most: float


def parse_until(text: object) -> Until:
    """Read a condition.

    Raises
    ------
    ValueError
        If it is not a statistic, ``<=`` and a value in the unit of that statistic.
    """
    match = re.fullmatch(UNTIL_PATTERN, text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f'is no condition; write it like "p95 <= 500ms" ({", ".join(_STATISTICS)})')
    statistic: Statistic = match[1]  # type: ignore[assignment]  # the pattern has no others
    parse = parse_ratio if statistic == "error_rate" else parse_duration_s
    return Until(statistic, parse(match[2]))
