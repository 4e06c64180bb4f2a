"""One wait for everything: connections that libcurl is opening, WebSockets that are open, and the next due instant.

libcurl only opens WebSockets here (``CONNECT_ONLY``); once open, their sockets are watched beside those that libcurl
still works on, so that the loop sleeps until something happens and never asks in vain.

References
----------
libcurl, curl_multi_socket_action(3) and CURLOPT_CONNECT_ONLY(3).
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Callable

import pycurl

from gate.load.channel import Channel

_EVENTS = {
    int(pycurl.POLL_IN): select.EPOLLIN,
    int(pycurl.POLL_OUT): select.EPOLLOUT,
    int(pycurl.POLL_INOUT): select.EPOLLIN | select.EPOLLOUT,
}


class Poller:
    """Sockets of one segment.

    Parameters
    ----------
    epoll : select.epoll
        Made early in the life of the process: its number must be below 1024, see ``wait``.
    clock : callable
        Monotonic, in seconds.
    """

    def __init__(self, epoll: select.epoll, clock: Callable[[], float]) -> None:
        self._epoll = epoll
        self._clock = clock
        self._opening: set[int] = set()
        self._channels: dict[int, Channel] = {}
        self._writing: set[int] = set()
        """Sockets of channels that wait for room."""
        self._unread: list[Channel] = []
        self._timer_at: float | None = None
        self._multi = pycurl.CurlMulti()
        # What is raised in a callback of libcurl is lost: these two only take notes.
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    def _on_socket(self, what: int, number: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            if number in self._opening:
                self._opening.discard(number)
                self._unregister(number)
        elif number in self._opening:
            self._epoll.modify(number, _EVENTS.get(what, 0))
        else:
            self._opening.add(number)
            self._epoll.register(number, _EVENTS.get(what, 0))

    def _on_timer(self, timeout_ms: int) -> None:
        self._timer_at = None if timeout_ms < 0 else self._clock() + timeout_ms / 1000

    def _unregister(self, number: int) -> None:
        with contextlib.suppress(OSError):  # closed by then
            self._epoll.unregister(number)

    def begin(self, handle: pycurl.Curl) -> None:
        """Let libcurl open a connection."""
        self._multi.add_handle(handle)

    def opened(self) -> list[tuple[pycurl.Curl, int]]:
        """Handles whose connection is open, or failed, with libcurl's error number or 0."""
        _, done, failed = self._multi.info_read()
        return [(handle, 0) for handle in done] + [(handle, errno) for handle, errno, _ in failed]

    def watch(self, channel: Channel) -> None:
        """Tell of what comes over an open WebSocket; something may have come together with the upgrade."""
        self._channels[channel.number] = channel
        self._epoll.register(channel.number, select.EPOLLIN)
        self._unread.append(channel)

    def look_again(self, channel: Channel) -> None:
        """There was more to read than one turn may take; it may lie in libcurl, where no socket tells of it."""
        self._unread.append(channel)

    def want_to_write(self, channel: Channel, *, wanted: bool) -> None:
        """Tell also when there is room to write, as long as something waits to be written."""
        if wanted != (channel.number in self._writing):
            (self._writing.add if wanted else self._writing.discard)(channel.number)
            self._epoll.modify(channel.number, select.EPOLLIN | (select.EPOLLOUT if wanted else 0))

    def end(self, handle: pycurl.Curl, channel: Channel | None) -> None:
        """Close a connection, open or still opening."""
        if channel is not None and self._channels.pop(channel.number, None) is not None:
            self._writing.discard(channel.number)
            self._unregister(channel.number)
        self._multi.remove_handle(handle)
        handle.close()

    def wait(self, timeout_s: float) -> list[Channel]:
        """WebSockets with something to read, or room to write, at the latest after ``timeout_s``.

        The sleep is select's on the epoll itself: epoll counts in whole milliseconds, which is late for what is due.
        """
        if self._unread:
            timeout_s = 0.0
        elif self._timer_at is not None:
            timeout_s = min(timeout_s, self._timer_at - self._clock())
        select.select([self._epoll], [], [], max(0.0, timeout_s))
        ready, self._unread = dict.fromkeys(self._unread), []
        for number, events in self._epoll.poll(0):
            if number in self._channels:
                ready[self._channels[number]] = None
            else:
                self._act(number, events)
        if self._timer_at is not None and self._timer_at <= self._clock():
            self._timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        return [channel for channel in ready if channel.number in self._channels]

    def _act(self, number: int, events: int) -> None:
        mask = pycurl.CSELECT_IN if events & select.EPOLLIN else 0
        mask |= pycurl.CSELECT_OUT if events & select.EPOLLOUT else 0
        mask |= pycurl.CSELECT_ERR if events & (select.EPOLLERR | select.EPOLLHUP) else 0
        self._multi.socket_action(number, mask)

    def close(self) -> None:
        """Free what libcurl holds; every handle has ended by then."""
        self._multi.close()
