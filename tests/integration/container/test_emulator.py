"""The image against the GitHub emulator, with no way out; runs where ``test_gh_emulator.py`` and the image do."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_gh_emulator import missing, said_by

SESSION = Path(__file__).with_name("beside_emulator.py")


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_comment_and_check_land_there_and_nobody_else_is_contacted(image, tmp_path):
    assert len(said_by(SESSION, image, str(tmp_path))) == 5
