"""What a probe expects, in words: as the suite has it, so that no value of the environment is in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gate.config.expectations import Cookie, ProbeExpect
from gate.config.probe_kinds import Growth, Inspection
from gate.config.probes import Probe
from gate.config.shown import plain
from gate.config.suite import Suite
from gate.units import format_duration, format_size

_MOST = 400


def expected(probe: Probe) -> str:
    """What must be so for a probe to pass."""
    return plain(_expected(probe), _MOST)


def most_requests(suite: Suite) -> int:
    """Requests that all probes of a suite make together at most, those that warm up included."""
    return sum(_most(probe) for probe in suite.probes)


def _most(probe: Probe) -> int:
    if probe.growth is not None:
        return len(probe.growth.items) * (probe.growth.repeats + 1)
    if probe.tally is not None:
        return 2
    if probe.request is not None:
        return probe.times + (probe.spread is not None)
    return len(probe.steps) + (probe.socket is not None)


def _expected(probe: Probe) -> str:
    if probe.growth is not None:
        return _growth(probe.growth)
    if probe.tally is not None:
        return f"one more with every answer of {', '.join(probe.tally.of)}"
    if probe.command is not None:
        return "exit code 0"
    if probe.postgres is not None:
        return _inspection(probe.postgres)
    if probe.socket is not None:
        return f"refused with {_either(probe.socket.refused)}"
    if probe.steps:
        return "; ".join(
            f"step {number} {', '.join(_answer(step.expect))}" for number, step in enumerate(probe.steps, 1)
        )
    return _requests(probe)


def _requests(probe: Probe) -> str:
    if probe.some is not None:
        return f"at least one of {probe.times}: {', '.join(_answer(probe.some, any_status=True)) or 'any answer'}"
    answer = ", ".join(_answer(probe.expect))
    many = f"{probe.times} of {probe.times}" if probe.times > 1 else ""
    at_once = f", {probe.concurrent} at once" if probe.concurrent > 1 else ""
    spread = ""
    if probe.spread is not None:
        spread = f", the slowest within {probe.spread:g} times the fastest or {format_duration(probe.floor_s)} of it"
    return f"{many}{at_once}{': ' if many else ''}{answer}{spread}"


def _answer(expect: ProbeExpect, *, any_status: bool = False) -> Iterator[str]:
    if expect.status or not any_status:
        yield f"status {_either(expect.status)}" if expect.status else "any 2xx"
    if expect.type is not None:
        yield f"type {expect.type}"
    for bound, size in (("least", expect.body.min_bytes), ("most", expect.body.max_bytes)):
        if size is not None:
            yield f"at {bound} {format_size(size)}"
    yield from _parts(expect)
    if expect.within_s is not None:
        yield f"within {format_duration(expect.within_s)}"


def _parts(expect: ProbeExpect) -> Iterator[str]:
    for name, header in expect.headers.items():
        yield f"{'no' if header is False else 'a'} header {name}" + (f": {header}" if isinstance(header, str) else "")
    for path, value in expect.json_members.items():
        yield f"{'no' if value is False else 'a'} {path}" if isinstance(value, bool) else f"{path} as given"
    if expect.json_schema is not None:
        yield "as its schema says"
    if expect.absent:
        yield f"without {', '.join(expect.absent)}"
    for name, cookie in expect.cookies.items():
        yield f"cookie {name}{_cookie(cookie)}"


def _cookie(cookie: Cookie) -> str:
    said = [
        "" if cookie.secure is None else "Secure" if cookie.secure else "not Secure",
        "" if cookie.http_only is None else "HttpOnly" if cookie.http_only else "not HttpOnly",
        f"SameSite {cookie.same_site}" if cookie.same_site else "",
        f"for at most {format_duration(cookie.max_age_s)}" if cookie.max_age_s is not None else "",
    ]
    return f" ({', '.join(filter(None, said))})" if any(said) else ""


def _growth(growth: Growth) -> str:
    limit = growth.limit
    if growth.of == "queries":
        most = f", at most {limit:.0f} with {max(growth.items)} items" if limit is not None else ""
        return f"no more queries with more items{most}"
    told = format_duration if growth.of == "time" else format_size
    return f"at most {told(limit or 0.0)} with {max(growth.items)} items"


def _inspection(wanted: Inspection) -> str:
    parts = (("indexes", wanted.indexes), ("tables", wanted.tables), ("extensions", wanted.extensions))
    return "; ".join(f"{what} {', '.join(names)}" for what, names in parts if names)


def _either(numbers: list[int]) -> str:
    return " or ".join(str(number) for number in numbers)
