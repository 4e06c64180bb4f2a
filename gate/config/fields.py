"""What the models say about a place of the suite: its type, the keys below it, the unit it is written in."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gate.config.checks import Location
from gate.config.suite import Suite
from gate.config.written import Unit


def keys_at(location: Location) -> list[str]:
    """Keys that may stand below a location; none where names are free."""
    return list(_fields(type_at(location)[0]))


def unit(extras: tuple[object, ...]) -> Unit | None:
    """The unit among what is noted beside a type."""
    return next((extra for extra in extras if isinstance(extra, Unit)), None)


def type_at(location: Location) -> tuple[Any, tuple[object, ...]]:
    """Type that the models have for a location, without its optional part, and what is noted beside it."""
    found: Any = Suite
    extras: tuple[object, ...] = ()
    for part in location:
        known = _fields(found)
        if str(part) in known:
            found, extras = type_of(known[str(part)])
        else:  # below a mapping or a list; nothing is known below anything else
            found, extras = _bare((get_args(found) or (None,))[-1], ())
    return found, extras


def type_of(field: FieldInfo) -> tuple[Any, tuple[object, ...]]:
    """Type of a field, without its optional part, and what is noted beside it."""
    return _bare(field.annotation, tuple(field.metadata))


def _fields(model: object) -> dict[str, FieldInfo]:
    if isinstance(model, type) and issubclass(model, BaseModel):
        return {field.alias or name: field for name, field in model.model_fields.items()}
    return {}


def _bare(found: Any, extras: tuple[object, ...]) -> tuple[Any, tuple[object, ...]]:  # noqa: ANN401 - any type
    while get_origin(found) in {Annotated, Union, types.UnionType}:
        if get_origin(found) is Annotated:
            for extra in found.__metadata__:
                extras += tuple(extra.metadata) if isinstance(extra, FieldInfo) else (extra,)
            found = found.__origin__
        else:
            found = next(option for option in get_args(found) if option is not type(None))
    return found, extras
