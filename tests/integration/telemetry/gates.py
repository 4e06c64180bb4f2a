"""The gate as a process, on the small application that it starts itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from gate.record.run import Run
from tests.integration.processes import COMMAND

APPLICATION = Path(__file__).with_name("application.py")
SUITE = """\
suite: s
preview: {{serve: {{command: "{python} {application} {argument}"}}, ready: {{timeout: 30s}}}}
endpoints: {{home: {{request: GET /, rate: 50/s}}}}
policy: {{max_rate: 50/s, budget: {{time: 9s}}}}
"""


def suite(more: str = "", argument: str = "plain") -> str:
    return SUITE.format(python=sys.executable, application=APPLICATION, argument=argument) + more


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "TOKEN" not in name} | more


def gate(folder: Path, text: str, command: str = "run", *options: str, env: Mapping[str, str] | None = None):
    """Run a command to its end."""
    (folder / "gate.yml").write_text(text)
    (folder / "baselines").mkdir(exist_ok=True)
    given = [f"--suite={folder / 'gate.yml'}", f"--out={folder / 'out'}"]
    given += [] if command == "run" else [f"--baselines={folder / 'baselines'}"]
    done = [*COMMAND, command, *given, *options]
    return subprocess.run(done, capture_output=True, text=True, check=False, env=env or environment())


def run_in(folder: Path) -> Run:
    (path,) = (folder / "out").glob("run-*.json")
    return Run.model_validate_json(json.dumps(json.loads(path.read_text())["run"]))
