"""How the gate starts the preview itself: on the command line and for examples, never on GitHub."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from gate.config.base import Model
from gate.config.scalars import FOLDER_PATTERN, VARIABLE_PATTERN
from gate.config.written import Also

PORT = "PORT"
"""Environment variable by which the application is told where to listen."""


def _words(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a line break or a control character; write it on one line")
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError("has a quote that is not closed; close it") from None
    if not words:
        raise ValueError("is empty; write the program and its arguments, such as ./run.sh")
    return text


def _told_elsewhere(values: dict[str, str]) -> dict[str, str]:
    if PORT in values:
        raise ValueError("sets PORT, which the gate sets itself; take it out")
    if any("\x00" in value for value in values.values()):
        raise ValueError("holds a zero byte, which no environment can; take it out")
    return values


Command = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_words)]
"""A program with its arguments, quoted as in a shell; no shell reads it."""

Variables = Annotated[
    dict[
        Annotated[str, Field(pattern=VARIABLE_PATTERN)],
        Annotated[str, Field(max_length=8192)],
    ],
    Field(max_length=100),
    AfterValidator(_told_elsewhere),
]
"""Values for the environment of the application."""


class Serve(Model):
    """The preview as a program on this machine: started with ``PORT`` set to a free port of 127.0.0.1, ended after."""

    command: Command
    """Program and arguments. No shell reads it: for more than one program write a script and name that. A program
    with a slash in its name lies below ``dir``, others are looked for in ``PATH``."""
    env: Variables = Field(default_factory=dict)
    """Over the environment of the gate itself."""
    dir: Annotated[str, Field(pattern=FOLDER_PATTERN)] = "."
    """Where it runs: a folder beside the suite, or ``.`` for that of the suite."""


def _one_line(value: object) -> object:
    if not isinstance(value, str | Mapping | Serve):
        raise ValueError("is no command; write it like ./run.sh, or with keys below it")
    return {"command": value} if isinstance(value, str) else value


def _command_only(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "examples": ["./run.sh"]}


WrittenServe = Annotated[Serve, BeforeValidator(_one_line), Also(_command_only)]
"""The program in full, or as one line."""
