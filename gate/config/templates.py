"""Text templates of the suite: ``${NAME}`` from the environment, ``{name}`` from data, ``{{seq}}``, ``{{uuid}}``.

Pure. Templates are filled in only at the moment a request is made; the suite itself keeps them as written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

_PIECE = re.compile(
    r"\$\{(?P<env>[A-Za-z_][A-Za-z0-9_]*)\}"
    r"|\{\{(?P<unique>[^{}]*)\}\}"  # any text, so that {{ uuid }} is refused when read and never sent as it is
    r"|\{(?P<data>[A-Za-z0-9][A-Za-z0-9_.-]*)\}"
)

UNIQUE_VALUES = ("seq", "uuid")
"""Placeholders in double braces that make a value nobody used before."""


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def placeholders(value: object) -> set[str]:
    """Names of data, ``{name}``, in all strings of a value."""
    return {m["data"] for text in _strings(value) for m in _PIECE.finditer(text) if m["data"]}


def unique_placeholders(value: object) -> set[str]:
    """Names in double braces, ``{{name}}``, in all strings of a value."""
    return {m["unique"] for text in _strings(value) for m in _PIECE.finditer(text) if m["unique"] is not None}


def environment_names(value: object) -> set[str]:
    """Names of environment values, ``${NAME}``, in all strings of a value."""
    return {m["env"] for text in _strings(value) for m in _PIECE.finditer(text) if m["env"]}


def has_malformed(value: object) -> bool:
    """Whether any ``${`` in the strings of a value begins no ``${NAME}``; it would be sent as it is."""
    return any(re.search(r"\$\{(?![A-Za-z_][A-Za-z0-9_]*\})", text) for text in _strings(value))


def fill(
    text: str,
    *,
    environment: Mapping[str, str] | None = None,
    data: Mapping[str, object] | None = None,
    unique: Callable[[str], str] | None = None,
) -> str:
    """The text with every placeholder of the given kinds replaced, each once: what is filled in is not read again.

    Kinds that are not given stay as they are, so that secrets can be filled in first and data per request.

    Raises
    ------
    KeyError
        If a placeholder has no value; the key is its name.
    """

    def replace(match: re.Match[str]) -> str:
        if match["env"] and environment is not None:
            return environment[match["env"]]
        if match["data"] and data is not None:
            return str(data[match["data"]])
        if match["unique"] and unique is not None:
            return unique(match["unique"])
        return match[0]

    return _PIECE.sub(replace, text)


def fill_json(value: object, replace: Callable[[str], object]) -> object:
    """A JSON value with every string, keys too, passed through ``replace``."""
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, Mapping):
        return {
            str(replace(key)) if isinstance(key, str) else key: fill_json(item, replace) for key, item in value.items()
        }
    if isinstance(value, list):
        return [fill_json(item, replace) for item in value]
    return value
