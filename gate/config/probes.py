"""Functional probes: what is asked beside the load, and what must come back."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gate.config.base import Model
from gate.config.expectations import ProbeExpect
from gate.config.probe_kinds import Growth, Inspection, Knock, Tally
from gate.config.probe_requests import ProbeStep, WrittenBody, refuse_two_bodies
from gate.config.scalars import DurationS, Headers, Json, Name, RequestLine, Text
from gate.config.serving import Command

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


def slug_of(name: str) -> str:
    """The name as it stands in a row id: small letters and digits, ``-`` for the rest."""
    return _NOT_IN_SLUG.sub("-", name.lower()).strip("-")


def _nameable(name: str) -> str:
    if not slug_of(name):
        raise ValueError("has neither a letter from a to z nor a digit, and stands in a row id; give it one")
    return name


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
        refuse_two_bodies(self.json_body, self.body)
        if "floor_s" in self.model_fields_set and self.spread is None:
            raise ValueError("has floor but no spread, which it belongs to; add spread, or take it out")
        if self.concurrent > self.times:
            raise ValueError(f"asks {self.concurrent} at once but only {self.times} in all; raise times")
        if self.spread is not None and self.times < 2:
            raise ValueError("compares the slowest with the fastest of one; raise times")
        if self.some is not None and (self.spread is not None or self.concurrent > 1):
            raise ValueError("asks one after the other until some answer is so; take spread and concurrent out")
        return self
