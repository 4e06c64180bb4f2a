"""How the cost of an answer grows with its items: several answers of each number of items, in random order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import median

from gate.config.asking import ITEMS
from gate.config.jsonpath import lookup
from gate.config.probe_kinds import Growth
from gate.config.suite import Suite
from gate.load.kinds import in_words
from gate.load.server_timing import said_by
from gate.load.transport import Fetched
from gate.probes.answers import lines_of
from gate.probes.asked import BODY_CAP_BYTES, NOT_SENT, Asked, Way
from gate.probes.bodies import json_of
from gate.probes.lengths import are_longer, sizes_by_items
from gate.probes.outcome import Came, unmeasured
from gate.probes.requests import PATIENCE_S
from gate.record.probes import GrowthPoint, GrowthRecord, ProbeOutcome
from gate.stats.trend import Slope, least_squares, theil_sen
from gate.units import format_duration, format_size

N_PLUS_ONE = 0.5
"""Queries an item: one more with every item is a slope of 1, and none is ever between."""
_COUNT = re.compile(r"[0-9]{1,6}")
_UNTOLD = {
    "queries": "no number of queries in its answers: gate-instrument tells it in Server-Timing, growth.header names"
    " another header",
    "time": "no time",
    "bytes": "no size",
}


@dataclass(frozen=True)
class _Point:
    """One answer."""

    items: int
    value: float
    size_bytes: int


class _NotCountedError(Exception):
    """An answer that gives no point: what was seen of it, and whether that is its fault."""

    def __init__(self, seen: str, *, is_failed: bool) -> None:
        super().__init__(seen)
        self.seen = seen
        self.outcome: ProbeOutcome = "failed" if is_failed else "not_measured"


def grow(suite: Suite, growth: Growth, way: Way, random: Random) -> Came:
    """Ask for more and fewer items, and fit a slope."""
    orders = [items for items in growth.items for _ in range(growth.repeats)]
    random.shuffle(orders)
    points: list[_Point] = []
    until_s = way.now_s() + PATIENCE_S
    try:
        for number, items in enumerate([*growth.items, *orders]):
            if not way.now_s() < until_s:
                return unmeasured(f"only {len(points)} of {len(orders)} answers came in {PATIENCE_S:.0f} s", number)
            point = _point(suite, growth, items, way)
            if number >= len(growth.items):  # before, each number of items was asked once to fill what caches it
                points.append(point)
    except _NotCountedError as not_counted:
        return Came(not_counted.outcome, not_counted.seen, len(points) + 1, len(points))
    sizes = sizes_by_items([(point.items, point.size_bytes) for point in points])
    if growth.list_path is None and not are_longer(sizes):
        told = ", ".join(f"{format_size(size)} with {items}" for items, size in sizes.items())
        return unmeasured(
            f"answers do not have the items asked for: {told}; growth.list counts what they have", len(points)
        )
    return judge(growth, [(point.items, point.value) for point in points])


def judge(growth: Growth, points: Sequence[tuple[int, float]]) -> Came:
    """What follows from the answers; pairs of a number of items and a value."""
    by_items = {items: [value for at, value in points if at == items] for items in sorted({at for at, _ in points})}
    if len(by_items) < 2:
        only = next(iter(by_items), 0)
        return unmeasured(f"every answer has {only} items, so that nothing can grow with them", len(points))
    fit = theil_sen if growth.of == "time" else least_squares
    slope = fit([float(at) for at, _ in points], [value for _, value in points])
    record = GrowthRecord(
        of=growth.of,
        points=[GrowthPoint(items=items, values=values) for items, values in by_items.items()],
        slope=slope.slope,
        lo=slope.lo if slope.lo > float("-inf") else None,
        hi=slope.hi if slope.hi < float("inf") else None,
    )
    seen = _seen(growth, by_items, slope)
    is_n_plus_one = growth.of == "queries" and slope.lo > N_PLUS_ONE
    is_untold = growth.of == "queries" and not slope.hi <= N_PLUS_ONE
    is_too_much = growth.limit is not None and not at_most(record) <= growth.limit
    if is_n_plus_one:
        seen = f"N+1: {seen}"
    elif is_untold:
        seen = f"N+1 or not, these numbers vary too much to tell: {seen}; more of growth.times would"
    outcome: ProbeOutcome = "failed" if is_n_plus_one or is_too_much else "not_measured" if is_untold else "passed"
    return Came(outcome, seen, len(points), len(points), growth=record)


def at_most(record: GrowthRecord) -> float:
    """What is held against the limit: the largest number or size with the most items, the median time."""
    values = max(record.points, key=lambda point: point.items).values
    return median(values) if record.of == "time" else max(values)


def _point(suite: Suite, growth: Growth, items: int, way: Way) -> _Point:
    try:
        request = way.fill(asked(suite, growth, items), {**way.given(), ITEMS: items})
    except KeyError as missing:
        raise _NotCountedError(f"it was not sent: nothing gave it {{{missing.args[0]}}}", is_failed=False) from None
    fetched = way.send(request, BODY_CAP_BYTES)
    kind, status = fetched.answer.kind, fetched.answer.status
    if kind is not None:
        told = f"no whole answer when asked for {items}: {in_words(kind)}"
        raise _NotCountedError(told, is_failed=kind not in NOT_SENT)
    if not 200 <= status < 300:
        raise _NotCountedError(f"status {status} when asked for {items}", is_failed=True)
    value = _value(growth, fetched)
    if value is None:
        raise _NotCountedError(_UNTOLD[growth.of], is_failed=False)
    return _Point(_items(growth, fetched, items), value, fetched.answer.body_bytes)


def asked(suite: Suite, growth: Growth, items: int) -> Asked:
    """The request for so many items."""
    if growth.endpoint is None or growth.parameter is None:
        return Asked(growth.request or "GET /", growth.headers, identity=growth.identity)
    endpoint = suite.endpoints[growth.endpoint]
    path, _, query = endpoint.path.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0] != growth.parameter]
    line = f"GET {path}?{'&'.join([*kept, f'{growth.parameter}={items}'])}"
    return Asked(line, endpoint.headers, endpoint.content, identity=endpoint.identity, timeout_s=endpoint.timeout_s)


def _items(growth: Growth, fetched: Fetched, wanted: int) -> int:
    """How many there are in the answer, where the suite says where; else as many as were asked for."""
    if growth.list_path is None:
        return wanted
    listed = next((lookup(answer, growth.list_path) for answer in json_of(fetched.body)), None)
    if not isinstance(listed, list):
        raise _NotCountedError(f"no list at {growth.list_path}", is_failed=False)
    return len(listed)


def _value(growth: Growth, fetched: Fetched) -> float | None:
    if growth.of == "time":
        return fetched.answer.total_s
    if growth.of == "bytes":
        return float(fetched.answer.body_bytes)
    if growth.header is not None:
        lines = lines_of(fetched.head, growth.header)
        return float(lines[0]) if len(lines) == 1 and _COUNT.fullmatch(lines[0]) else None
    said = said_by(fetched.head)
    return None if said is None or said.queries is None else float(said.queries)


def _seen(growth: Growth, by_items: dict[int, list[float]], slope: Slope) -> str:
    told = {"queries": _whole, "time": format_duration, "bytes": format_size}[growth.of]
    parts = []
    for items, values in by_items.items():
        low, high = (min(values), max(values)) if growth.of == "queries" else (median(values), median(values))
        parts.append(f"{told(low)}{f' to {told(high)}' if high > low else ''} with {items}")
    what = "queries " if growth.of == "queries" else ""
    return f"{what}{', '.join(parts)} items; {_rise(growth, slope)} more an item"


def _rise(growth: Growth, slope: Slope) -> str:
    told = {"queries": "{:.2f}".format, "time": format_duration, "bytes": format_size}[growth.of]
    bounds = "" if slope.lo == slope.hi else f" ({told(slope.lo)} to {told(slope.hi)})"
    return f"{told(slope.slope)}{bounds}"


def _whole(value: float) -> str:
    return f"{value:.0f}"
