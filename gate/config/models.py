"""The suite as frozen values: what a ``gate.yml`` may say, with every default.

Pure: nothing here reads files, the environment or the clock. Text with ``${NAME}`` stays a template, so no
value of the environment ever becomes part of a suite, a hash, a report or an error message.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gate.config import checks
from gate.config.scalars import (
    REQUEST_PATTERN,
    ROW_PATTERN,
    STORE_PATTERN,
    Day,
    DurationS,
    HeaderName,
    Headers,
    Host,
    Json,
    JsonPath,
    Name,
    Path,
    RateRps,
    Ratio,
    RequestLine,
    SizeBytes,
    Status,
    Statuses,
    Text,
    Urls,
)
from gate.config.written import Also

CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods that may change data; loaded only where the endpoint says ``mutates: true``."""

DEFAULT_TOLERANCE = {"p50": 0.03, "p95": 0.05}
"""Smallest slowdown that blocks where neither endpoint nor policy says otherwise."""


class Model(BaseModel):
    """Base of every part of the suite: frozen, strict, no unknown keys, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Ready(Model):
    """When a preview counts as up."""

    path: Path = "/"
    """Asked again and again until it answers; only ``${NAME}`` may stand in it."""
    status: Status | None = None
    """Status to wait for; without it any answer below 500 will do."""
    timeout_s: DurationS = Field(default=60.0, alias="timeout", gt=0, le=3600)
    """How long to wait, apart from the budget of the measurement."""


class CommitSource(Model):
    """Where the preview reveals the commit it serves: a header, or a member of a JSON answer."""

    header: HeaderName | None = None
    """Header of the answer that holds the commit."""
    json_path: JsonPath | None = Field(default=None, alias="json")
    """Member of the JSON answer that holds the commit."""
    path: Path | None = None
    """Asked for the commit; without it the path of ``ready``."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.header is None) == (self.json_path is None):
            raise ValueError("needs either header or json; write {header: X-Commit} or {json: $.commit}")
        return self


class Preview(Model):
    """The deployment under test, and if there is one the deployment of the merge base."""

    url: Urls | None = None
    """One URL, or several deployments of the same commit."""
    base: Urls | None = None
    """A deployment of the merge base; with it both are measured side by side (duet)."""
    hosts: list[Host] = Field(default_factory=list, max_length=64)
    """Allowed hosts, ``*.`` matching whole labels. Empty: any host on the command line, none on GitHub."""
    ready: Ready = Ready()
    """When it counts as up."""
    commit: CommitSource | None = None
    """How the served commit is told; it must be the head."""
    headers: Headers = Field(default_factory=dict)
    """Sent with every request to the preview; only ``${NAME}`` may stand in them."""


class LoginStep(Model):
    """One request of a login; what it extracts may stand in later steps and in the identity's headers."""

    request: RequestLine
    """``METHOD /path``."""
    json_body: Json = Field(default=None, alias="json")
    """Body, sent as JSON."""
    headers: Headers = Field(default_factory=dict)
    """Sent with this step."""
    status: Status | None = None
    """Expected status; without it any 2xx."""
    extract: dict[Name, JsonPath] = Field(default_factory=dict, max_length=64)
    """Names for members of the JSON answer: ``{token: $.token}``."""


class Identity(Model):
    """Who asks: headers, made once before the load by an optional login."""

    login: list[LoginStep] = Field(default_factory=list, max_length=8)
    """Steps in their order."""
    headers: Headers = Field(default_factory=dict)
    """Sent with every request of this identity; ``{token}`` is what the login extracted."""


class DataRange(Model):
    """Integers a template may draw from, both ends included, uniformly and from the seed of the block."""

    range: Annotated[list[Annotated[int, Field(ge=-(10**15), le=10**15)]], Field(min_length=2, max_length=2)]
    """The smallest and the largest: ``[1, 100000]``."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.range[0] <= self.range[1]:
            raise ValueError(f"has the range {self.range}, which runs backwards; write the smaller number first")
        return self


class Objectives(Model):
    """Absolute limits. Latencies, error rate and size are upper limits; rate and success are lower ones."""

    mean: DurationS | None = Field(default=None, gt=0, le=3600)
    """Of all latencies."""
    p50: DurationS | None = Field(default=None, gt=0, le=3600)
    """Median."""
    p90: DurationS | None = Field(default=None, gt=0, le=3600)
    """90th percentile."""
    p95: DurationS | None = Field(default=None, gt=0, le=3600)
    """95th percentile."""
    p99: DurationS | None = Field(default=None, gt=0, le=3600)
    """99th percentile."""
    max: DurationS | None = Field(default=None, gt=0, le=3600)
    """Slowest answer."""
    error_rate: Ratio | None = Field(default=None, ge=0, le=1)
    """Share of requests not answered as expected."""
    rate: RateRps | None = Field(default=None, le=100_000)
    """Requests answered as expected per second."""
    bytes: SizeBytes | None = Field(default=None, gt=0, le=10**10)
    """Largest body."""

    def limits(self) -> dict[str, float]:
        """Limits that are set, by statistic, in SI units."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class ScenarioObjectives(Objectives):
    """Objectives of a scenario as a whole."""

    success: Ratio | None = Field(default=None, ge=0, le=1)
    """Least share of requests answered as expected."""


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


class Tolerance(Model):
    """Smallest slowdown to be blocked, as a ratio over the baseline."""

    p50: Ratio | None = Field(default=None, ge=0, le=10)
    """Of the median; 3% where nothing else is said."""
    p95: Ratio | None = Field(default=None, ge=0, le=10)
    """Of the 95th percentile; 5% where nothing else is said."""


class Endpoint(Model):
    """One request template with its objectives."""

    request: RequestLine
    """``METHOD /path?query``; ``{product}`` draws from data, ``{{uuid}}`` is new each time."""
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
    owner: Text | None = None
    """Whom to ask; shown with the row."""
    mutates: bool = False
    """Changes data: may be loaded although its method is POST, PUT, PATCH or DELETE."""
    max_count: int | None = Field(default=None, ge=1, le=100_000_000)
    """At most so many requests in one run; only with ``mutates``."""
    gate: bool = True
    """False: measured and shown, never blocks."""

    @property
    def method(self) -> str:
        return self.request.split(" ", 1)[0]

    @property
    def path(self) -> str:
        return self.request.split(" ", 1)[1]

    @property
    def is_loaded(self) -> bool:
        """Whether it may be put under load; otherwise it is asked once and only its answer is judged."""
        return self.mutates or self.method not in CHANGING_METHODS

    @model_validator(mode="after")
    def _count_belongs_to_mutates(self) -> Self:
        if self.max_count is not None and not self.mutates:
            raise ValueError("has max_count but not mutates; add mutates: true, or take max_count out")
        return self


def _one_line(value: object) -> object:
    if not isinstance(value, str | Mapping | Endpoint):
        raise ValueError("is no request; write it like GET /path, or with keys below it")
    return {"request": value} if isinstance(value, str) else value


def _request_only(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "string", "pattern": REQUEST_PATTERN, "examples": ["GET /"]}


class Load(Model):
    """One load pattern: a constant rate, a number of users, or a fixed count."""

    rate_rps: RateRps | None = Field(default=None, alias="rate", le=10_000)
    """Requests that begin per second, whatever the answers take (open model)."""
    users: int | None = Field(default=None, ge=1, le=1000)
    """Users who ask, wait for the answer, think, and ask again (closed model)."""
    count: int | None = Field(default=None, ge=1, le=1_000_000)
    """So many requests, then it ends."""
    for_s: DurationS | None = Field(default=None, alias="for", gt=0, le=86_400)
    """How long a rate or users last."""
    think_s: DurationS | None = Field(default=None, alias="think", ge=0, le=3600)
    """Pause of a user after each answer."""
    concurrent: int | None = Field(default=None, ge=1, le=1000)
    """How many of a count run side by side; without it one after the other."""

    @model_validator(mode="after")
    def _one_pattern(self) -> Self:
        given = [key for key, value in (("rate", self.rate_rps), ("users", self.users), ("count", self.count)) if value]
        if len(given) != 1:
            raise ValueError(
                "needs exactly one of rate, users and count; write {rate: 50/s, for: 60s},"
                " {users: 10, for: 60s, think: 1s} or {count: 5, concurrent: 5}"
            )
        if self.count is None and self.for_s is None:
            raise ValueError(f"has {given[0]} but no for, so it would never end; add for: 60s")
        if self.count is not None and self.for_s is not None:
            raise ValueError("has both count, which ends by itself, and for; take one of them out")
        if self.think_s is not None and self.users is None:
            raise ValueError("has think but no users; only users think")
        if self.concurrent is not None and self.count is None:
            raise ValueError("has concurrent but no count; rate and users set their own concurrency")
        return self


class Scenario(Model):
    """One load pattern over a weighted mix of endpoints; feeds objectives, never comparison rows."""

    load: Load
    """How requests arrive."""
    mix: dict[Name, Annotated[int, Field(ge=1, le=1000)]] = Field(min_length=1, max_length=500)
    """Endpoints with their weights: ``{materials: 5, health: 1}``."""
    objectives: ScenarioObjectives = ScenarioObjectives()
    """Absolute limits over the whole mix."""
    advisory: bool = False
    """Shown, never blocks."""


class Budget(Model):
    """What one check may cost, readiness and scenarios apart."""

    time_s: DurationS = Field(default=180.0, alias="time", gt=0, le=21_600)
    """Time spent measuring."""
    requests: int = Field(default=60_000, ge=100, le=100_000_000)
    """Requests sent."""


class Waiver(Model):
    """A regression that is accepted for a time, up to a ceiling."""

    row: str = Field(pattern=ROW_PATTERN, max_length=200)
    """suite/endpoint/metric."""
    ceiling: Ratio = Field(gt=0, le=10)
    """Largest slowdown that is accepted."""
    until: Day
    """Last day on which it counts."""
    reason: Text
    """Shown wherever the waiver counts."""


class Policy(Model):
    """What blocks, and what the measurement may cost."""

    tolerance: Tolerance = Tolerance()
    """Smallest slowdown that blocks, for endpoints that do not say their own."""
    absolute_floor_s: DurationS = Field(default=1e-3, alias="absolute_floor", ge=0, le=60)
    """Slowdowns smaller than this are told, never blocked."""
    false_block_rate: Ratio = Field(default=0.01, gt=0, le=0.2)
    """Chance that a pull request that changes nothing is blocked, over all rows together."""
    budget: Budget = Budget()
    """What one check may cost."""
    max_rate_rps: RateRps = Field(default=50.0, alias="max_rate", le=100_000)
    """Never exceeded against this preview, both arms counted together."""
    objectives: Literal["block", "ratchet"] = "block"
    """``ratchet``: a missed objective blocks only where it is also worse than base."""
    on_inconclusive: Literal["approve", "block"] = "approve"
    """Rows that the data could not decide."""
    on_missing_baseline: Literal["approve", "block"] = "approve"
    """No stored run yet; objectives still judge."""
    on_global_suspect: Literal["block", "approve"] = "block"
    """Everything slower at once and not confirmed."""
    waivers: list[Waiver] = Field(default_factory=list, max_length=100)
    """Regressions accepted for a time."""


class Baselines(Model):
    """Where stored runs of main are, and which of them count."""

    store: str = Field(default="dir:baselines", pattern=STORE_PATTERN, max_length=1024)
    """``dir:FOLDER``."""
    window: int = Field(default=30, ge=1, le=100)
    """The newest so many runs count."""
    max_age_s: DurationS = Field(default=60 * 86_400.0, alias="max_age", gt=0, le=3660 * 86_400)
    """Older runs do not count."""


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
    preview: Preview = Preview()
    """The deployment under test."""
    identities: dict[Name, Identity] = Field(default_factory=dict, max_length=100)
    """Who asks."""
    data: dict[Name, DataRange] = Field(default_factory=dict, max_length=100)
    """Values that requests draw from, by the name that stands in braces."""
    classes: dict[Name, Objectives] = Field(default_factory=dict, max_length=100)
    """Objectives shared by endpoints."""
    endpoints: dict[Name, Annotated[Endpoint, BeforeValidator(_one_line), Also(_request_only)]] = Field(
        min_length=1, max_length=500
    )
    """Requests to measure, by name; one line is enough: ``home: GET /``."""
    scenarios: dict[Name, Scenario] = Field(default_factory=dict, max_length=100)
    """Mixes and users; they feed objectives, never comparison rows."""
    policy: Policy = Policy()
    """What blocks, and what a check may cost."""
    baselines: Baselines = Baselines()
    """Where stored runs are."""

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

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        found = list(islice(checks.misfits(self), checks.MOST_MISFITS))
        if found:
            raise checks.MisplacedError(found)
        return self
