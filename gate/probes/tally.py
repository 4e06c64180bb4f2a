"""A count in the application beside the requests that should have moved it. Pure, but for reading it."""

from __future__ import annotations

from gate.config.jsonpath import lookup
from gate.config.probe_kinds import Tally
from gate.load.kinds import in_words
from gate.probes.asked import BODY_CAP_BYTES, Asked, Way
from gate.probes.bodies import json_of
from gate.probes.outcome import Came, unmeasured
from gate.record.probes import TallyRecord


class NotReadError(Exception):
    """A count that could not be read; the text says why."""


def read(tally: Tally, way: Way) -> int:
    """The count as it is now.

    Raises
    ------
    NotReadError
        If the application does not tell it.
    """
    try:
        request = way.fill(Asked(tally.request, tally.headers, identity=tally.identity), way.given())
    except KeyError as missing:
        raise NotReadError(f"it was not sent: nothing gave it {{{missing.args[0]}}}") from None
    fetched = way.send(request, BODY_CAP_BYTES)
    if fetched.answer.kind is not None:
        raise NotReadError(f"no whole answer: {in_words(fetched.answer.kind)}")
    if not 200 <= fetched.answer.status < 300:
        raise NotReadError(f"status {fetched.answer.status}")
    count = next((lookup(answer, tally.json_path) for answer in json_of(fetched.body)), None)
    if type(count) is not int or not abs(count) < 10**15:
        raise NotReadError(f"no whole number at {tally.json_path}")
    return count


def compare(tally: Tally, before: int, after: int, completed: int, sent: int) -> Came:
    """Whether a count grew by as many as were answered; what was sent and not answered may have counted or not.

    Parameters
    ----------
    completed, sent : int
        Requests of its endpoints between the two readings: answered as expected, and all.
    """
    record = TallyRecord(before=before, after=after, completed=completed, sent=sent)
    if not sent:
        return unmeasured(f"nothing was sent to {', '.join(tally.of)} in between")
    grown = after - before
    answers = f"{completed} answers" if completed == sent else f"{completed} answers to {sent} requests"
    return Came(
        "passed" if completed <= grown <= sent else "failed", f"it grew by {grown} with {answers}", 2, 2, tally=record
    )
