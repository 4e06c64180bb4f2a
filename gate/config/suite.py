"""The suite as frozen values: what a ``gate.yml`` may say, with every default.

Pure: nothing here reads files, the environment or the clock. Text with ``${NAME}`` stays a template, so no
value of the environment ever becomes part of a suite, a hash, a report or an error message.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from gate.config import (
    checks,
    endurance_checks,
    forecast_checks,
    hook_checks,
    probe_checks,
    profile_checks,
    scenario_checks,
    serving_checks,
    socket_checks,
    telemetry_checks,
)
from gate.config.about import AboutName, WrittenAbout
from gate.config.base import Model
from gate.config.data import Data
from gate.config.endpoint import WrittenEndpoint
from gate.config.forecast import ExpectedGrowth
from gate.config.identity import Identity
from gate.config.objectives import DEFAULT_TOLERANCE, Objectives
from gate.config.policy import Baselines, Policy
from gate.config.preview import Preview
from gate.config.probes import Probe
from gate.config.profiles import Profile
from gate.config.scalars import Name, PathPattern
from gate.config.scenario import Scenario
from gate.config.score import Score
from gate.config.sockets import WebSocket
from gate.config.steps import HookStep
from gate.config.telemetry import Telemetry


def _whole_number(value: object) -> object:
    if type(value) is not int:  # Literal[1] would take true and 1.0, which are equal to it
        raise ValueError("is not a whole number; write version: 1")
    return value


class Suite(Model):
    """The configured benchmark set."""

    version: Annotated[Literal[1], BeforeValidator(_whole_number)] = 1
    """Of this format."""
    name: Name = Field(default="default", alias="suite")
    """First part of every row id; several suites may live in one repository."""
    paths: list[PathPattern] = Field(default_factory=list, max_length=100)
    """On GitHub: a pull request that touches none of these is not affected, and not measured. Empty: all are."""
    preview: Preview = Preview()
    """The deployment under test."""
    identities: dict[Name, Identity] = Field(default_factory=dict, max_length=100)
    """Who asks."""
    data: dict[Name, Data] = Field(default_factory=dict, max_length=100)
    """Values that requests draw from, by the name that stands in braces."""
    setup: list[HookStep] = Field(default_factory=list, max_length=16)
    """Requests made once to every deployment before anything is measured: create test data, flush a cache."""
    teardown: list[HookStep] = Field(default_factory=list, max_length=16)
    """Requests made once to every deployment at the end, whatever happened in between."""
    classes: dict[Name, Objectives] = Field(default_factory=dict, max_length=100)
    """Objectives shared by endpoints."""
    endpoints: dict[Name, WrittenEndpoint] = Field(min_length=1, max_length=500)
    """Requests to measure, by name; one line is enough: ``home: GET /``."""
    sockets: dict[Name, WebSocket] = Field(default_factory=dict, max_length=100)
    """WebSockets, by name; scenarios of their own open them, and they are never comparison rows."""
    journeys: dict[Name, Annotated[list[Name], Field(min_length=1, max_length=50)]] = Field(
        default_factory=dict, max_length=100
    )
    """Endpoints that one user asks for one after the other, with cookies and extracted values of their own."""
    scenarios: dict[Name, Scenario] = Field(default_factory=dict, max_length=100)
    """Mixes and users; they feed objectives, never comparison rows."""
    profiles: dict[Name, Profile] = Field(default_factory=dict, max_length=100)
    """Other sizes of the scenarios, by name, for ``--profile``."""
    about: dict[AboutName, WrittenAbout] = Field(default_factory=dict, max_length=50)
    """The environment that the deployment runs in, line by line: declared, or read from the preview."""
    probes: list[Probe] = Field(default_factory=list, max_length=200)
    """Functional checks beside the load: each passed, failed or not measured."""
    telemetry: Telemetry = Telemetry()
    """What the server says of itself under load; it can block, never approve or excuse."""
    score: Score = Score()
    """What the score is made of; it never decides."""
    forecast: dict[Name, ExpectedGrowth] = Field(default_factory=dict, max_length=20)
    """What grows, by name: the report says how long measured capacity and limits last; it never decides."""
    policy: Policy = Policy()
    """What blocks, and what a check may cost."""
    baselines: Baselines = Baselines()
    """Where stored runs are."""
    _profile: str | None = PrivateAttr(default=None)

    @property
    def profile(self) -> str | None:
        """Which of its profiles the scenarios have the size of; None of the suite as it is written."""
        return self._profile

    def in_size_of(self, profile: str) -> Self:
        """The same suite, known to have the size of a profile."""
        copy = self.model_copy()
        copy._profile = profile
        return copy

    def without_probes(self) -> Self:
        """The same, asking nothing beside the load: for runs that are kept and judge nobody."""
        return self.model_copy(update={"probes": [], "about": {}})

    def objectives_of(self, endpoint: str) -> dict[str, float]:
        """Limits of one endpoint by statistic: those of its class, overridden by its own."""
        own = self.endpoints[endpoint]
        shared = self.classes[own.class_name].limits() if own.class_name else {}
        return shared | own.objectives.limits()

    def tolerance_of(self, endpoint: str, metric: str) -> float:
        """Ratio below which a slowdown of this metric is told and not blocked."""
        own: float | None = getattr(self.endpoints[endpoint].tolerance, metric)
        shared: float | None = getattr(self.policy.tolerance, metric)
        return next(value for value in (own, shared, DEFAULT_TOLERANCE[metric]) if value is not None)

    def tolerance_of_all(self, metric: str) -> float:
        """The same for what all endpoints share."""
        shared: float | None = getattr(self.policy.tolerance, metric)
        return DEFAULT_TOLERANCE[metric] if shared is None else shared

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        every = chain(
            checks.misfits(self),
            hook_checks.misfits(self),
            socket_checks.misfits(self),
            scenario_checks.misfits(self),
            endurance_checks.misfits(self),
            profile_checks.misfits(self),
            probe_checks.misfits(self),
            serving_checks.misfits(self),
            telemetry_checks.misfits(self),
            forecast_checks.misfits(self),
        )
        found = list(islice(every, checks.MOST_MISFITS))
        if found:
            raise checks.MisplacedError(found)
        return self
