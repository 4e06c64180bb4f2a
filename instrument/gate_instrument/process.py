"""What this process uses, as far as the system says."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

_PROC = Path("/proc/self")


def gauges(folder: Path = _PROC) -> dict[str, float]:
    """By the names that Prometheus clients share; what cannot be read is left out.

    References
    ----------
    https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
    """
    times = os.times()
    found = {"process_cpu_seconds_total": times.user + times.system, "process_threads": threading.active_count()}
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int((folder / "statm").read_text(encoding="ascii").split()[1])
        found["process_resident_memory_bytes"] = pages * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError):
        found["process_open_fds"] = len(os.listdir(folder / "fd"))
    return found
