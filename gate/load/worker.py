"""The load worker: a process of its own, without environment, without rights, that only knows how to send.

It reads segments from standard input, one JSON line each, and answers with one JSON line each. It ends when its
input ends, so it cannot outlive the gate.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys

from gate.load import transport
from gate.load.job import segment_from_json, to_json
from gate.load.loop import LoadLoop

_NOBODY = 65534
_PRIORITY = -20


def drop_rights() -> None:
    """Become nobody if started as root; a preview that breaks into the worker finds nothing there."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)


def ask_for_priority() -> None:
    """Be woken in time on a busy runner: real-time scheduling, else niceness, else nothing and lag is told as ever.

    A request that is due is sent at once and the rest of the time the worker sleeps, so it takes little from others.
    """
    with contextlib.suppress(OSError, AttributeError):  # no right to, or a system without it
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)


def main() -> None:
    """Serve segments until standard input ends."""
    loop = LoadLoop(transport.ca_bundle())
    ask_for_priority()
    drop_rights()
    gc.disable()  # a collection in the middle of a block would look like a slow preview
    with contextlib.suppress(BrokenPipeError):  # the gate is gone and wants no answer any more
        for line in sys.stdin:
            result = loop.run(segment_from_json(line))
            sys.stdout.write(to_json(result) + "\n")
            sys.stdout.flush()
            gc.collect()


if __name__ == "__main__":
    main()
