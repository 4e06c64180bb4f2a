"""Values of a job as one line of JSON, and back: by their types, so that no field is ever forgotten."""

from __future__ import annotations

import dataclasses
import json
import signal
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")

CAPACITY = "capacity\n"
"""In place of a segment: measure what you can do."""
STOP = signal.SIGUSR1
"""End the segment under way and give its result so far."""


def to_line(value: object) -> str:
    """One line of JSON."""
    return json.dumps(dataclasses.asdict(value), separators=(",", ":")) + "\n"  # type: ignore[call-overload]


def from_line(kind: type[T], line: str) -> T:
    """Read what ``to_line`` wrote of a value of this kind."""
    return typing.cast("T", _build(kind, json.loads(line)))


def _build(kind: Any, raw: Any) -> Any:  # noqa: ANN401 - whatever the type says
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _build(hints[name], value) for name, value in raw.items()})  # type: ignore[operator]
    if origin in (types.UnionType, typing.Union):
        inner = next(argument for argument in arguments if argument is not types.NoneType)
        return None if raw is None else _build(inner, raw)
    if origin is tuple and arguments[-1] is Ellipsis:
        return tuple(_build(arguments[0], item) for item in raw)
    if origin is list:
        return [_build(arguments[0], item) for item in raw]
    if origin is dict:
        return {arguments[0](key): _build(arguments[1], item) for key, item in raw.items()}
    return raw
