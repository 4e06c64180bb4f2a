"""The baseline branch against a stateful GitHub emulator : it needs what ``test_gh_emulator.py`` needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_gh_emulator import missing

SESSION = Path(__file__).with_name("emulator_branch_session.py")
ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_storing_racing_retaining_and_refusing():
    inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "-", sys.executable, str(SESSION)]
    session = subprocess.run(
        ["unshare", "--net", *inside, os.environ["GATE_EMULATOR"]],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert session.returncode == 0, session.stdout + session.stderr
    assert len(session.stdout.splitlines()) == 6, session.stdout
