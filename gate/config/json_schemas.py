"""JSON schemas of probes: read from their files, and checked to be schemas before anything is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from gate.config.checks import Location
from gate.config.expectations import ProbeExpect
from gate.config.plain import Refused
from gate.config.probes import Probe

MOST_BYTES = 256 * 1024

_Misread = tuple[Location, str, Refused]
"""Where a schema is named, the file, and what is wrong with it."""


def with_schemas(probes: Sequence[Probe], read: Callable[[str], bytes]) -> tuple[list[Probe], list[_Misread]]:
    """The probes with the schemas of their files in place of the names, and what is wrong with any schema.

    Parameters
    ----------
    read : callable
        From a path relative to the suite to its content; raises Refused.
    """
    misread: list[_Misread] = []

    def loaded(expect: ProbeExpect, location: Location) -> ProbeExpect:
        source = expect.json_schema
        if source is None:
            return expect
        try:
            schema = _parsed(read(source)) if isinstance(source, str) else source
            _check(schema)
        except Refused as refused:
            misread.append(((*location, "schema"), source if isinstance(source, str) else "the schema here", refused))
            return expect
        return expect.model_copy(update={"json_schema": schema})

    found = []
    for index, probe in enumerate(probes):
        here: Location = ("probes", index)
        steps = [
            step.model_copy(update={"expect": loaded(step.expect, (*here, "steps", number, "expect"))})
            for number, step in enumerate(probe.steps)
        ]
        some = None if probe.some is None else loaded(probe.some, (*here, "some"))
        expect = loaded(probe.expect, (*here, "expect"))
        found.append(probe.model_copy(update={"steps": steps, "some": some, "expect": expect}))
    return found, misread


def _parsed(content: bytes) -> object:
    if len(content) > MOST_BYTES:
        raise Refused(f"is larger than the {MOST_BYTES:,} bytes that a schema may have", "make it smaller", line=0)
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise Refused(f"is not JSON: {error.msg}", "mend it", line=error.lineno) from None
    except (ValueError, RecursionError):
        raise Refused("is not JSON that can be read", "save it as UTF-8, not nested too deeply", line=0) from None


def _check(schema: object) -> None:
    from jsonschema import Draft202012Validator, SchemaError  # only where a suite has a schema: it imports slowly

    if not isinstance(schema, dict | bool):
        raise Refused("is no JSON schema", 'write one like {"type": "object"}', line=0)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.absolute_path) or "its top"
        raise Refused(f"is no JSON schema (draft 2020-12): see {where[:80]}", "mend it", line=0) from None
    for target in _references(schema):
        if not target.startswith("#"):
            what = f"refers to {target[:60]!r}, and nothing is fetched for a schema"
            raise Refused(what, "copy it in below $defs, and refer to #/$defs/NAME", line=0)


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [target for key in ("$ref", "$dynamicRef") if isinstance(target := value.get(key), str)]
        return own + [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []
