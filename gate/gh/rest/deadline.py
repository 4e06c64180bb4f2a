"""Work on the network that ends when its time is up, whatever the other side does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from gate.gh.rest.failures import WireError

T = TypeVar("T")

_FAULTS = {  # the text of an exception may hold a URL, a proxy password or a header: only its kind is told
    "SSLError": "the TLS certificate or handshake was refused",
    "ProxyError": "the proxy refused the connection",
    "ConnectTimeout": "the connection timed out",
    "ReadTimeout": "no answer in time",
    "ConnectionError": "the connection failed or was closed",
    "ChunkedEncodingError": "the answer was cut short",
    "ProtocolError": "the answer was cut short",
}


def within(limit_s: float, work: Callable[[], T], abandon: Callable[[], None]) -> T:
    """Do the work in a thread that is left behind when its time is up.

    A timeout of a socket begins anew with every byte, and none covers the resolving of names.

    Parameters
    ----------
    abandon : callable
        Told once that nobody waits any more: whoever still reads should stop.

    Raises
    ------
    WireError
        If the work failed, whichever way, or was not done in time.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # PyGithub lets a dozen kinds through; all mean that there is no answer
            failure.append(error)

    thread = threading.Thread(target=run, name="github-exchange", daemon=True)
    thread.start()
    try:
        thread.join(limit_s)
    except BaseException:  # a signal: what is asked next must not share the connection with what is still read
        abandon()
        raise
    if outcome:
        return outcome[0]
    if not failure:
        abandon()
        raise WireError(f"no whole answer within {limit_s:.0f} s")
    if isinstance(failure[0], WireError):
        raise failure[0]
    name = type(failure[0]).__name__
    raise WireError(_FAULTS.get(name, f"the exchange failed ({name})")) from None
