"""``action.yml`` says what the code reads and writes; the image runs nothing of the workspace."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from gate.gh.events.inputs import Inputs, Mode, variable
from gate.gh.telling.workflow import OUTPUTS

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = [line.split(" ", 1) for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line[:1].isupper()]


def said_by_the_code() -> dict[str, dict[str, str]]:
    return {
        field.name.replace("_", "-"): {
            "description": field.metadata["description"],
            "required": False,
            "default": field.metadata["default"],
        }
        for field in fields(Inputs)
    }


def test_inputs_are_the_same_both_ways():
    assert ACTION["inputs"] == said_by_the_code()
    assert list(ACTION["inputs"]) == list(said_by_the_code())


def test_outputs_are_the_same_both_ways():
    assert ACTION["outputs"] == {output.name: {"description": output.description} for output in OUTPUTS}
    assert OUTPUTS[-1].name == "verdict"


def test_the_defaults_of_the_action_are_the_defaults_of_the_code():
    """What the runner passes when the workflow says nothing means the same as passing nothing."""
    passed = {variable(name): given["default"] for name, given in ACTION["inputs"].items()} | {"INPUT_TOKEN": "t"}
    assert all(isinstance(value, str) for value in passed.values())
    assert Inputs.from_environment(passed) == Inputs.from_environment({"INPUT_TOKEN": "t"})
    for field in fields(Inputs):
        value = getattr(Inputs.from_environment(passed), field.name)
        default = field.metadata["default"]
        if field.name not in ("token", "api_url"):
            expected = (default,) if default and isinstance(value, tuple) else default
            assert value == (expected or type(value)() if value is not None else None), field.name


def test_every_mode_is_named_to_the_user():
    assert all(mode in ACTION["inputs"]["mode"]["description"] for mode in Mode)


def test_the_action_is_the_container_and_nothing_else():
    assert ACTION["runs"] == {"using": "docker", "image": "Dockerfile", "args": ["action"]}
    assert set(ACTION) == {"name", "description", "author", "branding", "inputs", "outputs", "runs"}
    assert len(ACTION["description"]) < 125  # the marketplace refuses more
    expressions = re.findall(r"\$\{\{.*?\}\}", (ROOT / "action.yml").read_text())
    assert expressions == ["${{ github.token }}"]


def test_the_image_starts_isolated_without_a_shell_as_root():
    names = [name for name, _ in INSTRUCTIONS]
    assert json.loads(dict(INSTRUCTIONS)["ENTRYPOINT"]) == ["/usr/local/bin/python", "-I", "-m", "gate"]
    assert "USER" not in names
    assert "CMD" not in names
    assert "ENV" not in names
    assert "<<" not in DOCKERFILE
    assert not re.search(r"^#\s*(syntax|escape)\s*=", DOCKERFILE, re.MULTILINE)


def test_a_linter_finds_nothing_in_the_dockerfile():
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, ROOT / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_base_is_one_image_by_its_digest():
    bases = [rest.split()[0] for name, rest in INSTRUCTIONS if name == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", bases[0])


def test_everything_from_a_registry_is_checked_by_hash():
    installs = re.findall(r"pip (?:install|wheel)\b(.*?)(?:&&|$)", DOCKERFILE.replace("\\\n", " "), re.MULTILINE)
    assert len(installs) == 4
    for install in installs:
        offline = "--no-index" in install or "--no-build-isolation" in install
        assert "--no-deps" in install
        assert offline or ("--require-hashes" in install and "--only-binary :all:" in install)


def test_the_build_backend_is_in_the_lock():
    names = re.search(r"\\\(([a-z\\|-]+)\\\)==", DOCKERFILE)
    assert names is not None
    lock = (ROOT / "requirements-dev.lock").read_text()
    for name in names[1].split("\\|"):
        assert re.search(rf"^{name}==\S+ \\\n( +--hash=sha256:[0-9a-f]{{64}}( \\)?\n)+", lock, re.MULTILINE), name


def test_only_what_is_needed_enters_the_image():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert allowed == {
        "LICENSE", "README.md", "examples/shop", "examples/workflows", "gate", "pyproject.toml",
        "requirements-dev.lock", "requirements.lock",
    }  # fmt: skip
    copied = {
        part for name, rest in INSTRUCTIONS if name == "COPY" and "--from" not in rest for part in rest.split()[:-1]
    }
    assert {part.removeprefix("./") for part in copied} == {name.partition("/")[0] for name in allowed}


@pytest.mark.parametrize("name", sorted(ACTION["inputs"]))
def test_names_are_as_the_runner_passes_them(name):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert variable(name) == "INPUT_" + name.upper()
