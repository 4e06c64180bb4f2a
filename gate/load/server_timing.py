"""What an answer says of the time it took its server: ``Server-Timing``, read within bounds.

The application under test writes it, so it may be anything: too long, too many, malformed, or a lie. What does not
read as the standard says counts as unread and never as a number.

References
----------
https://www.w3.org/TR/server-timing/#the-server-timing-header-field ; RFC 9110, section 5.6 (tokens, quoted strings).
"""

from __future__ import annotations

import re
from typing import NamedTuple

TIMES = ("app", "db", "pool", "held")
"""Metrics that are read, as ``gate-instrument`` names them: since the application was called, in queries, waiting
for connections, holding them. Others, such as a cache's, are let pass."""
MOST_BYTES = 2048
"""Of all its values in one answer; who says more is unread."""
MOST_QUERIES = 999_999
LONGEST_MS = 86_400_000

_NAME = b"\nserver-timing:"
# All repeats are possessive: whatever an answer says, reading it takes time in proportion to its length.
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_VALUE = rb'(?:%b|"(?:[^"\\]|\\.)*+")' % _TOKEN
_PARAMETER = re.compile(rb"[ \t]*+;[ \t]*+(%b)(?:[ \t]*+=[ \t]*+(%b))?+" % (_TOKEN, _VALUE))
_METRIC = re.compile(
    rb"[ \t,]*+(%b)((?:[ \t]*+;[ \t]*+%b(?:[ \t]*+=[ \t]*+%b)?+)*+)[ \t]*+(?:,|$)" % (_TOKEN, _TOKEN, _VALUE)
)
_DURATION = re.compile(rb'"?([0-9]{1,9}(?:\.[0-9]{1,9})?)"?')
_COUNT = re.compile(rb'"?([0-9]{1,6})(?: quer(?:y|ies))?"?')
_NUMBER = rb"([0-9]{1,9}\.[0-9]{3})"
_USUAL = re.compile(
    rb'app;dur=%b, db;dur=%b;desc="([0-9]{1,6}) queries"(?:, pool;dur=%b, held;dur=%b)?+' % ((_NUMBER,) * 4)
)
"""Just as ``gate-instrument`` writes it: read so, an answer costs a fraction of what the general way takes."""
_KNOWN = {name.encode(): name for name in TIMES}


class Said(NamedTuple):
    """What one answer said."""

    queries: int | None
    """None if it gave no number."""
    times_s: dict[str, float]
    """By metric, of ``TIMES``."""


UNREAD = Said(None, {})
"""An answer that said something malformed or beyond the bounds."""


def said_by(head: bytes) -> Said | None:
    """Read the header lines of one answer.

    Of equal metrics the sum is taken: an application with several databases may tell of each, and a request that was
    redirected has an answer from every stop.

    Returns
    -------
    Said or None
        ``UNREAD`` if any of it is malformed or beyond the bounds; None if it says nothing that is read.
    """
    values = _values(head)
    if not values:
        return None
    if len(values) > MOST_BYTES:
        return UNREAD
    usual = _USUAL.fullmatch(values)
    if usual is not None:
        app, db, number, pool, held = usual.groups()
        times_ms = {"app": float(app), "db": float(db)}
        if pool is not None:
            times_ms |= {"pool": float(pool), "held": float(held)}
        return _bounded(int(number), times_ms)
    return _read(values)


def _read(values: bytes) -> Said | None:
    """Read a list of metrics by the grammar of the standard."""
    queries: int | None = None
    times_ms: dict[str, float] = {}
    at, end = 0, len(values)
    while at < end:
        metric = _METRIC.match(values, at)
        if metric is None:
            return UNREAD
        at = metric.end()
        name = _KNOWN.get(metric[1])
        if name is None:
            continue
        try:
            duration_ms, count = _parameters(metric[2])
        except ValueError:
            return UNREAD
        if duration_ms is not None:
            times_ms[name] = times_ms.get(name, 0.0) + duration_ms
        if count is not None and name == "db":
            queries = count + (queries or 0)
    return None if queries is None and not times_ms else _bounded(queries, times_ms)


def _bounded(queries: int | None, times_ms: dict[str, float]) -> Said:
    if max(times_ms.values(), default=0.0) > LONGEST_MS or (queries or 0) > MOST_QUERIES:
        return UNREAD
    return Said(queries, {name: value_ms / 1e3 for name, value_ms in times_ms.items()})


def _values(head: bytes) -> bytes:
    """The values of all its lines as one list, as RFC 9110, section 5.3, allows; empty without any."""
    lower = head.lower()
    at = lower.find(_NAME)
    parts = []
    while at >= 0:
        begin = at + len(_NAME)
        end = head.find(b"\r", begin)
        parts.append(head[begin : end if end >= 0 else len(head)].strip())
        at = lower.find(_NAME, begin)
    return b",".join(parts)


def _parameters(text: bytes) -> tuple[float | None, int | None]:
    """Duration in milliseconds and number of queries; the first of equal names counts, as the standard says.

    Raises
    ------
    ValueError
        If there is a duration and it is not a number of at most nine digits.
    """
    given: dict[bytes, bytes] = {}
    for name, value in _PARAMETER.findall(text):
        given.setdefault(name.lower(), value)
    duration_ms = None
    if b"dur" in given:
        number = _DURATION.fullmatch(given[b"dur"])
        if number is None:
            raise ValueError
        duration_ms = float(number[1])
    count = _COUNT.fullmatch(given.get(b"desc", b""))
    return duration_ms, None if count is None else int(count[1])
