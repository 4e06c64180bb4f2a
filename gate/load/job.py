"""What the engine is asked to do and what it answers: plain values that cross a process border as JSON.

A *segment* is a stretch of load with one or several *lanes* side by side; a lane is one request template. A *stream* is
one schedule that feeds lanes, or journeys over several of them, by weight. Blocks, warm-ups and scenarios are all made
of segments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from gate.load.arrivals import Course, Spacing, Stage, constant
from gate.load.periods import PeriodResult

PHASES = ("dns", "connect", "tls", "wait", "receive")
"""Of a request, in order; the first three only where a connection was opened. ``wait`` ends with the first byte."""

Connections = Literal["keep", "fresh"]
Pick = Literal["random", "order", "zipf"]
Scalar = str | int | float
"""A value that stands for a name in braces."""


@dataclass(frozen=True)
class Walk:
    """A way of its own through values that are picked in order."""

    name: str
    """Whose; unlike those of other requests of the segment."""
    begin: int
    """Place of the first value, of which the first of all is zero; before it stands the last one."""


@dataclass(frozen=True)
class Request:
    """One request template, complete but for its placeholders."""

    method: str
    url: str
    """Absolute; origin already joined, placeholders still in."""
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    """Body as a JSON value whose strings are templates; None for no body."""
    timeout_s: float = 10.0
    """Total: name resolution to last byte."""
    follow: int = 0
    """Redirects followed, within the same origin only."""
    connections: Connections = "keep"
    """Whether a connection may have served another request before."""
    graphql: str | None = None
    """A GraphQL document, sent as it is (its braces are no placeholders); ``json`` are then its variables."""
    text: str | None = None
    """In place of ``json``: the body as it is sent, a template."""
    walk: Walk | None = None
    """How it goes through values that are picked in order; without it those of a segment share them out."""


@dataclass(frozen=True)
class Expectation:
    """What an answer must be; anything else is an error."""

    statuses: tuple[int, ...] = ()
    """Accepted statuses; empty means any 2xx."""
    media_type: str | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    no_graphql_errors: bool = False
    """The answer is a GraphQL response whose ``errors`` must be absent or empty."""


@dataclass(frozen=True)
class Schedule:
    """When requests are due: an open arrival rate, or users that wait for their answers."""

    rate_rps: float | None = None
    """Open model: arrivals whatever the answers do."""
    users: int | None = None
    """Closed model: so many at once, each waiting for its answer and then ``think_s``."""
    think_s: float = 0.0
    count: int | None = None
    for_s: float | None = None
    """End by count, by time, or by whichever comes first; at least one is given, or ``stages``."""
    seed: int = 0
    stages: tuple[Stage, ...] = ()
    """A rate (or a number of users) that changes; in place of ``rate_rps``, ``users`` and ``for_s``."""
    stages_of: Literal["rate", "users"] = "rate"
    spacing: Spacing = "poisson"

    @property
    def is_open(self) -> bool:
        """Whether requests fall due whatever the answers do."""
        return self.rate_rps is not None or (bool(self.stages) and self.stages_of == "rate")

    @property
    def course(self) -> Course:
        """The rate, or the number of users, over time."""
        if self.stages:
            return Course(self.stages)
        level = self.rate_rps if self.rate_rps is not None else float(self.users or 1)
        return constant(level) if self.for_s is None else constant(level, self.for_s)


@dataclass(frozen=True)
class Source:
    """Values for a placeholder: a range of numbers, or rows."""

    low: int = 0
    high: int = 0
    rows: tuple[Any, ...] = ()
    """Values, or objects whose members are asked for by ``{name.member}``; in place of the range."""
    key: str = ""
    """Name of the rows, the same for the same rows: each worker is sent them once. Empty: with every segment."""
    member: str | None = None
    """The only member of each row that is used; it stands for ``{name}``."""
    pick: Pick = "random"
    begin: int = 0
    """Place of the first value in order, for requests without a walk of their own."""
    exponent: float = 1.0
    """Of Zipf's law: the k-th value is drawn in proportion to ``1 / k ** exponent``."""


@dataclass(frozen=True)
class Rows:
    """Rows on their way to a worker, ahead of the first segment that draws from them."""

    key: str
    rows: tuple[Any, ...]


@dataclass(frozen=True)
class Socket:
    """Makes a lane one of WebSockets: its request is the upgrade, the ``json`` of the request the message.

    A string is sent as it stands, any other value as JSON text; with None nothing is sent and connections are held.
    """

    subprotocols: tuple[str, ...] = ()
    """Offered; the server must choose one of them. Given here and not as a header."""
    echo: bool = False
    """The answer is the message that equals what was sent; others are not it."""
    path: str | None = None
    """The answer is a message of JSON that has something there; others are not it.

    With neither, the answer is whatever comes first after a message was sent; to a server that greets, or that tells
    news unasked, that is no measurement."""


@dataclass(frozen=True)
class Lane:
    """One request template."""

    name: str
    request: Request
    expect: Expectation
    weight: int = 1
    """Share among the lanes of a mix."""
    extract: dict[str, str] = field(default_factory=dict)
    """Values taken from an answer for later steps of the same journey: ``$.path``, ``header:Name``, ``cookie:name``."""
    socket: Socket | None = None
    """Given for a WebSocket; such lanes have segments of their own."""


@dataclass(frozen=True)
class Journey:
    """Several lanes one after the other by one user, with cookies and extracted values of its own."""

    name: str
    steps: tuple[str, ...]
    """Names of lanes of the same stream."""
    weight: int = 1


@dataclass(frozen=True)
class Stream:
    """One schedule that feeds one lane, or several by weight, or journeys over them."""

    schedule: Schedule
    lanes: tuple[Lane, ...]
    journeys: tuple[Journey, ...] = ()
    """If any, what falls due is one of these; lanes are then only their steps."""


@dataclass(frozen=True)
class Wire:
    """How connections are made; the same for all lanes of a segment."""

    http: Literal["1.1", "2"] = "1.1"
    """2 is spoken over TLS if the server offers it, over plain TCP at once."""
    ca: str | None = None
    """PEM certificates to trust besides the usual ones."""
    proxy: str | None = None
    compression: bool = False
    """Ask for compressed bodies; they are counted as sent and not decoded."""
    resolve: tuple[str, ...] = ()
    """``HOST:PORT:ADDRESS``: names as they were resolved once for the whole run."""


@dataclass(frozen=True)
class Segment:
    """A stretch of load: all its streams run side by side."""

    streams: tuple[Stream, ...]
    environment: dict[str, str] = field(default_factory=dict)
    """Values for ``${NAME}``; they go to the worker over its pipe and nowhere else."""
    values: dict[str, Scalar] = field(default_factory=dict)
    """Values for ``{name}`` that are fixed for the run, such as a token, or the id of what setup created."""
    sources: dict[str, Source] = field(default_factory=dict)
    """Values for ``{name}`` that are drawn for each request."""
    run_token: str = ""
    """Prefix of ``{{seq}}`` and ``{{uuid}}``, so that two runs never share one."""
    server_timing: bool = False
    """Read what the answers say of their server."""
    trace: str = ""
    """Begins the trace id of every request; empty where none is sent."""
    keep_samples: bool = False
    """Return each latency; only for blocks, which are small."""
    keep_periods: bool = False
    """Return latencies by when they were answered; not of WebSockets."""
    max_in_flight: int = 1000
    wire: Wire = Wire()
    part: int = 0
    parts: int = 1
    """Which of several workers this one is; each sends its share of every stream."""
    deadline_s: float | None = None
    """After it nothing more is sent and what is under way is given up."""

    @property
    def is_of_sockets(self) -> bool:
        """Whether its lanes are WebSockets.

        Raises
        ------
        ValueError
            If some are and some are not, or if a journey is made of them.
        """
        kinds = {lane.socket is not None for stream in self.streams for lane in stream.lanes}
        if len(kinds) > 1 or (True in kinds and any(stream.journeys for stream in self.streams)):
            raise ValueError("WebSockets share a segment neither with requests nor with journeys")
        return True in kinds


@dataclass
class ServerResult:
    """What the answers of one lane that were as expected said of their server; it is the server's word."""

    looked: int = 0
    """Answers that were looked at."""
    told: int = 0
    """Those that said something."""
    unread: int = 0
    """Those whose ``Server-Timing`` is malformed or beyond the bounds; the rest says nothing that is read."""
    queries: dict[int, int] = field(default_factory=dict)
    """Answers by number of queries; large numbers are counted as one."""
    queries_sum: int = 0
    queries_min: int | None = None
    queries_max: int | None = None
    times: dict[str, dict[int, int]] = field(default_factory=dict)
    """Histogram of each time."""


@dataclass
class LaneResult:
    """What one lane did."""

    planned: int = 0
    """Arrivals that fell due (open), or requests that users began (closed)."""
    sent: int = 0
    dropped: int = 0
    """Fell due but never sent, because too many were in flight."""
    completed: int = 0
    """Answered as expected; only these have a latency."""
    errors: dict[str, int] = field(default_factory=dict)
    """Sent but not answered as expected, by kind."""
    statuses: dict[str, int] = field(default_factory=dict)
    protocols: dict[str, int] = field(default_factory=dict)
    """Answers by version of HTTP."""
    histogram: dict[int, int] = field(default_factory=dict)
    """Latency of completed requests: intended in the open model, service in the closed one."""
    first: dict[int, int] = field(default_factory=dict)
    """The same of those among them that had to open a connection."""
    phases: dict[str, dict[int, int]] = field(default_factory=dict)
    """Histogram of each phase of ``PHASES``, of completed requests."""
    samples: list[float] = field(default_factory=list)
    """The same latencies in seconds, if asked for."""
    service: list[float] = field(default_factory=list)
    """The same requests from the moment they were really sent, if asked for."""
    body_bytes: int = 0
    body_min: int | None = None
    body_max: int | None = None
    compressed: int = 0
    """Answers that came compressed."""
    new_connections: int = 0
    resent: int = 0
    """Requests that libcurl had to send again on another connection, because a server closed an idle one."""
    server: ServerResult = field(default_factory=ServerResult)
    period_s: float = 0.0
    """Length of each period, if asked for; the last is cut off by the end."""
    periods: list[PeriodResult] = field(default_factory=list)
    """The latencies and failures again, by when they were answered."""


@dataclass
class JourneyResult:
    """What one journey did."""

    begun: int = 0
    completed: int = 0
    """Every step answered as expected."""
    dropped: int = 0
    histogram: dict[int, int] = field(default_factory=dict)
    """From the first step's due instant to the last byte of the last step, of completed ones."""


@dataclass
class SocketResult:
    """What the connections of one lane of WebSockets did; its messages are in the lane's own result."""

    opened: int = 0
    """Upgrades that the server accepted."""
    reconnected: int = 0
    """Those among them in place of a connection that was lost or given up."""
    alive: int = 0
    """Connections of users that were open when their user's time was over."""
    lost: dict[str, int] = field(default_factory=dict)
    """Connections that the server ended before, by close code; 1006 is without a close frame (RFC 6455, 7.1.5)."""
    unasked: int = 0
    """Messages that were no answer."""
    connect: dict[int, int] = field(default_factory=dict)
    """Histogram of the time to open a connection: TCP, TLS and upgrade, without the name's resolution."""
    upgrade: dict[int, int] = field(default_factory=dict)
    """Histogram of the upgrade alone."""
    echo: dict[int, int] = field(default_factory=dict)
    """Histogram of the time from sending a message to the end of its answer."""


@dataclass
class SegmentResult:
    """What one segment did, and how the generator fared."""

    lanes: dict[str, LaneResult]
    journeys: dict[str, JourneyResult] = field(default_factory=dict)
    sockets: dict[str, SocketResult] = field(default_factory=dict)
    """By lane; only of lanes of WebSockets."""
    elapsed_s: float = 0.0
    lag: dict[int, int] = field(default_factory=dict)
    """Histogram of send lag: actual minus scheduled instant, open model only."""
    cpu_s: float = 0.0
    stalls: int = 0
    """Turns of the loop that took longer than it may."""
    longest_turn_s: float = 0.0
    peak_in_flight: int = 0
    throttled: bool = False
    """Ended early because the preview asked to slow down."""
    protected: bool = False
    """Ended early because a login or protection page answered."""
    stopped: bool = False
    """Ended early because the gate asked so, or at its deadline."""
