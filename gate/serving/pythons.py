"""Which processes of a session run Python, and which of them listen to a signal. Linux only, as profilers are here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from gate.serving.session import members

_PROC = Path("/proc")


def pythons(session: int) -> Iterator[int]:
    """Processes that have Python in their memory, as a program or embedded; and those that nobody may look into."""
    for pid in members(session):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            try:
                if "python" in (_PROC / str(pid) / "maps").read_text(encoding="utf-8", errors="replace").lower():
                    yield pid
            except PermissionError:
                yield pid


def topmost(session: int) -> list[int]:
    """Those of them that were not started by another of them."""
    found = set(pythons(session))
    return sorted(pid for pid in found if _parent(pid) not in found)


def may_look_into(pid: int) -> bool:
    """Whether the system permits another process of ours to read the memory of a process, as a debugger does.

    References
    ----------
    ptrace(2), "Ptrace access mode checking": opening ``/proc/pid/mem`` asks for PTRACE_MODE_ATTACH.
    """
    if parents_only():
        return False
    try:
        with (_PROC / str(pid) / "mem").open("rb"):
            return True
    except OSError:
        return False


def parents_only(proc: Path = _PROC) -> bool:
    """Whether only who started a process may look into it, which is the gate and no profiler beside it.

    References
    ----------
    ptrace(2), "/proc/sys/kernel/yama/ptrace_scope"; capabilities(7): CAP_SYS_PTRACE is number 19.
    """
    try:
        scope = (proc / "sys" / "kernel" / "yama" / "ptrace_scope").read_text().strip()
    except OSError:  # a kernel without Yama
        return False
    return scope != "0" and not _bit(proc / "self" / "status", "CapEff", 19)


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal, so that the signal does not end it.

    References
    ----------
    proc(5), ``/proc/pid/status``: SigCgt, a mask whose lowest bit is signal 1.
    """
    return _bit(_PROC / str(pid) / "status", "SigCgt", number - 1)


def _bit(status: Path, name: str, number: int) -> bool:
    """One bit of a mask in ``/proc/pid/status``; not set where that cannot be read."""
    with contextlib.suppress(OSError):
        for line in status.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return bool(int(line.split()[1], 16) >> number & 1)
    return False


def _parent(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        return int((_PROC / str(pid) / "stat").read_bytes().rpartition(b") ")[2].split()[1])
    return None
