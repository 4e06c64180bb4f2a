"""W3C trace context for requests of the gate: every request is a trace of its own, found by the id of its run. Pure.

References
----------
https://www.w3.org/TR/trace-context/, sections 3.2 (traceparent) and 3.3 (tracestate).
"""

from __future__ import annotations

import itertools
import re

_RUN = re.compile(r"[0-9a-f]{12}")
_SAMPLED = "01"
_SCATTER = 0x9E3779B97F4A7C15
"""Odd, so that products with different numbers differ; those who sample by the last digits of an id then see them
spread out. Knuth, The Art of Computer Programming, volume 3, section 6.4 (multiplicative hashing)."""
_MASK = 2**64 - 1
TRACEPARENT = "traceparent"


def prefix_of(run_id: str, segment: int) -> str:
    """The first sixteen digits of the trace ids of a segment: twelve of the run, four of the segment.

    Raises
    ------
    ValueError
        If the run's id is not twelve hexadecimal digits.
    """
    if not _RUN.fullmatch(run_id) or not int(run_id, 16):
        raise ValueError(f"the run id {run_id!r} is not twelve hexadecimal digits")
    return f"{run_id}{segment & 0xFFFF:04x}"


class Traces:
    """Trace contexts, one for each request.

    Parameters
    ----------
    prefix : str
        As ``prefix_of`` makes it.
    part, parts : int
        Which of several workers this one is.
    """

    def __init__(self, prefix: str, part: int = 0, parts: int = 1) -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1 + part, parts)
        self._state = f"gate={prefix[:12]}"

    def headers(self) -> dict[str, str]:
        """Headers of the next request."""
        own = f"{next(self._numbers) * _SCATTER & _MASK:016x}"
        return {TRACEPARENT: f"00-{self._prefix}{own}-{own}-{_SAMPLED}", "tracestate": self._state}
