"""The processes of a preview that the gate started: processor time, memory, descriptors, threads. Linux only.

Read from ``/proc`` itself: what is asked is four numbers of each process of one session, and a library for all systems
would read more than that. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
Beside them what the processors they may run on did for anybody: https://man7.org/linux/man-pages/man5/proc_stat.5.html
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.config.quantities import PROCESSES
from gate.record.telemetry import Source
from gate.telemetry.source import Findings, Reading, Unread

_PROC = Path("/proc")
_SESSION, _UTIME, _STIME, _THREADS, _RSS = 3, 11, 12, 17, 21
"""Places behind the name of the program, which may itself hold blanks and brackets."""
_AT_WORK = (0, 1, 2, 5, 6, 7)
"""Places of user, nice, system, irq, softirq and steal: what another machine took was not there to be had. The others
are idle, waiting for a disk, and time of guests, which user and nice have in them."""


@dataclass(frozen=True)
class Process:
    """One process now."""

    pid: int
    cpu_s: float
    memory_bytes: int
    descriptors: int
    threads: int


def in_session(session: int, proc: Path = _PROC) -> Iterator[Process]:
    """Processes of a session; those that end meanwhile are left out."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()
            if int(fields[_SESSION]) != session or fields[0] in "ZX":
                continue
            yield Process(
                int(entry.name),
                (int(fields[_UTIME]) + int(fields[_STIME])) / ticks,
                int(fields[_RSS]) * page,
                sum(1 for _ in os.scandir(entry / "fd")),
                int(fields[_THREADS]),
            )
        except (FileNotFoundError, ProcessLookupError):
            continue


def at_work_s(processors: Collection[int], proc: Path = _PROC) -> float | None:
    """Seconds that some processors were at work since the machine began; None where it does not tell of each."""
    told, found = set[int](), 0
    for line in (proc / "stat").read_text(encoding="ascii").splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in processors:
            found += sum(int(fields[place]) for place in _AT_WORK)
            told.add(int(name[3:]))
    return found / os.sysconf("SC_CLK_TCK") if told and told >= set(processors) else None


class SessionOfProcesses:
    """Watches every process of the session that a preview was started in.

    Memory is what is resident: pages that processes share count for each. Processor time of those that ended stays
    counted, so that it never falls.

    Parameters
    ----------
    leader : callable
        Process id of the one that was started; it changes when the preview is started anew.
    """

    source: Source = "processes"

    def __init__(self, leader: Callable[[], int | None]) -> None:
        self._leader = leader
        self._cpu_s: dict[int, float] = {}

    def begin(self) -> None:
        """See that there is something to read."""
        self.read()

    def read(self) -> Mapping[str, Reading]:
        """Sums over all of them."""
        leader = self._leader()
        try:
            found = list(in_session(leader)) if leader is not None else []
            machine_s = at_work_s(os.sched_getaffinity(0))
        except OSError as error:
            raise Unread(f"/proc cannot be read: {error.strerror}; processes are watched on Linux only") from None
        if not found:
            raise Unread("none of its processes is there")
        self._cpu_s |= {process.pid: process.cpu_s for process in found}
        values = {
            "processes.cpu": sum(self._cpu_s.values()),
            "processes.memory": sum(process.memory_bytes for process in found),
            "processes.descriptors": sum(process.descriptors for process in found),
            "processes.threads": sum(process.threads for process in found),
            "processes.count": len(found),
        }
        values |= {} if machine_s is None else {"processes.machine_cpu": machine_s}
        return {name: Reading(float(value), *PROCESSES[name]) for name, value in values.items()}

    def end(self) -> Findings:
        """On how many processors they may run: as many as the gate, which started them."""
        return Findings(facts={"processes.cores": float(len(os.sched_getaffinity(0)))})

    def renew(self) -> None:
        """What those before took stays counted."""

    def close(self) -> None:
        """Nothing is held."""
