"""The load worker: a process of its own, without environment, without rights, that only knows how to send.

It reads segments from standard input, one JSON line each, with lines of rows before those that draw from new ones, and
answers in lines that begin with a word: ``progress`` about once a second, then ``result``. It ends when its input ends,
so it cannot outlive the gate. SIGUSR1 ends the segment under way, and its result so far is given. Its only argument is
a folder for its files, where there is one.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import sys
from pathlib import Path

from gate.load.capacity import measure_capacity
from gate.load.job import Rows, Segment, SegmentResult
from gate.load.loop import LoadLoop
from gate.load.pipe import CAPACITY, LET_GO, NOBODY, ROWS, STOP, from_line, to_line, with_rows
from gate.load.progress import progress_of
from gate.load.trust import Trust, usual_certificates

_PRIORITY = -20


def drop_rights() -> None:
    """Become nobody if started as root; a preview that breaks into the worker finds nothing there."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def ask_for_priority() -> None:
    """Be woken in time on a busy runner: real-time scheduling, else niceness, else nothing and lag is told as ever.

    A request that is due is sent at once and the rest of the time the worker sleeps, so it takes little from others.

    References
    ----------
    PR_SET_TIMERSLACK(2const): without real-time scheduling Linux may end each sleep 50 µs late, unless told otherwise.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1", encoding="ascii")
    with contextlib.suppress(OSError, AttributeError):  # no right to, or a system without it
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)


def main() -> None:
    """Serve segments until standard input ends."""
    certificates = usual_certificates()
    ask_for_priority()
    drop_rights()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        serve(LoadLoop(Trust(certificates, folder)))
    finally:
        if folder is not None:  # the gate does so too, but it may have been killed
            shutil.rmtree(folder, ignore_errors=True)


def serve(loop: LoadLoop) -> None:
    """Drive segments until standard input ends."""

    def stop(_number: int, _frame: object) -> None:
        loop.stopping = True

    signal.signal(STOP, stop)
    gc.disable()  # a collection in the middle of a block would look like a slow preview
    rows: dict[str, tuple[object, ...]] = {}
    with contextlib.suppress(BrokenPipeError):  # the gate is gone and wants no answer any more
        for line in sys.stdin:
            if line == LET_GO:
                loop.let_go()
            elif line == CAPACITY:
                _say("result", f"{measure_capacity(loop)}\n")
            elif line.startswith(ROWS):
                given = from_line(Rows, line.removeprefix(ROWS))
                rows[given.key] = given.rows
            else:
                loop.stopping = False
                _say("result", to_line(loop.run(with_rows(from_line(Segment, line), rows), _tell)))
            gc.collect()


def _tell(result: SegmentResult, at_s: float) -> None:
    _say("progress", to_line(progress_of(result, at_s)))


def _say(word: str, line: str) -> None:
    sys.stdout.write(f"{word} {line}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
