"""Turns of a load loop: which took too long, and when it is time to tell how things stand."""

from __future__ import annotations

from collections.abc import Callable

from gate.load.job import SegmentResult

STALL_S = 0.005
"""A turn of the loop that takes longer delays what is due: it is counted."""
_TELL_EVERY_S = 1.0


class Turns:
    """Watches the turns of one segment.

    Parameters
    ----------
    result : SegmentResult
        Where stalls are counted.
    sum_up : callable
        Brings that result up to date before it is told.
    tell : callable, optional
        Called about once a second with the result so far and the seconds since the start.
    """

    def __init__(
        self,
        result: SegmentResult,
        sum_up: Callable[[], None],
        tell: Callable[[SegmentResult, float], None] | None,
    ) -> None:
        self._result = result
        self._sum_up = sum_up
        self._tell = tell
        self._told_s = 0.0

    def look(self, began_s: float, now_s: float) -> None:
        """Note a turn that began and ended at these instants since the start."""
        turn_s = now_s - began_s
        if turn_s > self._result.longest_turn_s:
            self._result.longest_turn_s = turn_s
        self._result.stalls += turn_s > STALL_S
        if self._tell is not None and now_s - self._told_s >= _TELL_EVERY_S:
            self._told_s = now_s
            self._sum_up()
            self._tell(self._result, now_s)
