"""What the answer to a probe must be: more than an endpoint under load is looked at for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from gate.config.base import Model
from gate.config.endpoint import Expect
from gate.config.scalars import (
    FILE_PATTERN,
    SHAPES,
    DurationS,
    HeaderName,
    Json,
    JsonPath,
    Template,
    Text,
    checked_line,
    matches,
    well_formed,
)


def _wanted_header(value: object) -> object:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise ValueError("is neither a text nor true (it is there) nor false (it is not); put a number in quotes")
    return well_formed(checked_line(value))


def _schema(value: object) -> object:
    if isinstance(value, str):
        if not matches(FILE_PATTERN, value):
            raise ValueError(SHAPES[FILE_PATTERN])
        return value
    if not isinstance(value, dict | bool):
        raise ValueError("is no JSON schema; name a file beside the suite, or write one: {type: object}")
    return value


WantedHeader = Annotated[
    bool | Template,
    BeforeValidator(_wanted_header),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string"}]}),
]
"""The value of a header (a template), or whether there is one."""

JsonSchema = Annotated[Any, BeforeValidator(_schema)]
"""A JSON schema, or the file beside the suite that holds it."""


class Cookie(Model):
    """What an answer must say of a cookie that it sets; what is not named is not looked at."""

    secure: bool | None = None
    """Whether it is sent over TLS only."""
    http_only: bool | None = None
    """Whether scripts cannot read it."""
    same_site: Literal["Strict", "Lax", "None"] | None = None
    """When other sites send it along."""
    max_age_s: DurationS | None = Field(default=None, alias="max_age", ge=0)
    """Longest life; a cookie of the session, without Max-Age and Expires, is within any."""


class ProbeExpect(Expect):
    """What an answer must be: all of it."""

    headers: dict[HeaderName, WantedHeader] = Field(default_factory=dict, max_length=64)
    """Headers by name: a value, ``true`` for there, ``false`` for not there."""
    json_members: dict[JsonPath, Json] = Field(default_factory=dict, alias="json", max_length=64)
    """Members of the JSON body by place: ``true`` for there, ``false`` for not there, else what it must equal."""
    json_schema: JsonSchema | None = Field(default=None, alias="schema")
    """JSON schema of the body (draft 2020-12): a file beside the suite, or written here."""
    absent: list[Text] = Field(default_factory=list, max_length=32)
    """Texts that must stand nowhere in the body."""
    within_s: DurationS | None = Field(default=None, alias="within", gt=0, le=120)
    """Longest time of the answer, from sending to the last byte, its connection included."""
    cookies: dict[HeaderName, Cookie] = Field(default_factory=dict, max_length=16)
    """Cookies that it must set, by name."""

    @property
    def reads_body(self) -> bool:
        """Whether more than the size of the body is looked at."""
        return bool(self.json_members or self.absent or self.json_schema is not None)
