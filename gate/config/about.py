"""The environment that a deployment runs in, line by line: declared, or read from the preview."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from gate.config.base import Model
from gate.config.scalars import ABOUT_PATTERN, HeaderName, Headers, JsonPath, Name, RequestLine, Text
from gate.config.written import Also


def _declared(value: object) -> object:
    if isinstance(value, bool):
        return {"value": "true" if value else "false"}
    if isinstance(value, int | float):
        return {"value": str(value)}
    if not isinstance(value, str | dict | AboutLine):
        raise ValueError("is neither a value nor says where to read it; write Django 4.2, or {request: .., json: ..}")
    return {"value": value} if isinstance(value, str) else value


class AboutLine(Model):
    """One line of the table: a value, or where the preview tells it."""

    value: Text | None = None
    """As declared."""
    request: RequestLine | None = None
    """In its place: the request whose answer tells it."""
    headers: Headers = Field(default_factory=dict)
    """Sent with it, over those of the preview and the identity."""
    identity: Name | None = None
    """Who asks: one of ``identities``."""
    json_path: JsonPath | None = Field(default=None, alias="json")
    """Where the JSON of the answer has it."""
    header: HeaderName | None = None
    """Or the header that has it."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.value is None) == (self.request is None):
            raise ValueError("needs exactly one of value and request; write Django 4.2, or {request: .., json: ..}")
        places = (self.json_path is not None) + (self.header is not None)
        if self.request is not None and places != 1:
            raise ValueError("needs exactly one of json and header, to say where the answer has it")
        if self.value is not None and (places or self.headers or self.identity):
            raise ValueError("is declared, and also says how to read it; keep one")
        return self


WrittenAbout = Annotated[
    AboutLine, BeforeValidator(_declared), Also(lambda _: {"type": ["string", "number", "boolean"]})
]
"""A line in full, or its value alone."""

AboutName = Annotated[str, Field(pattern=ABOUT_PATTERN)]
"""What a line is called."""
