"""Processes pinned to a core each, the processor time they took, and repeats summed up."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

SERVER_CORE = 0
CLIENT_CORE = 1
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def start(
    argv: Sequence[str],
    core: int | Collection[int] | None,
    *,
    env: Mapping[str, str] | None = None,
    told: str | None = None,
) -> subprocess.Popen[str]:
    """Start a process on one core, on some, or on any; its output is kept, ``told`` is its whole input."""
    cores = [core] if isinstance(core, int) else sorted(core or ())
    pin = ["taskset", "--cpu-list", ",".join(map(str, cores))] if cores else []
    process = subprocess.Popen(
        [*pin, *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **(env or {})},
    )
    assert process.stdin is not None
    if told is not None:
        process.stdin.write(told)
        process.stdin.close()
        process.stdin = None
    return process


@contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End a process that was started, and its children, with this context."""
    try:
        yield process
    finally:
        for pid in reversed(family(process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def family(pid: int) -> list[int]:
    """A process and all that descend from it; empty if it has ended."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(member for child in children for member in family(child))]


def cpu_s(pid: int) -> float:
    """User and system time of a process and its descendants so far.

    References
    ----------
    proc(5), ``/proc/pid/stat``: fields 14 and 15; the name, field 2, may hold blanks.
    """
    ticks = 0
    for member in family(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks * _TICK_S


def spread(values: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """Median of repeats, with the least and the greatest."""
    return median(values), (min(values), max(values))


def say(text: str) -> None:
    """Tell how it goes, with the load average: neighbours show there."""
    print(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.1f}  {text}", flush=True)
