"""Where the demo writes: its own folder may be emptied, nobody else's."""

from __future__ import annotations

import pytest

from gate.commands.demo import clear
from gate.errors import UsageError


def test_a_folder_of_somebody_else_is_refused_and_untouched(tmp_path):
    precious = tmp_path / "baselines" / "v1" / "shop" / "run.json"
    precious.parent.mkdir(parents=True)
    precious.write_text("measured for hours")
    with pytest.raises(UsageError, match="is not empty, and no demo made it"):
        clear(tmp_path)
    assert precious.read_text() == "measured for hours"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(UsageError, match="cannot be used"):
        clear(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "x"


def test_what_a_demo_left_is_cleared_for_the_next_one(tmp_path):
    out = tmp_path / "new" / "out"
    for _ in range(2):
        clear(out)
        assert [path.name for path in out.iterdir()] == [".gate-demo"]
        (out / "main").mkdir()
        (out / "main" / "run.json").write_text("x")
