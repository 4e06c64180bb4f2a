"""What processors did meanwhile."""

from __future__ import annotations

import os
import resource
from pathlib import Path


def children_cpu_s() -> float:
    """Processor time that ended children of this process took, and those that they waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def idle_s() -> float:
    """Time in which processors of this machine had nothing to do, all of them together.

    References
    ----------
    proc(5), ``/proc/stat``: the fourth number of the first line.
    """
    ticks = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=5)[4]
    return int(ticks) / os.sysconf("SC_CLK_TCK")
