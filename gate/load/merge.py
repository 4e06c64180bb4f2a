"""Results of several workers as one: counts add up, extremes are kept. Pure, associative and exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import TypeVar

from gate.load.job import JourneyResult, LaneResult, SegmentResult, ServerResult, SocketResult
from gate.load.periods import side_by_side

K = TypeVar("K", int, str)


def merged(results: Iterable[SegmentResult]) -> SegmentResult:
    """One result of at least one."""
    return reduce(_both, results)


def one_after_the_other(results: Sequence[SegmentResult]) -> SegmentResult:
    """The same of results of the same workers at different times: these add up, and never come together."""
    return replace(
        merged(results),
        elapsed_s=sum(result.elapsed_s for result in results),
        cpu_s=sum(result.cpu_s for result in results),
        peak_in_flight=max(result.peak_in_flight for result in results),
    )


def _both(a: SegmentResult, b: SegmentResult) -> SegmentResult:
    return SegmentResult(
        lanes={name: _lanes(a.lanes[name], b.lanes[name]) for name in a.lanes},
        journeys={name: _journeys(a.journeys[name], b.journeys[name]) for name in a.journeys},
        sockets={name: _sockets(a.sockets[name], b.sockets[name]) for name in a.sockets},
        elapsed_s=max(a.elapsed_s, b.elapsed_s),
        lag=_added(a.lag, b.lag),
        cpu_s=max(a.cpu_s, b.cpu_s),
        stalls=a.stalls + b.stalls,
        longest_turn_s=max(a.longest_turn_s, b.longest_turn_s),
        peak_in_flight=a.peak_in_flight + b.peak_in_flight,
        throttled=a.throttled or b.throttled,
        protected=a.protected or b.protected,
        stopped=a.stopped or b.stopped,
    )


def _lanes(a: LaneResult, b: LaneResult) -> LaneResult:
    period_s, periods = side_by_side(a.period_s, a.periods, b.period_s, b.periods)
    return LaneResult(
        planned=a.planned + b.planned,
        sent=a.sent + b.sent,
        dropped=a.dropped + b.dropped,
        completed=a.completed + b.completed,
        errors=_added(a.errors, b.errors),
        statuses=_added(a.statuses, b.statuses),
        protocols=_added(a.protocols, b.protocols),
        histogram=_added(a.histogram, b.histogram),
        first=_added(a.first, b.first),
        phases={phase: _added(a.phases.get(phase, {}), b.phases.get(phase, {})) for phase in a.phases | b.phases},
        samples=a.samples + b.samples,
        service=a.service + b.service,
        body_bytes=a.body_bytes + b.body_bytes,
        body_min=min((size for size in (a.body_min, b.body_min) if size is not None), default=None),
        body_max=max((size for size in (a.body_max, b.body_max) if size is not None), default=None),
        compressed=a.compressed + b.compressed,
        new_connections=a.new_connections + b.new_connections,
        resent=a.resent + b.resent,
        server=both_servers(a.server, b.server),
        period_s=period_s,
        periods=periods,
    )


def both_servers(a: ServerResult, b: ServerResult) -> ServerResult:
    """What answers of two lots said of their server."""
    return ServerResult(
        looked=a.looked + b.looked,
        told=a.told + b.told,
        unread=a.unread + b.unread,
        queries=_added(a.queries, b.queries),
        queries_sum=a.queries_sum + b.queries_sum,
        queries_min=min((number for number in (a.queries_min, b.queries_min) if number is not None), default=None),
        queries_max=max((number for number in (a.queries_max, b.queries_max) if number is not None), default=None),
        times={name: _added(a.times.get(name, {}), b.times.get(name, {})) for name in a.times | b.times},
    )


def _journeys(a: JourneyResult, b: JourneyResult) -> JourneyResult:
    return JourneyResult(
        begun=a.begun + b.begun,
        completed=a.completed + b.completed,
        dropped=a.dropped + b.dropped,
        histogram=_added(a.histogram, b.histogram),
    )


def _sockets(a: SocketResult, b: SocketResult) -> SocketResult:
    return SocketResult(
        opened=a.opened + b.opened,
        reconnected=a.reconnected + b.reconnected,
        alive=a.alive + b.alive,
        lost=_added(a.lost, b.lost),
        unasked=a.unasked + b.unasked,
        connect=_added(a.connect, b.connect),
        upgrade=_added(a.upgrade, b.upgrade),
        echo=_added(a.echo, b.echo),
    )


def _added(a: Mapping[K, int], b: Mapping[K, int]) -> dict[K, int]:
    return dict(Counter(a) + Counter(b))
