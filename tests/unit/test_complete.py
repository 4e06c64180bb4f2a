from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = {
    "test": "import pytest\n@pytest.mark.skipif(True, reason='no frob')\ndef test_it(): pass\n",
    "fixture": "import pytest\n@pytest.fixture\ndef x(): pytest.skip('no frob')\ndef test_it(x): pass\n",
    "module": "import pytest\npytest.skip('no frob', allow_module_level=True)\n",
    "expected": "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text("from tests.complete import *\n")
    for name, content in TESTS.items():
        (tmp_path / f"test_{name}.py").write_text(content)
    return tmp_path


def said(folder: Path, complete: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", folder, folder]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GATE_TESTS_COMPLETE": complete}
    environment.pop("CI", None)  # where it is set, pytest says each failure twice
    arguments = ["--continue-on-collection-errors", "-p", "no:xdist", "-p", "no:cacheprovider"]
    return subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=120).stdout


def test_a_skip_fails_where_every_test_must_run(folder):
    """Of a test, by what it needs, or of a whole module; what is expected to fail is no skip."""
    told = said(folder, "1")
    assert told.splitlines()[-1].startswith("1 xfailed, 3 errors"), told
    assert told.count("no test may be skipped here") == 3
    assert told.count("no frob") >= 3, "nobody learns what is missing"


def test_elsewhere_it_is_a_skip(folder):
    told = said(folder, "")
    assert told.splitlines()[-1].startswith("3 skipped, 1 xfailed"), told
