"""The lines of the environment table, as declared or as the preview tells them."""

from __future__ import annotations

from gate.config.about import AboutLine
from gate.config.jsonpath import lookup
from gate.config.shown import plain
from gate.probes.answers import lines_of
from gate.probes.asked import BODY_CAP_BYTES, Asked, Way
from gate.probes.bodies import json_of

_MOST = 100


def value_of(line: AboutLine, way: Way) -> str | None:
    """The value of a line, short and plain; None if the preview does not tell it."""
    if line.value is not None:
        return line.value
    try:
        request = way.fill(Asked(line.request or "GET /", line.headers, identity=line.identity), way.given())
    except KeyError:
        return None
    fetched = way.send(request, BODY_CAP_BYTES)
    if fetched.answer.kind is not None or not 200 <= fetched.answer.status < 300:
        return None
    if line.header is not None:
        return plain(", ".join(lines_of(fetched.head, line.header)), _MOST) or None
    value = next((lookup(answer, line.json_path or "$") for answer in json_of(fetched.body)), None)
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(str(value), _MOST) if isinstance(value, str | int | float) and value != "" else None
