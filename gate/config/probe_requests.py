"""What a probe sends: bodies that no endpoint has, and the requests of a probe of several steps."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gate.config.base import Model
from gate.config.expectations import ProbeExpect
from gate.config.scalars import DurationS, Extracted, Headers, Json, Name, RequestLine, SizeBytes, well_formed
from gate.config.written import Also

LARGEST_BODY_BYTES = 64 * 2**20


def _text_or_more(value: object) -> object:
    if not isinstance(value, str | dict | Body):
        raise ValueError("is no body; write a text in quotes, or {size: 11MB}")
    return {"text": value} if isinstance(value, str) else value


class Body(Model):
    """A body that is sent as it stands, JSON or not."""

    text: Annotated[str, Field(max_length=20_000), AfterValidator(well_formed)] | None = None
    """A template."""
    size_bytes: SizeBytes | None = Field(default=None, alias="size", ge=2, le=LARGEST_BODY_BYTES)
    """In its place: one JSON string of so many bytes, to see where the limit is."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.size_bytes is None):
            raise ValueError("needs exactly one of text and size; a text alone is written body: '{\"a\":'")
        return self


WrittenBody = Annotated[Body, BeforeValidator(_text_or_more), Also(lambda _: {"type": "string"})]
"""A raw body, its text alone or with keys."""


class ProbeStep(Model):
    """One request of a probe of several."""

    request: RequestLine
    """``METHOD /path``; a template."""
    headers: Headers = Field(default_factory=dict)
    """Sent with this request, over those of the preview and the identity."""
    json_body: Json = Field(default=None, alias="json")
    """Body, sent as JSON."""
    body: WrittenBody | None = None
    """In place of ``json``: a body as it is sent."""
    identity: Name | None = None
    """Who asks: one of ``identities``."""
    timeout_s: DurationS = Field(default=10.0, alias="timeout", ge=1e-3, le=120)
    """A request that takes longer has failed."""
    expect: ProbeExpect = ProbeExpect()
    """What the answer must be; any 2xx unless it says a status."""
    extract: dict[Name, Extracted] = Field(default_factory=dict, max_length=64)
    """Values for later steps: ``{before: $.count}``, ``header:Location``, ``cookie:sid``."""
    always: bool = False
    """Asked even where an earlier step failed: it takes away what those left behind."""

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        refuse_two_bodies(self.json_body, self.body)
        return self


def refuse_two_bodies(json_body: object, body: Body | None) -> None:
    """Refuse what would be sent with two bodies.

    Raises
    ------
    ValueError
        If both are given.
    """
    if body is not None and json_body is not None:
        raise ValueError("has both json and body; keep one")
