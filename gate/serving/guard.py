"""Ends a session when the gate is gone and could not do so itself: ``python -m gate.serving.guard SESSION``.

The gate holds the other end of standard input. If that ends without a word, the gate was killed.
"""

from __future__ import annotations

import sys

from gate.serving.session import end

LEAVE = b"ended"
"""What the gate says when the session is over."""


def main() -> None:
    """Wait for the gate."""
    if sys.stdin.buffer.read() != LEAVE:
        end(int(sys.argv[1]))


if __name__ == "__main__":
    main()
