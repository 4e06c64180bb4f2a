"""What was asked lately, for whoever looks for a lost bag: records of one size, as on the chips of hand scanners."""

from __future__ import annotations

import itertools
import json
import time
from collections import deque
from collections.abc import Collection, Mapping

RECORD_BYTES = 1_000
KEPT = 1_000
"""Records that are enough to look for a bag."""


class Journal:
    """Keeps one record of every request.

    As built it never forgets one, and the process grows by about 1 kB a request. Cured of that ("journal"), it keeps
    the newest.
    """

    def __init__(self, fixes: Collection[str]) -> None:
        self._records: deque[bytes] = deque(maxlen=KEPT if "journal" in fixes else None)

    def __len__(self) -> int:
        return len(self._records)

    def note(self, method: str, path: str, status: int, user: str | None) -> None:
        """Keep a record of an answered request, cut or filled to its size."""
        entry = {"at": time.time(), "method": method, "status": status, "user": user, "path": path}
        self._records.append(json.dumps(entry).encode()[:RECORD_BYTES].ljust(RECORD_BYTES))

    def newest(self, count: int) -> list[Mapping[str, object]]:
        """Return the newest records that were not cut, newest first."""
        read = []
        # Copied first: other threads go on writing.
        for record in itertools.islice(reversed(self._records.copy()), count):
            try:
                read.append(json.loads(record))
            except ValueError:
                continue
        return read
