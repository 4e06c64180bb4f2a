"""The recipe without the container: the very step of the workflow, run by bash as the runner runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fake_github import TOKEN

from tests.integration.container.jobs import context, pull_request, shop
from tests.integration.container.simulated_runner import PASSED
from tests.integration.load.servers import serving
from tests.unit.gh.runner_port import outputs_in

RECIPE = Path(__file__).parents[3] / "examples" / "workflows" / "recipes" / "plain-step.yml"


def measuring_step() -> dict:
    workflow = yaml.load(RECIPE.read_text(encoding="utf-8"), yaml.BaseLoader)
    (step,) = (step for step in workflow["jobs"]["gate"]["steps"] if step.get("id") == "gate")
    return step


def test_it_tells_the_same_as_the_action(tmp_path, github, checks):
    step = measuring_step()
    files = {name: tmp_path / name for name in ("output", "step_summary", "event_path")}
    for path in files.values():
        path.write_text("")
    files["event_path"].write_text(json.dumps(pull_request()))
    with serving(shop) as server:
        given = {name: value.replace("${{ github.token }}", TOKEN) for name, value in step["env"].items()}
        given["INPUT_PREVIEW-URL"] = given["INPUT_PREVIEW-URL"].replace("http://127.0.0.1:8000", server.origin)
        github_variables = context(github.url) | {name: str(path) for name, path in files.items()}
        environment = {
            **{f"GITHUB_{name.upper()}": value for name, value in github_variables.items() if name in PASSED},
            **given,
            "GITHUB_WORKSPACE": str(tmp_path),
            "INPUT_API-URL": github.url,
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", _here(step["run"])],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert outputs_in(files["output"].read_text())["verdict"] == "APPROVED"
    assert "**APPROVED**" in files["step_summary"].read_text()
    assert len(github.bodies()) == 1
    assert [run["conclusion"] for run in checks.runs] == ["success"]
    assert (tmp_path / "gate-out" / "verdict.json").exists()


def _here(command: str) -> str:
    """The same command with this very gate in place of the one that pipx would fetch."""
    taken, times = re.subn(r"pipx run --spec \S+ gate", f"{sys.executable} -I -m gate", command)
    assert times == 1
    return taken


@pytest.mark.skipif(not Path("/bin/dash").exists(), reason="there is no other shell")
def test_the_recipe_names_its_shell_since_others_lose_inputs():
    """A variable with a hyphen in its name is no variable to them, and they do not pass it on."""
    assert measuring_step()["shell"] == "bash"
    for shell, kept in {"bash": True, "dash": False}.items():
        seen = subprocess.run(
            [shell, "-c", "env"], env={"INPUT_PREVIEW-URL": "x", "PATH": "/usr/bin:/bin"}, capture_output=True
        )
        assert (b"INPUT_PREVIEW-URL=x" in seen.stdout) is kept
