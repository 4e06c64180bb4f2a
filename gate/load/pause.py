"""Sleeps of the load loop: not a moment longer than until the next arrival, and for every answer they end."""

from __future__ import annotations

from collections.abc import Callable

import pycurl

_LONGEST_S = 0.05
"""Between looks at the sockets, so that a stop is seen quickly."""
_EARLY_S = 60e-6
"""An idle processor wakes up about so late: before an arrival the loop sleeps so much less and turns for the rest."""
_WORTH_S = 4 * _EARLY_S
"""Shorter sleeps are not cut, or at high rates the loop would hardly sleep at all."""


class Pause:
    """Sleeps over the sockets of a multi handle.

    Parameters
    ----------
    sleep : callable
        For when no request is under way.
    """

    def __init__(self, multi: pycurl.CurlMulti, sleep: Callable[[float], None]) -> None:
        self._multi = multi
        self._sleep = sleep

    def until(self, left_s: float, *, is_busy: bool) -> None:
        """Sleep until an event of a socket, a timeout of libcurl, or shortly before so many seconds are over.

        Parameters
        ----------
        left_s : float
            Until the next arrival; infinite if there is none.
        is_busy : bool
            Whether any request is under way.
        """
        if left_s <= _EARLY_S:
            return  # the next turns look at the sockets as well
        timeout_s = min(left_s - _EARLY_S if left_s > _WORTH_S else left_s, _LONGEST_S)
        if is_busy:
            curl_ms = self._multi.timeout()
            self._multi.select(min(timeout_s, curl_ms / 1000) if curl_ms >= 0 else timeout_s)
        else:
            self._sleep(timeout_s)
