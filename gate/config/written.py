"""How values of the suite are written: notes beside their types, for error messages and for the JSON schema."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from gate import units


def _in_largest_unit(value: float, sizes: dict[str, float]) -> str:
    """A value in the largest unit that needs no fraction and leaves a number above one: 60 s is 60s, 300 s is 5m."""
    whole = [
        (round(value / size), unit)
        for unit, size in sorted(sizes.items(), key=lambda item: -item[1])
        if round(value / size) >= 1 and math.isclose(round(value / size) * size, value, rel_tol=1e-9)
    ]
    usable = [f"{number}{unit}" for number, unit in whole if 1 < number < 1000]
    return (usable or [f"{number}{unit}" for number, unit in whole] or [f"{value:g}s"])[0]


def _written_duration(value: float) -> str:
    return _in_largest_unit(value, {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0})


def _written_size(value: float) -> str:
    return _in_largest_unit(value, {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9})


@dataclass(frozen=True)
class Unit:
    """How a number of the suite is written; found by the wording of errors and by the JSON schema."""

    pattern: str
    examples: tuple[str, ...]
    write: Callable[[float], str]
    """The number as a person would write it into a suite."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Text with a unit, whatever number it becomes."""
        return {"type": "string", "pattern": self.pattern, "examples": list(self.examples)}


@dataclass(frozen=True)
class Also:
    """A shorter form that is accepted too, for the JSON schema; a validator before it makes the longer one."""

    short: Callable[[JsonSchemaValue], JsonSchemaValue]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Either form."""
        whole = handler(core)
        return {"anyOf": [self.short(whole), whole]}


DURATION = Unit(units.DURATION_PATTERN, ("200ms", "2s", "5m"), _written_duration)
RATE = Unit(units.RATE_PATTERN, ("20/s", "600/m"), lambda value: f"{value:.15g}/s")
RATIO = Unit(units.RATIO_PATTERN, ("5%", "0.1%"), lambda value: f"{value * 100:g}%")
SIZE = Unit(units.SIZE_PATTERN, ("200B", "64KiB", "5MB"), _written_size)
