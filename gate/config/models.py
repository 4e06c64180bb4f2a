"""The suite as frozen values: what a ``gate.yml`` may say, with every default.

Pure: nothing here reads files, the environment or the clock. Text with ``${NAME}`` stays a template, so no
value of the environment ever becomes part of a suite, a hash, a report or an error message.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from gate.config import checks, graphql, scenario_checks
from gate.config.base import Model
from gate.config.data import Data
from gate.config.loads import Load
from gate.config.scalars import (
    CA_PATTERN,
    REQUEST_PATTERN,
    ROW_PATTERN,
    STORE_PATTERN,
    Day,
    DurationS,
    Extracted,
    HeaderName,
    Headers,
    Host,
    Json,
    JsonPath,
    Name,
    Path,
    Proxy,
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


def _in_quotes(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'is a number to YAML; write it in quotes: http: "{value}"')
    return value


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
    http: Annotated[Literal["1.1", "2"], BeforeValidator(_in_quotes)] = "1.1"
    """Version of HTTP: ``"2"`` is spoken over TLS where the server offers it, over plain TCP at once."""
    compression: bool = False
    """Ask for compressed bodies; they are counted as sent and not unpacked."""
    ca: Annotated[str, Field(pattern=CA_PATTERN, max_length=500)] | None = None
    """PEM certificates to trust besides the usual ones: a file beside the suite, or ``${NAME}``."""
    proxy: Proxy | None = None
    """Proxy for every request to the preview; those of the environment are never used."""

    _ca_text: str | None = PrivateAttr(default=None)

    @property
    def ca_file(self) -> str | None:
        """The file that holds the certificates, relative to the suite."""
        return None if self.ca is None or self.ca.startswith("$") else self.ca

    @property
    def ca_text(self) -> str | None:
        """Content of that file; None where there is none or it was not read."""
        return self._ca_text

    def with_ca(self, text: str) -> Self:
        """The same with the content of that file."""
        copy = self.model_copy()
        copy._ca_text = text
        return copy


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
    lasts_s: DurationS | None = Field(default=None, alias="lasts", gt=0, le=86_400)
    """How long a login is good for; it is made again in time. JSON web tokens say it themselves."""


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
    capacity: RateRps | None = Field(default=None, le=10_000)
    """Of a search (``find``): the rate of answers that the preview must reach while the condition holds."""


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


class Scenario(Model):
    """One load pattern over a weighted mix of endpoints; feeds objectives, never comparison rows."""

    load: Load
    """How requests arrive."""
    mix: dict[Name, Annotated[int, Field(ge=1, le=1000)]] = Field(min_length=1, max_length=500)
    """Endpoints and journeys with their weights: ``{materials: 5, buy: 1}``."""
    beside: list[Name] = Field(default_factory=list, max_length=16)
    """Scenarios that run at the same time: it starts together with them."""
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
    data: dict[Name, Data] = Field(default_factory=dict, max_length=100)
    """Values that requests draw from, by the name that stands in braces."""
    classes: dict[Name, Objectives] = Field(default_factory=dict, max_length=100)
    """Objectives shared by endpoints."""
    endpoints: dict[Name, Annotated[Endpoint, BeforeValidator(_one_line), Also(_request_only)]] = Field(
        min_length=1, max_length=500
    )
    """Requests to measure, by name; one line is enough: ``home: GET /``."""
    journeys: dict[Name, Annotated[list[Name], Field(min_length=1, max_length=50)]] = Field(
        default_factory=dict, max_length=100
    )
    """Endpoints that one user asks for one after the other, with cookies and extracted values of their own."""
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
        every = chain(checks.misfits(self), scenario_checks.misfits(self))
        found = list(islice(every, checks.MOST_MISFITS))
        if found:
            raise checks.MisplacedError(found)
        return self
