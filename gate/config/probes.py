"""Functional probes: what is asked beside the load, and what must come back."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from gate import units
from gate.config.base import Model
from gate.config.expectations import ProbeExpect
from gate.config.scalars import (
    DurationS,
    Extracted,
    HeaderName,
    Headers,
    Json,
    JsonPath,
    Name,
    Path,
    RequestLine,
    SizeBytes,
    Text,
    checked_line,
    well_formed,
)
from gate.config.serving import Command
from gate.config.written import Also

Kind = Literal["request", "steps", "growth", "tally", "command", "postgres", "socket"]
KINDS: tuple[Kind, ...] = ("request", "steps", "growth", "tally", "command", "postgres", "socket")
"""What a probe may be, by its key; exactly one of them."""
_OF_REQUESTS = (
    "headers",
    "json_body",
    "body",
    "identity",
    "expect",
    "times",
    "concurrent",
    "spread",
    "some",
    "timeout_s",
)
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
LARGEST_BODY_BYTES = 64 * 2**20


def slug_of(name: str) -> str:
    """The name as it stands in a row id: small letters and digits, ``-`` for the rest."""
    return _NOT_IN_SLUG.sub("-", name.lower()).strip("-")


def _nameable(name: str) -> str:
    if not slug_of(name):
        raise ValueError("has neither a letter from a to z nor a digit, and stands in a row id; give it one")
    return name


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
        _refuse_two_bodies(self)
        return self


class Growth(Model):
    """How what an answer costs grows with the number of items in it; N+1 shows here."""

    endpoint: Name | None = None
    """An endpoint of the suite, asked by GET."""
    parameter: Name | None = None
    """With ``endpoint``: the parameter of its query that takes the number of items."""
    request: RequestLine | None = None
    """In place of ``endpoint``: ``GET /path?size={items}``."""
    headers: Headers = Field(default_factory=dict)
    """With ``request``: sent with it, over those of the preview and the identity."""
    identity: Name | None = None
    """With ``request``: who asks."""
    items: list[Annotated[int, Field(ge=0, le=1_000_000)]] = Field(min_length=2, max_length=10)
    """Numbers of items to ask for, all different; the farther apart, the sharper."""
    list_path: JsonPath | None = Field(default=None, alias="list")
    """Where the list stands in the answer: its length counts in place of what was asked for."""
    of: Literal["queries", "time", "bytes"] = "queries"
    """What is counted: queries as the answer tells of them, the time it takes, the size of its body."""
    header: HeaderName | None = None
    """Of queries: the header that holds their number; ``Server-Timing`` unless said."""
    most: Annotated[
        Any,
        WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}], "examples": [9, "200ms"]}),
    ] = None
    """Largest value with the most items: a number of queries, a duration (of the median), a size."""
    times: int | None = Field(default=None, ge=1, le=100)
    """Answers for each number of items: 3, of times 10, unless said."""

    @property
    def limit(self) -> float | None:
        """``most`` as a number: queries, seconds or bytes."""
        if self.most is None or self.of == "queries":
            return None if self.most is None else float(self.most)
        return units.parse_duration_s(self.most) if self.of == "time" else float(units.parse_size_bytes(self.most))

    @property
    def repeats(self) -> int:
        """Answers for each number of items."""
        return self.times or (10 if self.of == "time" else 3)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.endpoint is None) == (self.request is None):
            raise ValueError("needs exactly one of endpoint and request; for example endpoint: materials")
        if (self.endpoint is None) != (self.parameter is None):
            raise ValueError(
                "needs parameter with endpoint, and never with request; write GET /path?size={items} there"
            )
        if self.endpoint is not None and (self.headers or self.identity):
            raise ValueError("has headers or an identity beside endpoint, which has its own; take them out")
        if self.request is not None and ("{items}" not in self.request or not self.request.startswith("GET ")):
            raise ValueError("has a request that is no GET with {items} in it; write GET /path?size={items}")
        if len(set(self.items)) < len(self.items):
            raise ValueError("names a number of items twice; keep one")
        if self.header is not None and self.of != "queries":
            raise ValueError(f"has a header that counts queries, but is of {self.of}; take header out")
        return self

    @model_validator(mode="after")
    def _has_limit(self) -> Self:
        if self.most is None and self.of != "queries":
            raise ValueError(f"has no most, so nothing of its {self.of} could fail; for example most: 200ms or 5MB")
        if self.most is not None and self.of == "queries" and (type(self.most) is not int or self.most < 0):
            raise ValueError("has a most that is no number of queries; write most: 9")
        if self.most is not None and self.of != "queries":
            try:
                _ = self.limit
            except ValueError as error:
                raise ValueError(f"has a most that {error}") from None
        return self


class Tally(Model):
    """A count in the application that grows by one with every answer of some endpoints."""

    request: RequestLine
    """Reads the count; asked before and after the load."""
    json_path: JsonPath = Field(alias="json")
    """Where the answer has the count, a whole number."""
    headers: Headers = Field(default_factory=dict)
    """Sent with this request, over those of the preview and the identity."""
    identity: Name | None = None
    """Who asks: one of ``identities``."""
    of: list[Name] = Field(min_length=1, max_length=100)
    """Endpoints, each answer of which adds one."""


_CatalogueName = Annotated[str, Field(min_length=1, max_length=127), AfterValidator(checked_line)]


class Inspection(Model):
    """What must be in the PostgreSQL database of ``telemetry.postgres``."""

    indexes: list[_CatalogueName] = Field(default_factory=list, max_length=200)
    """Valid indexes by name, with their schema where it is not in the search path: ``audit.rows_at_idx``."""
    tables: list[_CatalogueName] = Field(default_factory=list, max_length=200)
    """Tables, also partitioned ones."""
    extensions: list[_CatalogueName] = Field(default_factory=list, max_length=50)
    """Extensions."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.indexes or self.tables or self.extensions):
            raise ValueError("asks for nothing; for example indexes: [orders_status_idx]")
        return self


Refusal = Annotated[int, Field(ge=300, le=4999)]


class Knock(Model):
    """A WebSocket that must not open."""

    connect: Path
    """The path alone, as of ``sockets``; a template."""
    refused: list[Refusal] = Field(min_length=1, max_length=16)
    """How it may be refused: statuses of HTTP, or codes (from 1000 on) with which it is closed at once."""
    headers: Headers = Field(default_factory=dict)
    """Sent with the upgrade, over those of the preview and the identity."""
    identity: Name | None = None
    """Who knocks: one of ``identities``."""

    @model_validator(mode="after")
    def _statuses_or_codes(self) -> Self:
        for number in self.refused:
            if 600 <= number < 1000:
                raise ValueError(f"is refused with {number}, neither a status (300 to 599) nor a code (1000 to 4999)")
        return self


class Probe(Model):
    """One functional check beside the load: passed, failed or not measured."""

    name: Annotated[Text, Field(max_length=80), AfterValidator(_nameable)]
    """What it is called; its row is ``suite/bad-token/probe``."""
    category: Name | None = None
    """For counting and the score; ``queries`` of growth of queries, else ``reliability``, unless said."""
    advisory: bool = False
    """Shown, never blocks."""
    when: Literal["before", "after"] = "before"
    """``after``: asked after the load."""
    request: RequestLine | None = None
    """``METHOD /path``; a template. Sent as often as ``times`` says and never again."""
    headers: Headers = Field(default_factory=dict)
    """Sent with it, over those of the preview and the identity."""
    json_body: Json = Field(default=None, alias="json")
    """Body, sent as JSON."""
    body: WrittenBody | None = None
    """In place of ``json``: a body as it is sent, such as malformed JSON; or one of a size, ``{size: 11MB}``."""
    identity: Name | None = None
    """Who asks: one of ``identities``."""
    timeout_s: DurationS = Field(default=10.0, alias="timeout", ge=1e-3, le=120)
    """A request that takes longer has failed."""
    expect: ProbeExpect = ProbeExpect()
    """What the answer must be; any 2xx unless it says a status."""
    times: int = Field(default=1, ge=1, le=1000)
    """Requests; all must be answered as expected."""
    concurrent: int = Field(default=1, ge=1, le=100)
    """So many of them at once."""
    spread: float | None = Field(default=None, gt=1, le=1000)
    """The slowest may take so many times as long as the fastest."""
    floor_s: DurationS = Field(default=0.05, alias="floor", ge=0, le=60)
    """With ``spread``: a smaller difference is none; single answers vary by tens of milliseconds by themselves."""
    some: ProbeExpect | None = None
    """At least one of the answers must be so; asked until one is."""
    steps: list[ProbeStep] = Field(default_factory=list, max_length=32)
    """Requests one after the other; each may use what those before extract."""
    growth: Growth | None = None
    """How the cost of an answer grows with its items."""
    tally: Tally | None = None
    """A count in the application, before and after the load."""
    command: Command | None = None
    """Run beside the application that ``preview.serve`` started; must exit with 0."""
    postgres: Inspection | None = None
    """What must be in the database."""
    socket: Knock | None = None
    """A WebSocket that must be refused."""

    @property
    def slug(self) -> str:
        """The name as it stands in a row id."""
        return slug_of(self.name)

    @property
    def kind(self) -> Kind:
        """Which of ``KINDS`` it is."""
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def metric(self) -> str:
        """Last part of its row id."""
        return self.growth.of if self.growth is not None else "probe"

    @property
    def counted_as(self) -> str:
        """Its category, as said or by its kind."""
        return self.category or ("queries" if self.metric == "queries" else "reliability")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind)]
        if len(given) != 1:
            seen = f"has {' and '.join(given)}" if given else "asks nothing"
            raise ValueError(f"{seen}; a probe has exactly one of {', '.join(KINDS)}")
        strangers = [name for name in _OF_REQUESTS if name in self.model_fields_set and given != ["request"]]
        if strangers:
            key = type(self).model_fields[strangers[0]].alias or strangers[0]
            raise ValueError(f"has {key}, which belongs to request; write it below {given[0]}, or take it out")
        if self.tally is not None and self.when == "after":
            raise ValueError("is a tally, which is read before and after the load by itself; take when out")
        return self

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _refuse_two_bodies(self)
        if "floor_s" in self.model_fields_set and self.spread is None:
            raise ValueError("has floor but no spread, which it belongs to; add spread, or take it out")
        if self.concurrent > self.times:
            raise ValueError(f"asks {self.concurrent} at once but only {self.times} in all; raise times")
        if self.spread is not None and self.times < 2:
            raise ValueError("compares the slowest with the fastest of one; raise times")
        if self.some is not None and (self.spread is not None or self.concurrent > 1):
            raise ValueError("asks one after the other until some answer is so; take spread and concurrent out")
        return self


def _refuse_two_bodies(asked: Probe | ProbeStep) -> None:
    if asked.body is not None and asked.json_body is not None:
        raise ValueError("has both json and body; keep one")
