"""Probes of one request: once, again and again, side by side. None is ever sent a second time for its answer."""

from __future__ import annotations

from dataclasses import dataclass

from gate.config.expectations import ProbeExpect
from gate.config.probes import Probe
from gate.load.job import Request
from gate.load.transport import SAFE, Fetched
from gate.probes.answers import Judged, judge
from gate.probes.asked import BODY_CAP_BYTES, Known, Way, of_request
from gate.probes.crowd import Crowd
from gate.probes.outcome import Came, told, unmeasured
from gate.units import format_duration

PATIENCE_S = 120.0
"""No request of a probe is begun later than this after its first."""


@dataclass(frozen=True)
class _One:
    """One answer, judged."""

    judged: Judged
    total_s: float


def ask(probe: Probe, way: Way) -> Came:
    """Send the requests of a probe and judge their answers."""
    asked, known = of_request(probe), Known(way.environment, way.given())
    try:
        requests = [way.fill(asked, known.values) for _ in range(probe.times)]
        if probe.spread is not None and asked.method in SAFE:
            way.send(way.fill(asked, known.values), BODY_CAP_BYTES)  # what only the first one meets is no spread
    except KeyError as missing:
        return unmeasured(f"it was not sent: nothing gave it {{{missing.args[0]}}}")
    if probe.some is not None:
        return _until(probe, probe.some, requests, way, known)
    made = _all(probe, requests, way, known)
    came = _together(probe, [one.judged for one in made])
    latencies = tuple(one.total_s for one in made if one.judged.is_as_expected)
    if probe.spread is not None and came.outcome == "passed":
        came = _spread(came, probe.spread, latencies, probe.floor_s)
    return Came(came.outcome, came.seen, len(made), len(latencies), latencies)


def cap_of(expect: ProbeExpect) -> int:
    """How far an answer is read: to the largest size it may have, and one byte more."""
    return max(BODY_CAP_BYTES, (expect.body.max_bytes or 0) + 1)


def _all(probe: Probe, requests: list[Request], way: Way, known: Known) -> list[_One]:
    cap_bytes, until_s = cap_of(probe.expect), way.now_s() + PATIENCE_S

    def one(request: Request) -> _One:
        fetched = way.send(request, cap_bytes)
        return _One(judge(probe.expect, fetched, known), fetched.answer.total_s)

    def may_go_on(made: list[_One]) -> bool:
        return way.now_s() < until_s and not any(each.judged.unknown for each in made)

    return Crowd(one, requests, may_go_on).all(probe.concurrent)


def _together(probe: Probe, judged: list[Judged]) -> Came:
    bad = [each for each in judged if each.problems]
    unknown = [each for each in judged if each.unknown is not None]
    many = probe.times > 1
    passed = len(judged) - len(bad) - len(unknown)
    if bad:
        seen = told(each.seen for each in bad)
        return Came("failed", f"{passed} of {len(judged)} as expected; {seen}" if many else seen)
    if unknown:
        return unmeasured(told(each.seen for each in unknown))
    if len(judged) < probe.times:
        return unmeasured(f"only {len(judged)} of {probe.times} could be sent within {format_duration(PATIENCE_S)}")
    seen = told(each.seen for each in judged)
    return Came("passed", f"{passed} of {len(judged)} as expected" if many else seen)


def _spread(came: Came, most: float, latencies_s: tuple[float, ...], floor_s: float) -> Came:
    fastest, slowest = min(latencies_s), max(latencies_s)
    is_within = slowest <= most * fastest or slowest - fastest <= floor_s
    span = f"{format_duration(fastest)} to {format_duration(slowest)}"
    return Came("passed" if is_within else "failed", f"{came.seen}, {span}")


def _until(probe: Probe, wanted: ProbeExpect, requests: list[Request], way: Way, known: Known) -> Came:
    """Ask until an answer is so."""
    until_s, seen = way.now_s() + PATIENCE_S, list[str]()
    for number, request in enumerate(requests, 1):
        if not way.now_s() < until_s:
            return unmeasured(f"only {number - 1} of {probe.times} could be sent; {told(seen)}", number - 1)
        fetched = way.send(request, max(cap_of(wanted), cap_of(probe.expect)))
        match = judge(wanted, fetched, known, any_status=True)
        if match.is_as_expected:
            return Came("passed", f"request {number} of at most {probe.times}: {match.seen}", number, 1)
        if match.unknown is not None:
            return unmeasured(match.unknown, number)
        seen.append(_status(fetched))
        also = judge(probe.expect, fetched, known, any_status=True)
        if not also.is_as_expected:
            return Came("failed", also.seen, number)
    return Came("failed", f"none of {len(requests)}: {told(seen)}", len(requests))


def _status(fetched: Fetched) -> str:
    return f"status {fetched.answer.status}" if fetched.answer.status else "no whole answer"
