"""When a segment ends early: the preview asks to slow down, or somebody else answers in its place, again and again."""

from __future__ import annotations

from gate.load.transport import PROTECTED, THROTTLED

_MOST = 5


class Refusals:
    """Counts refusals of one segment; login and protection pages only with nothing else between."""

    def __init__(self) -> None:
        self._throttles = self._guarded = 0

    def note(self, kind: str | None) -> None:
        """How one request ended; None if well."""
        if kind is None:
            self._guarded = 0
        else:
            self._throttles += kind == THROTTLED
            self._guarded += kind == PROTECTED

    @property
    def are_throttling(self) -> bool:
        """Whether the preview asked to slow down again and again."""
        return self._throttles >= _MOST

    @property
    def are_protecting(self) -> bool:
        """Whether a login or protection page answered again and again."""
        return self._guarded >= _MOST
