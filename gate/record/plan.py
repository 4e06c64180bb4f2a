"""How the rounds of a run came about, complete enough to plan them again. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gate.record.value import Count, Value


class Belief(Value):
    """What was taken for granted of one metric of an endpoint; natural logs."""

    sigma_dep: Annotated[float, Field(ge=0)]
    """Standard deviation of one deployment's own effect."""
    offset: float = 0.0
    """How much slower the candidate's host is than the base's for the same code."""
    offset_variance: Annotated[float, Field(ge=0)] = 0.0


class BeliefsRecord(Value):
    """What was taken for granted of deployments and hosts when it was decided what to measure next."""

    endpoints: dict[str, dict[str, Belief]]
    """By endpoint and metric."""
    sigma_common: Annotated[float, Field(ge=0)]
    """Like ``sigma_dep``, of what a deployment does to all its endpoints."""
    duets: Count
    """Same-code duets it was learnt from; zero is assumed."""
    hosts_known: bool
    """Whether the two hosts are known to be alike, or how they differ."""


class Look(Value):
    """What the budget had left when it was decided what to measure next; below zero where it was overdrawn."""

    left_s: float
    left_requests: int


Why = Literal["decided", "budget", "as planned", "fresh not had", "cut short"]
"""Why measuring ended: no row was suspected any more, the budget was used up, all stages were measured, the fresh
deployments that were to follow could not be had, or something went wrong."""


class PlanRecord(Value):
    """How the rounds of a run came about: with the blocks of all runs of a check enough to plan it again."""

    way: Literal["duet", "stored"]
    """Whether there was a base."""
    design: str
    """Name of the design, or ``fixed`` and the number of pairs of deployments that were measured without looking."""
    constants: str
    """Version of the table that the design is from."""
    part: Literal["first", "fresh"]
    pair: Count
    """Number of this pair of deployments in the check."""
    pairs: dict[Literal["first", "fresh"], Count]
    """Pairs of deployments that there were to be in each part."""
    redeployed: bool = False
    """Fresh pairs were to be made one in the place of the other."""
    after: list[str] = Field(default_factory=list)
    """Ids of runs on other runners from which this one goes on, to confirm or clear what they made suspect."""
    suspects: list[str] = Field(default_factory=list)
    """Endpoints that those made suspect: the others are measured only to know what this runner does to all."""
    candidate: Count
    base: Count
    """Numbers of the deployments: two pairs with the same number share that deployment."""
    rounds: list[Count] = Field(default_factory=list)
    """Rounds of this run in each stage of its part, as far as there was one."""
    whole_rounds: Count = 0
    """Rounds of all endpoints after those, on fresh deployments, because the suite as a whole was suspected."""
    looks: list[Look] = Field(default_factory=list)
    """One before each stage of this part, and one where the budget ended it."""
    stopped: Why = "as planned"
    """Why this part was not measured any longer."""
    beliefs: BeliefsRecord | None = None
    """None in a run without a base."""
