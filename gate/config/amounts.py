"""A limit on something that a server tells of itself: a number with the unit it is written in. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema

from gate import units

Unit = Literal["bytes", "ratio", "count", "s", "per_s"]

_FORMS: tuple[tuple[str, Unit], ...] = (
    (units.SIZE_PATTERN, "bytes"),
    (units.RATIO_PATTERN, "ratio"),
    (units.DURATION_PATTERN, "s"),
    (units.RATE_PATTERN, "per_s"),
)


@dataclass(frozen=True)
class Amount:
    """A number in SI units, and which unit it is."""

    value: float
    unit: Unit


def parse_amount(written: object) -> Amount:
    """What ``100B``, ``99%``, ``10ms``, ``5/s`` or a plain number says.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if isinstance(written, Amount):
        return written
    if isinstance(written, int | float) and not isinstance(written, bool) and math.isfinite(written) and written >= 0:
        return Amount(float(written), "count")
    if isinstance(written, str):
        unit = next((unit for pattern, unit in _FORMS if re.fullmatch(pattern, written)), None)
        if unit is not None:
            return Amount(_value(written, unit), unit)
    raise ValueError("is no amount; write it like 100B, 99%, 10ms, 5/s, or 10 for a number of things")


def _value(written: str, unit: Unit) -> float:
    if unit == "bytes":
        return float(units.parse_size_bytes(written))
    if unit == "ratio":
        return units.parse_ratio(written)
    return units.parse_duration_s(written) if unit == "s" else units.parse_rate_rps(written)


_SCHEMA = {
    "anyOf": [
        {"type": "number", "minimum": 0},
        *({"type": "string", "pattern": pattern} for pattern, _ in _FORMS),
    ],
    "examples": ["100B", "99%", "10ms", "5/s", 10],
}

WrittenAmount = Annotated[Amount, BeforeValidator(parse_amount), WithJsonSchema(_SCHEMA)]
"""An amount as people write it."""
