"""Values of a job as one line of JSON, and back: by their types, so that no field is ever forgotten."""

from __future__ import annotations

import dataclasses
import json
import signal
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from gate.load.job import Rows, Segment

T = TypeVar("T")

CAPACITY = "capacity\n"
"""In place of a segment: measure what you can do."""
ROWS = "rows "
"""Before rows that later segments draw from; there is no answer to them."""
LET_GO = "let go\n"
"""In place of a segment: close the connections that are kept for later ones; there is no answer to it."""
NOBODY = 65534
"""User and group of a worker, where the gate is root."""
STOP = signal.SIGUSR1
"""End the segment under way and give its result so far."""


def to_line(value: object) -> str:
    """One line of JSON."""
    return json.dumps(dataclasses.asdict(value), separators=(",", ":")) + "\n"  # type: ignore[call-overload]


def from_line(kind: type[T], line: str) -> T:
    """Read what ``to_line`` wrote of a value of this kind."""
    return typing.cast("T", _build(kind, json.loads(line)))


def segment_lines(segment: Segment, known: set[str]) -> Iterator[str]:
    """Lines for a worker: rows that it does not know yet, then the segment without them.

    Parameters
    ----------
    known : set of str
        Keys of the rows that this worker was given; those that are given now come to it.
    """
    sources = {}
    for name, source in segment.sources.items():
        if source.key and source.key not in known:
            known.add(source.key)
            yield ROWS + to_line(Rows(source.key, source.rows))
        sources[name] = dataclasses.replace(source, rows=()) if source.key else source
    yield to_line(dataclasses.replace(segment, sources=sources))


def with_rows(segment: Segment, rows: Mapping[str, tuple[Any, ...]]) -> Segment:
    """The segment with the rows that were given before it."""
    sources = {
        name: dataclasses.replace(source, rows=rows[source.key]) if source.key else source
        for name, source in segment.sources.items()
    }
    return dataclasses.replace(segment, sources=sources)


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
