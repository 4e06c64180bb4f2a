"""What the talks of one segment share: the clock, what is due when, and the sockets they wait for."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Protocol

import pycurl

from gate.load.channel import Channel
from gate.load.poller import Poller
from gate.load.refusals import Refusals

_MAX_WAIT_S = 0.05
"""Longest sleep, so that a stop is seen quickly."""

What = Callable[[float], None]
"""Done when it is due; is told when it was."""


class Party(Protocol):
    """Whoever has a connection."""

    def on_opened(self, errno: int) -> None:
        """The connection is open, or failed with libcurl's error number."""

    def on_ready(self) -> None:
        """There is something to read, or room to write."""

    def give_up(self) -> None:
        """The segment ends at once."""


class Stage:
    """Instants are seconds since ``begin``.

    Parameters
    ----------
    most : int
        Connections at the same time.
    """

    def __init__(self, poller: Poller, clock: Callable[[], float], most: int) -> None:
        self._poller = poller
        self._clock = clock
        self._most = most
        self._start = 0.0
        self._tie = itertools.count()
        self._agenda: list[tuple[float, int, What]] = []
        self._limits: list[tuple[float, int, What]] = []
        self._by_handle: dict[pycurl.Curl, Party] = {}
        self._by_channel: dict[Channel, Party] = {}
        self.refusals = Refusals()
        """Of upgrades."""
        self.peak = 0
        """Connections at the same time, at most."""

    def begin(self) -> None:
        """Time counts from now."""
        self._start = self._clock()

    def now(self) -> float:
        """Seconds since ``begin``."""
        return self._clock() - self._start

    def at(self, due: float, what: What) -> None:
        """Plan something; the segment lasts until all that is planned is done."""
        heapq.heappush(self._agenda, (due, next(self._tie), what))

    def limit(self, due: float, what: What) -> None:
        """Plan something that nobody waits for: most limits are stale by the time they are reached."""
        heapq.heappush(self._limits, (due, next(self._tie), what))

    @property
    def is_busy(self) -> bool:
        """Whether anything is planned, or anybody connected."""
        return bool(self._agenda or self._by_handle)

    @property
    def has_room(self) -> bool:
        """Whether one more connection may be opened."""
        return len(self._by_handle) < self._most

    def connect(self, handle: pycurl.Curl, party: Party) -> None:
        """Begin to open a connection."""
        self._by_handle[handle] = party
        self.peak = max(self.peak, len(self._by_handle))
        self._poller.begin(handle)

    def watch(self, channel: Channel, party: Party) -> None:
        """Tell its party what happens on an open connection."""
        self._by_channel[channel] = party
        self._poller.watch(channel)

    def drop(self, handle: pycurl.Curl, channel: Channel | None) -> None:
        """Close a connection."""
        del self._by_handle[handle]
        if channel is not None:
            del self._by_channel[channel]
        self._poller.end(handle, channel)

    def turn(self) -> None:
        """Do all that is due, then tell of connections that opened or failed."""
        for queue in (self._agenda, self._limits):
            while queue and queue[0][0] <= self.now():
                due, _, what = heapq.heappop(queue)
                what(due)
        for handle, errno in self._poller.opened():
            self._by_handle[handle].on_opened(errno)

    def wait(self) -> None:
        """Sleep until something is due or happens, and let libcurl and the parties see to it."""
        nexts = [queue[0][0] - self.now() for queue in (self._agenda, self._limits) if queue]
        for channel in self._poller.wait(min([_MAX_WAIT_S, *nexts])):
            if channel in self._by_channel:
                self._by_channel[channel].on_ready()

    def look_again(self, channel: Channel) -> None:
        """See to this connection once more in the next turn."""
        self._poller.look_again(channel)

    def want_to_write(self, channel: Channel, *, wanted: bool) -> None:
        """Tell also when there is room to write."""
        self._poller.want_to_write(channel, wanted=wanted)

    def give_up(self) -> None:
        """End at once: nothing more is done, every connection is dropped."""
        self._agenda.clear()
        self._limits.clear()
        for party in list(self._by_handle.values()):
            party.give_up()
        self._agenda.clear()  # a party that gives up may have planned something

    def close(self) -> None:
        """Free what libcurl holds."""
        self._poller.close()
