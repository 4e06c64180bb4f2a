"""Probes of WebSockets that must be refused."""

from __future__ import annotations

from gate.config.probe_kinds import Knock
from gate.load.kinds import in_words
from gate.probes.asked import NOT_SENT, Asked, Way
from gate.probes.outcome import Came, unmeasured


def refused(knock: Knock, way: Way) -> Came:
    """Ask for a WebSocket once, and judge how it is refused."""
    try:
        request = way.fill(Asked(f"GET {knock.connect}", knock.headers, identity=knock.identity), way.given())
    except KeyError as missing:
        return unmeasured(f"it was not sent: nothing gave it {{{missing.args[0]}}}")
    came = way.knock(request)
    if came.kind is not None:
        said = in_words(came.kind)
        return unmeasured(f"it could not be sent: {said}", 1) if came.kind in NOT_SENT else Came("failed", said, 1)
    if came.status == 101:
        seen = "it opened" if came.code is None else f"it opened and was closed with {came.code}"
        is_refused = came.code in knock.refused
    else:
        seen, is_refused = f"status {came.status}", came.status in knock.refused
    return Came("passed" if is_refused else "failed", seen, 1, int(is_refused))
