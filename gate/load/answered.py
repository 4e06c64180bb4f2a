"""One finished transfer, counted: as an error of its kind, or with all its times."""

from __future__ import annotations

import pycurl

from gate.load import transport
from gate.load.line import Line
from gate.load.transport import Slot


def count_answer(slot: Slot, line: Line, errno: int, values: dict[str, object]) -> str | None:
    """Record one answer; say its error kind, or None.

    Parameters
    ----------
    errno : int
        libcurl's, 0 for a complete answer.
    values : dict
        Where the lane puts what it extracts.
    """
    handle, result, getinfo = slot.handle, line.tally.result, slot.handle.getinfo
    status = getinfo(pycurl.RESPONSE_CODE) if errno == 0 else 0
    key = str(status)
    result.statuses[key] = result.statuses.get(key, 0) + 1
    is_new = getinfo(pycurl.NUM_CONNECTS) > 0
    result.new_connections += is_new
    if errno:
        return transport.kind_of(errno)
    size = getinfo(pycurl.SIZE_DOWNLOAD_T)
    kind = transport.unexpected(handle, status, size, line.lane.expect) or line.read(slot, values)
    if kind is not None:
        return kind
    total_s, first_byte_s = getinfo(pycurl.TOTAL_TIME_T) * 1e-6, getinfo(pycurl.STARTTRANSFER_TIME_T) * 1e-6
    wait_s = max(0.0, first_byte_s - getinfo(pycurl.PRETRANSFER_TIME_T) * 1e-6)
    latency_s = max(0.0, slot.sent - slot.due) + total_s
    line.tally.completed(latency_s, total_s, wait_s, max(0.0, total_s - first_byte_s), size)
    protocol = transport.protocol_of(handle)
    result.protocols[protocol] = result.protocols.get(protocol, 0) + 1
    if slot.head is not None:
        result.compressed += b"\ncontent-encoding:" in slot.head.getvalue().lower()
    if is_new:
        _count_connection(handle, line, latency_s)
    return None


def _count_connection(handle: pycurl.Curl, line: Line, latency_s: float) -> None:
    getinfo = handle.getinfo
    dns_s, connect_s = getinfo(pycurl.NAMELOOKUP_TIME_T) * 1e-6, getinfo(pycurl.CONNECT_TIME_T) * 1e-6
    tls_s = getinfo(pycurl.APPCONNECT_TIME_T) * 1e-6
    line.tally.opened(latency_s, dns_s, connect_s - dns_s, tls_s - connect_s if tls_s else 0.0)
