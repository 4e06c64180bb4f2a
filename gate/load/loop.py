"""The load loop: one thread, libcurl's multi interface; connections are kept from one segment to the next."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

import pycurl

from gate.load import transport
from gate.load.drive import Drive
from gate.load.job import Segment, SegmentResult, Wire
from gate.load.slot import Slot
from gate.load.sockets import SocketDrive
from gate.load.trust import Trust


class LoadLoop:
    """Runs segments over connections that live as long as the loop."""

    def __init__(self, trust: Trust, clock: Callable[[], float] = time.perf_counter) -> None:
        self._trust = trust
        self._clock = clock
        self._kept: dict[Wire, tuple[pycurl.CurlMulti, list[Slot]]] = {}
        self._used_s: dict[int, float] = {}
        self._epoll = select.epoll()
        self.stopping = False
        """Set from a signal: the segment under way ends at once."""

    def run(self, segment: Segment, tell: Callable[[SegmentResult, float], None] | None = None) -> SegmentResult:
        """Drive one segment to its end: every arrival sent or dropped, every answer in or given up.

        Parameters
        ----------
        tell : callable, optional
            Called about once a second with the result so far and the seconds since the start.
        """
        if segment.is_of_sockets:
            drive = SocketDrive(segment, self._trust, self._epoll, self._clock, lambda: self.stopping, tell)
            return drive.to_the_end()
        if segment.wire not in self._kept:
            self._kept[segment.wire] = (_new_multi(), [])
        multi, spare = self._kept[segment.wire]

        def new_slot() -> Slot:
            return Slot(transport.new_handle(self._trust, segment.wire), self._used_s)

        return Drive(segment, lambda: self.stopping, multi, new_slot, spare, self._clock, tell).to_the_end()

    def let_go(self) -> None:
        """Close the connections that are kept for later segments: they are the preview's as well."""
        for multi, _ in self._kept.values():
            multi.close()
        self._kept = {wire: (_new_multi(), spare) for wire, (_, spare) in self._kept.items()}
        self._used_s.clear()  # numbers of connections begin again


def _new_multi() -> pycurl.CurlMulti:
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, 1000)
    multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
    return multi
