"""The gate on a clock that only moves on when somebody sleeps or works: what it slept is told in the end.

Started as the program of a process, so that a test of long waits is short. For runs without load: that is measured in
real time.
"""

from __future__ import annotations

import sys
import threading  # before the clock is another: its locks wait in real time
import time

slept_s = 0.0
real_monotonic = time.monotonic


def sleep(seconds: float) -> None:
    global slept_s
    slept_s += seconds


def main() -> int:
    assert threading.main_thread() is threading.current_thread()
    time.sleep, time.monotonic = sleep, lambda: real_monotonic() + slept_s
    from gate.cli import main as gate

    try:
        return gate()
    finally:
        sys.stderr.write(f"slept {slept_s:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
