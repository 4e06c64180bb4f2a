"""Kinds of probes that have keys of their own: growth, a tally, what is in a database, a socket that is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from gate import units
from gate.config.base import Model
from gate.config.scalars import HeaderName, Headers, JsonPath, Name, Path, RequestLine, checked_line


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
