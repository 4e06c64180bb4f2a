"""Whether a WebSocket is refused: by the answer to the upgrade, or by a close frame right behind it."""

from __future__ import annotations

import select
import time
from dataclasses import dataclass

import pycurl

from gate.load.channel import Channel
from gate.load.job import Request, Wire
from gate.load.transport import kind_of
from gate.load.trust import Trust, usual_certificates
from gate.load.upgrade import Upgrade

CLOSE_S = 2.0
"""So long after opening a server may close the connection to refuse it; later it is open."""
_STEP_S = 0.1
_REFUSED = int(pycurl.E_HTTP_RETURNED_ERROR)
_SWITCHING = 101


@dataclass(frozen=True)
class Knocked:
    """What became of a request for a WebSocket."""

    status: int
    """Of the answer to the upgrade; 0 if there was none."""
    code: int | None = None
    """With which it was closed right after it had opened (RFC 6455, section 7.4); None if it stayed open."""
    kind: str | None = None
    """Error kind where there was no answer."""


def knock(request: Request, wire: Wire) -> Knocked:
    """Ask for a WebSocket once, and see how it is refused; one that opens is closed again.

    Parameters
    ----------
    request : Request
        The upgrade, placeholders filled in.
    """
    upgrade = Upgrade(Trust(usual_certificates()), wire, request, ())
    multi = pycurl.CurlMulti()
    multi.add_handle(upgrade.handle)
    try:
        errno = _answered(multi)
        status = int(upgrade.handle.getinfo(pycurl.RESPONSE_CODE))
        if status == _SWITCHING:
            return Knocked(status, _closed(Channel(upgrade.handle)))
        if errno not in (0, _REFUSED) or status == 0:
            return Knocked(0, kind=kind_of(errno or pycurl.E_GOT_NOTHING))
        return Knocked(status)
    finally:
        multi.remove_handle(upgrade.handle)
        multi.close()
        upgrade.handle.close()


def _answered(multi: pycurl.CurlMulti) -> int:
    """Drive it until there is an answer, in short steps between which a signal gets its turn; libcurl's error."""
    while True:
        multi.perform()
        _, done, failed = multi.info_read()
        if done or failed:
            return int(failed[0][1]) if failed else 0
        multi.select(_STEP_S)


def _closed(channel: Channel) -> int | None:
    """The code with which an open connection is closed, if it is soon."""
    until_s = time.monotonic() + CLOSE_S
    while channel.end is None and time.monotonic() < until_s:
        select.select([channel.number], [], [], _STEP_S)
        channel.receive(0.0)
    if channel.end is None:
        channel.say_goodbye()
        return None
    code = channel.end.removeprefix("closed_")
    return int(code) if code.isdecimal() else None
