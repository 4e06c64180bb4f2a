"""The same operations against a stateful GitHub emulator that nobody here wrote.

Runs where GATE_EMULATOR names ``dist/index.js`` of the npm package ``emulate`` 0.11.2 and node is installed. The
emulator listens on all interfaces, so it runs in a network namespace of its own, which needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SESSION = Path(__file__).with_name("emulator_session.py")
ROOT = Path(__file__).parents[3]


def missing() -> str:
    if not Path(os.environ.get("GATE_EMULATOR", "")).is_file():
        return "GATE_EMULATOR names no installed emulator"
    for program in ("node", "unshare", "ip"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return "" if os.geteuid() == 0 else "a network namespace needs root"


def said_by(session: Path, *more: str) -> list[str]:
    """What a session against the emulator says, on a loopback of its own; it must end well."""
    inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "-", sys.executable, str(session)]
    done = subprocess.run(
        ["unshare", "--net", *inside, os.environ["GATE_EMULATOR"], *more],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_reading_and_commenting():
    assert len(said_by(SESSION)) == 7
