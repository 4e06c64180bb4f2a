"""The baseline branch against the GitHub emulator; runs where ``test_gh_emulator.py`` does."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_gh_emulator import missing, said_by

SESSION = Path(__file__).with_name("emulator_branch_session.py")


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_storing_racing_retaining_and_refusing():
    assert len(said_by(SESSION)) == 6
