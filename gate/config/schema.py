"""The JSON schema of a suite, made from the models: for editors that complete and check while a person writes."""

from __future__ import annotations

import ast
import inspect
import json
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gate.config import (
    about,
    data,
    endpoint,
    expectations,
    fields,
    forecast,
    hours,
    identity,
    loads,
    objectives,
    policy,
    preview,
    probe_kinds,
    probe_requests,
    probes,
    profiles,
    scenario,
    score,
    serving,
    sockets,
    steps,
    suite,
    telemetry,
)

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODULES = (
    suite,
    preview,
    serving,
    steps,
    identity,
    data,
    objectives,
    endpoint,
    sockets,
    hours,
    loads,
    scenario,
    profiles,
    about,
    expectations,
    probe_requests,
    probe_kinds,
    probes,
    telemetry,
    score,
    forecast,
    policy,
)
"""Where models are written."""
_BOUNDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


def schema_text() -> str:
    """The schema as a file: the same bytes for the same models."""
    return json.dumps(suite_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def suite_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a suite.

    It knows every key, its form, its default as a person would write it, and what it is for. What needs more than
    one value to judge, such as a name that must exist elsewhere, only :func:`gate.config.read.read_suite` finds.
    """
    made = suite.Suite.model_json_schema(by_alias=True, mode="validation")
    parts: dict[str, dict[str, Any]] = made.pop("$defs")
    texts = _field_texts()
    for name, schema in [*parts.items(), (suite.Suite.__name__, made)]:
        _complete(schema, _model(name), texts)
    head = {"$schema": _DIALECT, "title": "Suite of the performance gate"}
    return head | _tidy(made) | {"$defs": {name: _tidy(parts[name]) for name in sorted(parts)}}


def _model(name: str) -> type[BaseModel]:
    return next(found for module in _MODULES if isinstance(found := getattr(module, name, None), type))


def _complete(schema: dict[str, Any], model: type[BaseModel], texts: dict[tuple[str, str], str]) -> None:
    """Add to each property what pydantic does not know: its text, its bounds, its default as written."""
    if model.__doc__:
        schema["description"] = _markdown(model.__doc__)
    for name, field in model.model_fields.items():
        key = field.alias or name
        found = [texts[owner.__name__, name] for owner in model.__mro__ if (owner.__name__, name) in texts]
        sentences = [*found[:1], *_bounds(field)]
        if sentences:
            schema["properties"][key]["description"] = " ".join(sentences)
        unit = fields.unit(fields.type_of(field)[1])
        if unit is not None and isinstance(field.default, int | float):
            schema["properties"][key]["default"] = unit.write(field.default)


def _bounds(field: FieldInfo) -> list[str]:
    """Bounds of a number with a unit; JSON schema cannot state them for what is written as text."""
    extras = fields.type_of(field)[1]
    unit = fields.unit(extras)
    if unit is None:
        return []
    found = [
        f"{words} {unit.write(bound) if bound else '0'}"
        for name, words in _BOUNDS.items()
        for extra in extras
        if (bound := getattr(extra, name, None)) is not None
    ]
    text = ", ".join(dict.fromkeys(found))
    return [text[:1].upper() + text[1:] + "."] if text else []


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what says nothing, closed to keys that no pattern allows; null is never a value."""
    kept = {key: item for key, item in schema.items() if key not in {"title", *_BOUNDS}}
    if kept.get("default", 0) is None or isinstance(kept.get("default"), dict | list):
        del kept["default"]
    if "const" in kept:
        kept.pop("enum", None)  # pydantic before 2.10 says both
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    for key in {"properties", "patternProperties"} & set(kept):
        kept[key] = {name: _tidy(item) for name, item in kept[key].items()}
    if "items" in kept:
        kept["items"] = _tidy(kept["items"])
    options = [_tidy(option) for option in kept.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) > 1:
        kept["anyOf"] = options
    elif options:
        kept |= options[0]
    return kept


def _field_texts() -> dict[tuple[str, str], str]:
    """The string below each field of the models, by class and field.

    Read from the source only here: pydantic's ``use_attribute_docstrings`` does the same at every import, which
    doubles the time the models take to load.
    """
    texts = {}
    for part in (part for module in _MODULES for part in ast.parse(inspect.getsource(module)).body):
        if isinstance(part, ast.ClassDef):
            for above, below in zip(part.body, part.body[1:], strict=False):
                match above, below:
                    case ast.AnnAssign(target=ast.Name(id=field)), ast.Expr(value=ast.Constant(value=str(text))):
                        texts[part.name, field] = _markdown(text)
    return texts


def _markdown(text: str) -> str:
    return " ".join(inspect.cleandoc(text).replace("``", "`").split())
