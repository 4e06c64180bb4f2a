"""Whether an answer is as a probe expects, told in words that hold neither bodies nor values of texts. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.config.expectations import ProbeExpect
from gate.config.shown import plain
from gate.load.kinds import in_words
from gate.load.transport import BODY_CAP_BYTES as MOST_BYTES
from gate.load.transport import Fetched
from gate.probes import cookies
from gate.probes.asked import NOT_SENT, Known
from gate.probes.bodies import UnreadableError, json_of, unpacked
from gate.probes.members import mismatch
from gate.units import format_duration, format_size

_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
_DATE = "date"


@dataclass(frozen=True)
class Judged:
    """One answer."""

    problems: tuple[str, ...] = ()
    """What is wrong with it, in words; empty if it is as expected."""
    unknown: str | None = None
    """Why nothing can be said of it, in words."""
    status: int = 0

    @property
    def is_as_expected(self) -> bool:
        return not self.problems and self.unknown is None

    @property
    def seen(self) -> str:
        """In words."""
        if self.unknown is not None:
            return self.unknown
        return "; ".join(self.problems) or f"status {self.status}"


def judge(expect: ProbeExpect, fetched: Fetched, known: Known, *, any_status: bool = False) -> Judged:
    """Compare an answer with what is expected of it.

    Parameters
    ----------
    any_status : bool
        Where the suite says no status, all will do; else any 2xx.
    """
    answer = fetched.answer
    if answer.kind is not None:
        said = in_words(answer.kind)
        if answer.kind in NOT_SENT:
            return Judged(unknown=f"it could not be sent: {said}")
        return Judged((f"no whole answer: {said}",))
    try:
        found = [*_outside(expect, fetched, known, any_status=any_status)]
        found += _inside(expect, fetched, known) if expect.reads_body else ()
    except KeyError as missing:
        return Judged(unknown=f"nothing gave {{{missing.args[0]}}} to compare with")
    except UnreadableError as unreadable:
        return Judged(unknown=str(unreadable))
    return Judged(tuple(found), status=answer.status)


def _outside(expect: ProbeExpect, fetched: Fetched, known: Known, *, any_status: bool) -> Iterator[str]:
    answer = fetched.answer
    is_expected = answer.status in expect.status if expect.status else any_status or 200 <= answer.status < 300
    if not is_expected:
        yield f"status {answer.status}"
    if expect.type is not None:
        media_type = fetched.headers.get("content-type", "").lower()
        if not media_type.startswith(expect.type.lower()):
            shown = _MEDIA_TYPE.match(media_type)
            yield f"type {shown[0] if shown else 'unknown'}"
    size, body = answer.body_bytes, expect.body
    if (body.min_bytes is not None and size < body.min_bytes) or (body.max_bytes is not None and size > body.max_bytes):
        yield f"a body of {format_size(size)}"
    yield from _headers(expect, fetched, known)
    if expect.cookies:
        seen = cookies.cookies_of(lines_of(fetched.head, "set-cookie"), _now(fetched))
        for name, wanted in expect.cookies.items():
            yield from cookies.problems(name, wanted, seen)
    if expect.within_s is not None and not answer.total_s <= expect.within_s:
        yield f"it took {format_duration(answer.total_s)}"


def _headers(expect: ProbeExpect, fetched: Fetched, known: Known) -> Iterator[str]:
    for name, wanted in expect.headers.items():
        lines = lines_of(fetched.head, name)
        if wanted is False and lines:
            yield f"a header {name}"
        elif wanted is not False and not lines:
            yield f"no header {name}"
        elif isinstance(wanted, str) and ", ".join(lines) != known.text(wanted).strip():
            yield f"another {name}"


def _inside(expect: ProbeExpect, fetched: Fetched, known: Known) -> Iterator[str]:
    text = unpacked(fetched.body, fetched.headers.get("content-encoding", ""), MOST_BYTES)
    for absent in expect.absent:
        if absent.encode() in text:
            yield f"the text {plain(absent, 40)}"
    if not expect.json_members and expect.json_schema is None:
        return
    values = json_of(text)
    if not values:
        yield "no JSON"
        return
    for path, wanted in expect.json_members.items():
        problem = mismatch(values[0], path, wanted if isinstance(wanted, bool) else known.json(wanted))
        if problem is not None:
            yield problem
    if expect.json_schema is not None:
        yield from _violations(expect.json_schema, values[0])


def _violations(schema: object, value: object) -> Iterator[str]:
    """The first place where a value is not as its schema says, and by which keyword."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # An empty registry: nothing is ever fetched, whatever a schema refers to.
    errors = Draft202012Validator(schema, registry=Registry()).iter_errors(value)
    try:
        first = next(iter(errors), None)
    except RecursionError:
        raise UnreadableError("its schema refers to itself without end") from None
    if first is not None:
        yield f"not as its schema says: {first.validator} at {plain(first.json_path)}"


def lines_of(head: bytes, name: str) -> list[str]:
    """Values of all lines of a header, in their order."""
    wanted = name.lower()
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[:200])
    return [value.strip() for key, colon, value in pairs if colon and key.strip().lower() == wanted]


def _now(fetched: Fetched) -> dt.datetime:
    """The instant by the server's own clock; the start of all time where it does not tell, so that lives are long."""
    from email.utils import parsedate_to_datetime

    try:
        now = parsedate_to_datetime(fetched.headers.get(_DATE, ""))
    except ValueError:
        return dt.datetime.fromtimestamp(0, dt.UTC)
    return now if now.tzinfo else now.replace(tzinfo=dt.UTC)  # of ``-0000`` there is none, and UTC is meant
