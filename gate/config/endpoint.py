"""One request with what its answer must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from gate.config import graphql
from gate.config.base import Model
from gate.config.objectives import Objectives, Tolerance
from gate.config.scalars import (
    REQUEST_PATTERN,
    DurationS,
    Extracted,
    Headers,
    Json,
    Name,
    Path,
    RateRps,
    RequestLine,
    SizeBytes,
    Statuses,
    Text,
)
from gate.config.steps import Cleanup
from gate.config.written import Also

CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods that may change data; loaded only where the endpoint says ``mutates: true``."""


class BodySize(Model):
    """Bounds on the size of an answer's body as sent."""

    min_bytes: SizeBytes | None = Field(default=None, alias="min", ge=0, le=10**10)
    """Smallest."""
    max_bytes: SizeBytes | None = Field(default=None, alias="max", gt=0, le=10**10)
    """Largest."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_bytes is not None and self.max_bytes is not None and self.min_bytes > self.max_bytes:
            raise ValueError("has a min above its max, which no answer fulfils; exchange them")
        return self


class Expect(Model):
    """What an answer must be; anything else is an error, whatever its speed."""

    status: Statuses | None = None
    """Accepted statuses; without it any 2xx."""
    type: Text | None = None
    """Media type the Content-Type must begin with."""
    body: BodySize = BodySize()
    """Size of the body."""


def _operations(document: str) -> str:
    graphql.definitions(document)
    return document


def _mapping(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("is no mapping from names to values; write it like variables: {q: lamp}")
    return value


class GraphQL(Model):
    """A GraphQL operation, sent as POST; an answer with ``errors`` is an error whatever its status."""

    path: Path = "/graphql"
    """Where the server takes operations; a template."""
    query: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_operations)]
    """The document, sent as it is: its braces are no placeholders."""
    variables: Annotated[Json, AfterValidator(_mapping)] = Field(default_factory=dict)
    """Its variables; their strings are templates."""

    @property
    def is_query(self) -> bool:
        """Whether it only reads: no mutation and no subscription."""
        return set(graphql.definitions(self.query)) <= {"query", "fragment"}


class Endpoint(Model):
    """One request template with its objectives."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["request"]}, {"required": ["graphql"]}]})

    request: RequestLine | None = None
    """``METHOD /path?query``; ``{product}`` draws from data, ``{{uuid}}`` is new each time."""
    graphql: GraphQL | None = None
    """In place of ``request``: a GraphQL operation. A query is loaded like a GET, anything else needs ``mutates``."""
    headers: Headers = Field(default_factory=dict)
    """Sent with this request, over those of the preview and the identity."""
    json_body: Json = Field(default=None, alias="json")
    """Body, sent as JSON."""
    identity: Name | None = None
    """Who asks: one of ``identities``."""
    class_name: Name | None = Field(default=None, alias="class")
    """Shared objectives: one of ``classes``."""
    expect: Expect = Expect()
    """What the answer must be."""
    rate_rps: RateRps = Field(default=20.0, alias="rate", le=10_000)
    """Rate of its comparison blocks; part of the config hash, never adapted."""
    tolerance: Tolerance = Tolerance()
    """Smallest slowdown that blocks here; overrides policy."""
    objectives: Objectives = Objectives()
    """Absolute limits; override those of the class."""
    category: Name | None = None
    """What kind of check its rows are, for counting and the score; ``response`` unless said."""
    against: Name | None = None
    """Another endpoint that it is told beside: how much sooner or later it is answered. Judges nothing."""
    owner: Text | None = None
    """Whom to ask; shown with the row."""
    mutates: bool = False
    """Changes data: may be loaded although its method is POST, PUT, PATCH or DELETE."""
    extract: dict[Name, Extracted] = Field(default_factory=dict, max_length=64)
    """Values for later steps of a journey: ``{id: $.id}``, ``header:Location``, ``cookie:sid``."""
    follow: int = Field(default=0, ge=0, le=10)
    """So many redirects of a GET are followed, within the same origin; their time counts."""
    connections: Literal["keep", "fresh"] = "keep"
    """``fresh``: every request opens a connection of its own."""
    timeout_s: DurationS = Field(default=10.0, alias="timeout", ge=1e-3, le=120)
    """A request that takes longer is given up and counts as an error."""
    max_count: int | None = Field(default=None, ge=1, le=100_000_000)
    """At most so many requests in one run; only with ``mutates``."""
    cleanup: Cleanup | None = None
    """Asked once after the measurement, to take away what this endpoint left behind; only with ``mutates``."""
    gate: bool = True
    """False: measured and shown, never blocks."""

    @property
    def method(self) -> str:
        return "POST" if self.request is None else self.request.split(" ", 1)[0]

    @property
    def path(self) -> str:
        if self.graphql is not None:
            return self.graphql.path
        return (self.request or "GET /").split(" ", 1)[1]

    @property
    def content(self) -> Any:  # noqa: ANN401 - any JSON value
        """What its body is made of: the variables of GraphQL, else the value under ``json``."""
        return self.json_body if self.graphql is None else self.graphql.variables

    @property
    def is_loaded(self) -> bool:
        """Whether it may be put under load; otherwise it is asked once and only its answer is judged."""
        is_query = self.graphql is not None and self.graphql.is_query
        return self.mutates or is_query or self.method not in CHANGING_METHODS

    @model_validator(mode="after")
    def _one_request(self) -> Self:
        if self.request is None and self.graphql is None:
            raise ValueError("needs the key request; for example request: GET /path")
        if self.request is not None and self.graphql is not None:
            raise ValueError("has both request and graphql, which is sent as POST; take one of them out")
        if self.graphql is not None and self.json_body is not None:
            raise ValueError("has both json and graphql; write what varies under graphql.variables")
        if self.follow and self.method not in {"GET", "HEAD"}:
            raise ValueError(f"follows redirects of a {self.method}, which would be sent twice; take follow out")
        return self

    @model_validator(mode="after")
    def _belongs_to_mutates(self) -> Self:
        for key in ("max_count", "cleanup"):
            if getattr(self, key) is not None and not self.mutates:
                raise ValueError(f"has {key} but not mutates; add mutates: true, or take {key} out")
        return self


def _one_line(value: object) -> object:
    if not isinstance(value, str | Mapping | Endpoint):
        raise ValueError("is no request; write it like GET /path, or with keys below it")
    return {"request": value} if isinstance(value, str) else value


def _request_only(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "string", "pattern": REQUEST_PATTERN, "examples": ["GET /"]}


WrittenEndpoint = Annotated[Endpoint, BeforeValidator(_one_line), Also(_request_only)]
"""An endpoint in full, or as one line."""
