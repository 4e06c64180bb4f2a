"""One finished transfer, counted: as an error of its kind, or with all its times."""

from __future__ import annotations

import pycurl

from gate.load import transport
from gate.load.line import Line
from gate.load.slot import Slot


def count_answer(slot: Slot, line: Line, errno: int, values: dict[str, object]) -> str | None:
    """Record one answer; say its error kind, or None.

    Parameters
    ----------
    errno : int
        libcurl's, 0 for a complete answer.
    values : dict
        Where the lane puts what it extracts.
    """
    tally, getinfo = line.tally, slot.getinfo
    status = getinfo(pycurl.RESPONSE_CODE) if errno == 0 else 0
    tally.statuses[status] += 1
    is_new = getinfo(pycurl.NUM_CONNECTS) > 0
    if is_new:
        tally.result.new_connections += 1
    if errno:
        return transport.kind_of(errno)
    size = getinfo(pycurl.SIZE_DOWNLOAD_T)
    kind = transport.unexpected(slot.handle, status, size, line.lane.expect)
    if kind is None and line.reads:
        kind = line.read(slot, values)
    if kind is not None:
        return kind
    total_s, first_byte_s = getinfo(pycurl.TOTAL_TIME), getinfo(pycurl.STARTTRANSFER_TIME)
    wait_s = first_byte_s - getinfo(pycurl.PRETRANSFER_TIME)
    latency_s = slot.sent - slot.due + total_s
    tally.completed(latency_s, total_s, wait_s, total_s - first_byte_s, size)
    tally.protocols[transport.PROTOCOLS.get(getinfo(pycurl.INFO_HTTP_VERSION), "other")] += 1
    if slot.head is not None:
        head = slot.head.getvalue()
        tally.result.compressed += b"\ncontent-encoding:" in head.lower()
        if line.server is not None:
            line.server.take(head)
    if is_new:
        _count_connection(slot, line, latency_s)
    return None


def _count_connection(slot: Slot, line: Line, latency_s: float) -> None:
    getinfo = slot.getinfo
    dns_s, connect_s, tls_s = (
        getinfo(kind) for kind in (pycurl.NAMELOOKUP_TIME, pycurl.CONNECT_TIME, pycurl.APPCONNECT_TIME)
    )
    line.tally.opened(latency_s, dns_s, connect_s - dns_s, tls_s - connect_s if tls_s else 0.0)
