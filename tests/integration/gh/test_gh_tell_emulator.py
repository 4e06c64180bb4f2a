"""Check, comment and ledger against the GitHub emulator; runs where ``test_gh_emulator.py`` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_gh_emulator import missing

SESSION = Path(__file__).with_name("emulator_tell_session.py")
ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_telling_twice():
    inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "-", sys.executable, str(SESSION)]
    session = subprocess.run(
        ["unshare", "--net", *inside, os.environ["GATE_EMULATOR"]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert session.returncode == 0, session.stdout + session.stderr
    assert len(session.stdout.splitlines()) == 3, session.stdout
