"""Runs in every Python process of a preview under ``--profiler memory``: memray begins and ends when the gate says so.

Python imports a module of this name as it starts, from the first folder of its path that has one:
https://docs.python.org/3/library/site.html#module-sitecustomize. The one that this hides is imported after it.
It imports nothing of the gate: the preview may run another Python, of another age.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import time
from typing import Any

FOLDER = "GATE_MEMORY_PROFILES"
BEGIN, END = int(signal.SIGRTMIN) + 7, int(signal.SIGRTMIN) + 8
_tracking: dict[int, tuple[Any, str]] = {}
"""By process: what was begun before a fork is not the child's."""


def _begin(_number: int, _frame: object) -> None:
    import memray

    pid = os.getpid()
    if pid not in _tracking:
        path = os.path.join(os.environ[FOLDER], f"{pid}-{time.monotonic_ns()}")
        # Only sums by stack are kept, so that the file stays small; small objects have memory of Python's own.
        sums = memray.FileFormat.AGGREGATED_ALLOCATIONS
        tracker = memray.Tracker(path, file_format=sums, trace_python_allocators=True)
        tracker.__enter__()
        _tracking[pid] = (tracker, path)
        os.close(os.open(path + ".begun", os.O_CREAT))  # before that an end would find nothing begun


def _end(_number: int, _frame: object) -> None:
    tracker, path = _tracking.pop(os.getpid(), (None, ""))
    if tracker is not None:
        tracker.__exit__(None, None, None)
        os.rename(path, path + ".bin")  # whole by now


def _hidden_one() -> None:
    """Import what would have been imported without this file."""
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != own]
    del sys.modules["sitecustomize"]
    with contextlib.suppress(ImportError):
        importlib.import_module("sitecustomize")


if FOLDER in os.environ and __name__ == "sitecustomize":
    with contextlib.suppress(ImportError):  # without memray nobody listens, which the gate sees
        import memray  # noqa: F401 - not in a signal handler for the first time

        signal.signal(BEGIN, _begin)
        signal.signal(END, _end)
    _hidden_one()
