"""One lane in motion: its request set up once where nothing in it varies, its answers read where that is asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from random import Random

import pycurl

from gate.config.jsonpath import lookup
from gate.load import transport
from gate.load.filler import Filler
from gate.load.job import Lane, Request, Segment
from gate.load.server_tally import ServerTally
from gate.load.slot import Slot
from gate.load.tally import Tally
from gate.load.trace import TRACEPARENT, Traces

READ_CAP_BYTES = 2**20
"""Bodies that are read (for values, or GraphQL errors) may be this large."""


class Line:
    """Takes handles for one lane and reads what came back."""

    def __init__(
        self,
        lane: Lane,
        segment: Segment,
        filler: Filler,
        new_slot: Callable[[], Slot],
        spare: list[Slot],
        traces: Traces | None = None,
    ) -> None:
        self.lane = lane
        self.tally = Tally(keep_samples=segment.keep_samples, keep_periods=segment.keep_periods)
        self.server = ServerTally() if segment.server_timing else None
        """Counts what answers say of their server, if anybody asks."""
        self._wire = segment.wire
        has_own = any(name.lower() == TRACEPARENT for name in lane.request.headers)
        self._traces = traces if not has_own else None
        self._filler = filler
        self._varies = filler.varies(lane.request)
        self.reads = bool(lane.extract) or lane.expect.no_graphql_errors
        """Whether anybody asks for what is in the answers."""
        self.follow = lane.request.follow
        self._is_safe = lane.request.method in transport.SAFE
        self._new_slot = new_slot
        self._spare = spare
        """Handles of no lane, kept from earlier segments."""
        self._idle: list[Slot] = []
        """Handles set up for this lane."""
        self._visitors: list[Slot] = []
        """Handles that keep cookies, which cannot be switched off again."""

    def take(self, random: Random, own: Mapping[str, object] | None, cookies: list[str]) -> Slot:
        """A handle ready to be sent.

        Parameters
        ----------
        own : mapping, optional
            Values of the journey this is a step of; None for a request that stands alone.
        cookies : list of str
            Of that journey, as libcurl writes them.

        Raises
        ------
        KeyError
            If a value of the request is missing, by its name.
        """
        if own is None and self._idle and not self._varies:
            return self._traced(self._idle.pop())
        request = self._filler.fill(self.lane.request, random, own)
        if own is None:
            slot = self._take(self._idle or self._spare)
        else:
            slot = self._take(self._visitors)
            _give_cookies(slot, cookies)
        self._load(slot, request)
        return self._traced(slot)

    def _traced(self, slot: Slot) -> Slot:
        """The handle with a trace context of its own, if the run is traced."""
        if self._traces is not None:
            added = [f"{name}: {value}".encode() for name, value in self._traces.headers().items()]
            slot.handle.setopt(pycurl.HTTPHEADER, [*slot.headers, *added])
        return slot

    def _take(self, pool: list[Slot]) -> Slot:
        return pool.pop() if pool else self._new_slot()

    def _load(self, slot: Slot, request: Request) -> None:
        slot.is_safe = self._is_safe
        if self._traces is not None:
            wire = transport.readable(self._wire) if self.reads else self._wire
            slot.headers = transport.header_lines(request, wire)
        if self.reads or self._wire.compression or self.server is not None:
            slot.head = io.BytesIO()
            slot.handle.setopt(pycurl.HEADERFUNCTION, slot.head.write)
        if not self.reads:
            transport.prepare(slot.handle, request, self.lane.expect, transport.discard, self._wire)
            return
        slot.body = io.BytesIO()
        wire = transport.readable(self._wire)
        transport.prepare(slot.handle, request, self.lane.expect, slot.body.write, wire)
        most = self.lane.expect.max_bytes or READ_CAP_BYTES
        slot.handle.setopt(pycurl.MAXFILESIZE_LARGE, min(most, READ_CAP_BYTES))

    def give_back(self, slot: Slot, *, is_journey: bool, as_it_was: bool) -> None:
        """Keep a handle for the next request; a redirect has changed its URL."""
        if is_journey:
            self._visitors.append(slot)
        elif as_it_was and not self.reads:
            if slot.head is not None:  # now, not when it is used again: headers may be as large as libcurl lets them
                slot.head.seek(0)
                slot.head.truncate()
            self._idle.append(slot)
        else:
            self._drop(slot)

    def flush(self, now_s: float) -> None:
        """Bring the lane's result up to date with what waits to be counted by now."""
        result = self.tally.flush(now_s)
        if self.server is not None:
            result.server = self.server.flush()

    def release(self) -> None:
        """The segment is over: its handles may serve other lanes, but for those that keep cookies."""
        for slot in self._idle:
            self._drop(slot)
        for slot in self._visitors:
            slot.handle.close()
        self._idle.clear()
        self._visitors.clear()

    def _drop(self, slot: Slot) -> None:
        if slot.head is not None:
            slot.handle.unsetopt(pycurl.HEADERFUNCTION)
            slot.body = slot.head = None
        self._spare.append(slot)

    def read(self, slot: Slot, values: dict[str, object]) -> str | None:
        """Why the body is not as expected, or None; what the lane extracts goes into ``values``."""
        if slot.body is None:
            return None
        try:
            body: object = json.loads(slot.body.getvalue())
        except (ValueError, RecursionError):
            body = None
        if self.lane.expect.no_graphql_errors and not (isinstance(body, dict) and not body.get("errors")):
            return "graphql_errors"
        for name, place in self.lane.extract.items():
            found = self._find(slot, body, place)
            if not isinstance(found, str | int | float) or isinstance(found, bool) or found == "":
                return f"no_value_{name}"
            values[name] = found
        return None

    @staticmethod
    def _find(slot: Slot, body: object, place: str) -> object:
        kind, colon, name = place.partition(":")
        if colon and kind == "header":
            return transport.headers_of(slot.head.getvalue() if slot.head else b"").get(name.lower())
        if colon and kind == "cookie":
            cookies = (line.split("\t") for line in slot.handle.getinfo(pycurl.INFO_COOKIELIST))
            return next((fields[6] for fields in cookies if len(fields) > 6 and fields[5] == name), None)
        return lookup(body, place)


def _give_cookies(slot: Slot, cookies: list[str]) -> None:
    slot.handle.setopt(pycurl.COOKIEFILE, "")
    slot.handle.setopt(pycurl.COOKIELIST, "ALL")
    for cookie in cookies:
        slot.handle.setopt(pycurl.COOKIELIST, cookie)
