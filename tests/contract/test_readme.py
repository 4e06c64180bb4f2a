"""The README does what it says: its suites are valid, its commands exist and run, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fake_github import REPOSITORY, TOKEN, FakeGitHub
from fake_github import serving as serving_github
from fake_objects import ObjectStore
from fake_settings import FakeSettings

from gate.cli import parser
from gate.config.read import read_suite
from tests.integration.load.servers import serving, steady

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def test_suites_in_the_readme_are_valid():
    suites = [text for text in blocks("yaml") if "endpoints:" in text]
    assert suites
    for text in suites:
        read_suite(text.encode(), "README.md")


def test_the_workflow_in_the_readme_is_yaml_that_uses_inputs_of_the_action():
    (workflow,) = (text for text in blocks("yaml") if "runs-on" in text)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = yaml.safe_load(workflow)["jobs"]["gate"]["steps"]
    assert set(step["with"]) <= set(action["inputs"])


def test_make_targets_in_the_readme_exist():
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.M)
    assert targets == ["demo", "test"]
    assert all(f"\n{target}:" in (ROOT / "Makefile").read_text() for target in targets)


def test_the_commands_in_the_readme_run_in_their_order(tmp_path):
    """Against a real server, in one folder; only the hosts are replaced, and the budget is made small."""
    lines = [line.split(" #")[0] for line in "\n".join(blocks("sh")).splitlines()]
    commands = [line for line in lines if line.startswith(("gate ", "echo ")) and not line.startswith("gate init")]
    assert [shlex.split(line)[1] for line in commands if line.startswith("gate ")] == ["validate", "refresh", "check"]
    with serving(steady(0.002)) as server:
        for line in commands:
            line = re.sub(r"https://[a-z0-9.-]+", server.origin, line)
            if line.startswith("echo "):
                line = f"{line}; echo 'policy: {{budget: {{time: 9s}}}}' >> gate.yml"
            program = f'gate() {{ {sys.executable} -I -m gate "$@"; }}; {line}'
            done = subprocess.run(["bash", "-ec", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
            # One stored run of one endpoint: nothing can be decided against it yet, but nothing is wrong either.
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "gate-out" / "comment.md").read_text().startswith("**APPROVED**")


def test_the_repository_is_set_up_by_the_commands_of_the_readme(tmp_path):
    """In an empty repository with a remote and a GitHub of its own; only release and server are given besides."""
    (block,) = (text for text in blocks("sh") if "gate init" in text)
    install, *commands = [line.split(" #")[0].strip() for line in block.splitlines()]
    assert install == 'pipx install "git+https://github.com/OWNER/gate@FULL_SHA"'
    github = FakeGitHub()
    with serving_github(github):
        objects = ObjectStore(github)
        FakeSettings(github)
        objects.seed("main", {"README.md": b"an application"})
        given = {"init": f"--action octo/gate@{'0' * 40}", "doctor": f"--repo {REPOSITORY} --api-url {github.url}"}
        program = "\n".join(
            [
                f'gate() {{ local name=$1; shift; {sys.executable} -I -m gate "$name" "$@" $(given "$name"); }}',
                f'given() {{ case $1 in init) echo "{given["init"]}";; doctor) echo "{given["doctor"]}";; esac; }}',
                f"gh() {{ echo {TOKEN}; }}",
                "git init -q --bare ../origin.git && git init -q && git remote add origin ../origin.git",
                "git config user.name x && git config user.email x@example.com && git config push.default current",
                "git config push.autoSetupRemote true",
                *commands,
            ]
        )
        folder = tmp_path / "shop"
        folder.mkdir()
        done = subprocess.run(["bash", "-ec", program], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, "the last command says what is missing\n" + done.stdout + done.stderr
    assert re.search(r"^missing +suite on main +there is no gate.yml$", done.stdout, re.M)
    pushed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert pushed.stdout.split() == [".github/workflows/gate-refresh.yml", ".github/workflows/gate.yml", "gate.yml"]


def test_every_command_of_the_readme_table_exists_and_every_command_is_in_the_table():
    shown = set(re.findall(r"`gate (\w+)", README.split("## Commands")[1]))
    existing = set(parser()._subparsers._group_actions[0].choices)
    assert shown == existing - {"action"}, "`gate action` is for the container only"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_exit_code_is_documented():
    from gate.errors import ExitCode

    documented = set(map(int, re.findall(r"\b(\d+)\b", (ROOT / "docs" / "exit-codes.md").read_text())))
    assert {int(code) for code in ExitCode} <= documented
