from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KINDS = {
    "test": "import pytest\n@pytest.mark.skipif(True, reason='no frob')\ndef test_it(): pass\n",
    "fixture": "import pytest\n@pytest.fixture\ndef x(): pytest.skip('no frob')\ndef test_it(x): pass\n",
    "module": "import pytest\npytest.skip('no frob', allow_module_level=True)\n",
}


def ran(folder: Path, content: str, complete: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_one.py").write_text(content)
    (folder / "conftest.py").write_text("from tests.complete import *\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", folder, folder],
        env={**os.environ, "PYTHONPATH": str(ROOT), "GATE_TESTS_COMPLETE": complete},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_skip_fails_where_every_test_must_run(tmp_path, kind):
    done = ran(tmp_path, KINDS[kind], "1")
    assert done.returncode != 0, done.stdout
    assert "no frob" in done.stdout
    assert "no test may be skipped here" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_elsewhere_it_is_a_skip(tmp_path, kind):
    done = ran(tmp_path, KINDS[kind], "")
    assert done.returncode in (0, 5), done.stdout
    assert "1 skipped" in done.stdout


def test_what_is_expected_to_fail_is_no_skip(tmp_path):
    done = ran(tmp_path, "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n", "1")
    assert done.returncode == 0, done.stdout
    assert "1 xfailed" in done.stdout
