"""Probes of several requests, each of which may use what those before it extracted."""

from __future__ import annotations

from gate.config.jsonpath import lookup
from gate.config.probe_requests import ProbeStep
from gate.config.probes import Probe
from gate.load.job import Scalar
from gate.load.transport import Fetched
from gate.probes.answers import Judged, judge, lines_of
from gate.probes.asked import Known, Way, of_request
from gate.probes.bodies import json_of
from gate.probes.outcome import Came
from gate.probes.requests import cap_of


def take(probe: Probe, way: Way) -> Came:
    """Make the steps in their order; after one that fails only those that are always made."""
    values: dict[str, Scalar] = dict(way.given())
    first: str | None = None
    is_unknown = False
    made = passed = 0
    for number, step in enumerate(probe.steps, 1):
        if first is not None and not step.always:
            continue
        judged, was_sent = _step(step, way, values)
        made += was_sent
        passed += judged.is_as_expected
        if not judged.is_as_expected and first is None:
            first, is_unknown = f"step {number}, {step.request}: {judged.seen}", judged.unknown is not None
    if first is None:
        return Came("passed", f"all {made} steps as expected", made, passed)
    return Came("not_measured" if is_unknown else "failed", first, made, passed)


def _step(step: ProbeStep, way: Way, values: dict[str, Scalar]) -> tuple[Judged, bool]:
    """Make one step and keep what it extracts."""
    try:
        request = way.fill(of_request(step), values)
    except KeyError as missing:
        return Judged(unknown=f"it was not sent: nothing gave it {{{missing.args[0]}}}"), False
    fetched = way.send(request, cap_of(step.expect))
    judged = judge(step.expect, fetched, Known(way.environment, values))
    if not judged.is_as_expected:
        return judged, True
    for name, place in step.extract.items():
        value = _extracted(fetched, place)
        if value is None:
            return Judged((f"nothing at {place}",), status=judged.status), True
        values[name] = value
    return judged, True


def _extracted(fetched: Fetched, place: str) -> Scalar | None:
    kind, colon, name = place.partition(":")
    if colon and kind == "header":
        return next(iter(lines_of(fetched.head, name)), None) or None
    if colon and kind == "cookie":
        pairs = (line.split(";")[0].partition("=") for line in lines_of(fetched.head, "set-cookie"))
        return {key.strip(): value.strip() for key, _, value in pairs}.get(name) or None
    value = next((lookup(answer, place) for answer in json_of(fetched.body)), None)
    is_scalar = isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
    return value if is_scalar and isinstance(value, str | int | float) else None
