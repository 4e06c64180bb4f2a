"""``PORT=8000 DATABASE_FILE=books.sqlite3 python -m bench.systems.counting STACK`` serves until it is ended.

One process, for each has a ledger of its own, and eight requests at a time.
"""

from __future__ import annotations

import os
import sys

STACKS = ("flask", "fastapi", "django")


def command(stack: str, port: str) -> list[str]:
    """The server's."""
    place = f"{__package__}.{stack}_app:app"
    if stack == "fastapi":
        return [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", port, "--log-level", "error", place]
    threads = ["--workers", "1", "--worker-class", "gthread", "--threads", "8"]
    return [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *threads, "--log-level", "error", place]


if __name__ == "__main__":
    os.execv(sys.executable, command(sys.argv[1], os.environ["PORT"]))
