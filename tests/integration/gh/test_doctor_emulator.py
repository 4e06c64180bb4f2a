"""The doctor against the GitHub emulator; runs where ``test_gh_emulator.py`` does."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_gh_emulator import missing, said_by

SESSION = Path(__file__).with_name("emulator_doctor_session.py")


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_repository_of_the_emulator_is_examined():
    assert len(said_by(SESSION)) == 4
