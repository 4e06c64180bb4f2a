"""`gate doctor` against a repository that has everything, and lacks one thing after the other."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from fake_deployments import FakeDeployments
from fake_github import REPOSITORY, TOKEN, FakeGitHub
from fake_objects import ObjectStore
from fake_pulls import Pulls
from fake_settings import ACTIONS, FakeSettings, required, rule

from gate.baseline.window import record_name
from gate.commands import doctor
from gate.console import StreamConsole
from gate.gh.store.records import readme
from gate.record.codec import encode_run
from gate.wiring import real_effects
from tests.builders import run_of, suite_of
from tests.integration.load.servers import serving, steady

ROOT = Path(__file__).parents[3]
PINNED = f"octo/gate@{'0123456789' * 4} # v1.2.3"
SUITE = """\
suite: shop
preview: {hosts: ["*.vercel.app"], find: {environment: Preview, creators: ["vercel[bot]"]}}
endpoints: {home: GET /}
baselines: {store: "branch:perf-baselines"}
"""


def workflow(name: str) -> bytes:
    text = (ROOT / "examples" / "workflows" / f"{name}.yml").read_text()
    return text.replace("OWNER/gate@FULL_SHA # vX.Y.Z", PINNED).encode()


@cache
def stored_run(age_days: int) -> tuple[str, bytes]:
    """Path and content of a run of main."""
    created = dt.datetime.now(dt.UTC) - dt.timedelta(days=age_days)
    run = run_of(suite_of(names=["home"]), f"r{age_days}", created=created, rounds=1)
    return f"v1/shop/{record_name(run)}", encode_run(run)


class Repository:
    """A repository that has everything; tests take things away."""

    def __init__(self, github: FakeGitHub, folder: Path) -> None:
        self.github, self.folder = github, folder
        self.objects = ObjectStore(github)
        Pulls(github)
        self.settings = FakeSettings(github)
        self.settings.rules["main"] = [required("gate / shop")]
        self.settings.rules["perf-baselines"] = [rule("deletion"), rule("non_fast_forward")]
        self.settings.labels.add("perf-accepted")
        FakeDeployments(github).deploy("c" * 40, environment="Preview")
        self.files = {
            "gate.yml": SUITE.encode(),
            **{f".github/workflows/{name}.yml": workflow(name) for name in ("pull-request", "refresh", "accept")},
        }
        self.here = SUITE
        self.stored, self.newest_days = 12, 0

    def look(self, *previews: str, token: str = TOKEN) -> tuple[int, dict[str, list[dict]]]:
        """Exit code, and the findings by name."""
        self.prepare()
        out = io.StringIO()
        effects = real_effects(StreamConsole(out, io.StringIO()), {"GITHUB_TOKEN": token})
        asked = doctor.Asked(REPOSITORY, Path("gate.yml"), self.github.url, previews)
        code = doctor.run(asked, effects, self.folder, as_json=True)
        told = json.loads(out.getvalue())
        assert told["exit_code"] == code
        found: dict[str, list[dict]] = {}
        for finding in told["findings"]:
            found.setdefault(finding["name"], []).append(finding)
        return code, found

    def prepare(self) -> None:
        self.objects.seed("main", self.files)
        if self.stored:
            files = dict(stored_run(self.newest_days + n) for n in range(self.stored))
            self.objects.seed("perf-baselines", files | {"README.md": readme("perf-baselines")})
        (self.folder / "gate.yml").write_text(self.here)

    def gate(self, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-m", "gate", "doctor", "--repo", REPOSITORY, "--api-url", self.github.url]
        return subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": os.defpath, "GITHUB_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def repository(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(github, tmp_path)


def states(found: dict[str, list[dict]]) -> set[str]:
    return {finding["state"] for findings in found.values() for finding in findings}


def test_a_repository_with_everything_is_all_there(repository):
    code, found = repository.look()
    assert (code, states(found)) == (0, {"ok"}), found
    assert set(found) == {
        "token", "suite here", "suite on main", "pull requests", "refresh", "acceptance", "default rights",
        "deployments", "baselines", "baseline branch", "required check", "accept label",
    }  # fmt: skip
    assert found["baselines"][0]["seen"].startswith("12 stored runs in branch perf-baselines of octo/shop")
    assert found["required check"][0]["seen"] == "`gate / shop` is required by a ruleset, from GitHub Actions"


def test_it_says_so_to_people_and_writes_nothing(repository, github):
    repository.prepare()
    done = repository.gate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^ok +suite on main +gate.yml is valid: shop, 1 endpoint$", done.stdout, re.M)
    assert done.stdout.endswith("\n\nall that is needed is there\n")
    assert TOKEN not in done.stdout + done.stderr
    assert github.requests
    assert {request.split(" ")[0] for request in github.requests} == {"GET"}


def nothing(repository: Repository) -> None:
    repository.files = {"README.md": b"a shop"}
    repository.settings.rules, repository.settings.labels, repository.stored = {}, set(), 0


def no_refresh(repository: Repository) -> None:
    del repository.files[".github/workflows/refresh.yml"]


def no_rights(repository: Repository) -> None:
    name = ".github/workflows/pull-request.yml"
    repository.files[name] = re.sub(rb"      checks: write.*\n", b"", repository.files[name])


def other_branch(repository: Repository) -> None:
    name = ".github/workflows/refresh.yml"
    text = repository.files[name].replace(b"[main]", b"[trunk]")
    repository.files[name] = re.sub(rb"  schedule:\n.*\n", b"", text)


def placeholder(repository: Repository) -> None:
    name = ".github/workflows/pull-request.yml"
    repository.files[name] = repository.files[name].replace(PINNED.encode(), b"OWNER/gate@FULL_SHA # vX.Y.Z")


def broken_suite(repository: Repository) -> None:
    repository.files["gate.yml"] = b"endpoints: {home: GET}\n"


def no_suite(repository: Repository) -> None:
    del repository.files["gate.yml"]


def the_job_is_required(repository: Repository) -> None:
    repository.settings.rules["main"] = [required("Measure and judge")]


def another_app(repository: Repository) -> None:
    repository.settings.rules["main"] = [required("gate / shop", ACTIONS + 1)]


def no_runs(repository: Repository) -> None:
    repository.stored = 0


def old_runs(repository: Repository) -> None:
    repository.newest_days = 90


def stopped_branch(repository: Repository) -> None:
    repository.settings.rules["perf-baselines"] = [rule("pull_request")]


def other_environment(repository: Repository) -> None:
    repository.files["gate.yml"] = repository.files["gate.yml"].replace(b"Preview", b"Staging")


def strange_creator(repository: Repository) -> None:
    repository.files["gate.yml"] = repository.files["gate.yml"].replace(b"vercel[bot]", b"render[bot]")


def a_queue(repository: Repository) -> None:
    repository.settings.rules["main"].append(rule("merge_queue"))


def url_of_pulls(repository: Repository) -> None:
    find = b'find: {environment: Preview, creators: ["vercel[bot]"]}'
    suite = repository.files["gate.yml"].replace(find, b'url: "https://pr-{number}.vercel.app"')
    repository.files["gate.yml"] = suite


def nowhere(repository: Repository) -> None:
    repository.files["gate.yml"] = b'suite: shop\npreview: {hosts: ["*.vercel.app"]}\nendpoints: {home: GET /}\n'


MISSING: list[tuple[Callable[[Repository], None], str, str, str]] = [
    (nothing, "suite on main", "there is no gate.yml", "merge it into main"),
    (nothing, "pull requests", "no workflow on main starts the gate", "gate init --workflows pull-request"),
    (nothing, "required check", "nothing requires `gate / shop` on main", "require the status check `gate / shop`"),
    (nothing, "baselines", "no stored run in branch perf-baselines", "start the refresh by hand"),
    (no_refresh, "refresh", "no workflow on main starts the gate", "gate init --workflows refresh"),
    (other_branch, "refresh", "no workflow on main starts the gate", "gate init --workflows refresh"),
    (no_rights, "pull requests", "of pull-request.yml lacks checks: write", "permissions: {checks: write}"),
    (placeholder, "pull requests", "names no release of the gate", "write its owner and commit"),
    (broken_suite, "suite on main", "gate.yml:1: endpoints.home", "correct it"),
    (no_suite, "suite on main", "there is no gate.yml", "merge it into main"),
    (the_job_is_required, "required check", "required are 'Measure and judge'", "`gate / shop`"),
    (another_app, "required check", "has to come from app 15369", "choose GitHub Actions"),
    (no_runs, "baselines", "no stored run", "start the refresh by hand"),
    (old_runs, "baselines", "the newest 90 days old: older than", "does the refresh still run?"),
    (stopped_branch, "baseline branch", "stop the action from writing perf-baselines: pull_request", "leave"),
    (other_environment, "deployments", "there is none in 'Staging' but in 'Preview'", "preview.find"),
    (strange_creator, "deployments", "but by 'vercel[bot]', whom preview.find.creators lacks", "preview.find"),
    (url_of_pulls, "refresh", "nor refresh.yml says where main is deployed", "preview-url"),
    (nowhere, "pull requests", "nor pull-request.yml says where the preview is", "preview-url"),
    (a_queue, "merge queue", "no workflow on main starts the gate", "gate init --workflows merge-queue"),
]


@pytest.mark.parametrize(("change", "name", "seen", "cure"), MISSING, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_missing_is_said_with_its_cure(repository, change, name, seen, cure):
    change(repository)
    code, found = repository.look()
    assert code == 1, found
    said = [one for one in found[name] if one["state"] == "missing"]
    assert [one for one in said if seen in one["seen"] and cure in one["cure"]], found[name]


def test_branch_protection_counts_as_well_as_rulesets(repository):
    repository.settings.rules["main"] = []
    repository.settings.protected["main"] = [{"context": "gate / shop", "app_id": ACTIONS}]
    code, found = repository.look()
    assert code == 0, found
    assert found["required check"][0]["seen"] == "`gate / shop` is required by branch protection, from GitHub Actions"


def test_a_check_from_any_source_is_worth_a_word(repository):
    repository.settings.rules["main"] = [required("gate / shop", None)]
    code, found = repository.look()
    assert (code, found["required check"][0]["state"]) == (0, "advice")


def slack(repository: Repository) -> None:
    for name in ("pull-request", "refresh"):
        path = f".github/workflows/{name}.yml"
        text = re.sub(rb"\nconcurrency:\n(?:  .*\n)+|    timeout-minutes: .*\n", b"", repository.files[path])
        repository.files[path] = text.replace(PINNED.encode(), b"octo/gate@v1").replace(
            b"types:", b"paths: [a]\n    types:"
        )


def cancelled(repository: Repository) -> None:
    path = ".github/workflows/refresh.yml"
    repository.files[path] = repository.files[path].replace(b"cancel-in-progress: false", b"cancel-in-progress: true")


def no_workflow(repository: Repository) -> None:
    repository.files[".github/workflows/other.yml"] = b"{"


def writing(repository: Repository) -> None:
    repository.settings.default_rights = "write"


def few_runs(repository: Repository) -> None:
    repository.stored = 2


def no_label(repository: Repository) -> None:
    repository.settings.labels = set()


def loose_branch(repository: Repository) -> None:
    repository.settings.rules["perf-baselines"] = []


def one_url(repository: Repository) -> None:
    url_of_pulls(repository)
    repository.files["gate.yml"] = repository.files["gate.yml"].replace(b"pr-{number}", b"shop")


ADVICE = [
    (one_url, "served commit", "measures the commit before"),
    (slack, "pull requests", "has no timeout"),
    (slack, "pull requests", "has no concurrency"),
    (slack, "pull requests", "uses 'v1', which can be moved"),
    (slack, "pull requests", "does not start for some paths"),
    (slack, "refresh", "has no concurrency"),
    (cancelled, "refresh", "cancels a refresh under way"),
    (no_workflow, "workflows", "other.yml: it is no YAML"),
    (writing, "default rights", "may write"),
    (few_runs, "baselines", "2 stored runs"),
    (no_label, "accept label", "there is no label 'perf-accepted'"),
    (loose_branch, "baseline branch", "also deleted"),
]


@pytest.mark.parametrize(("change", "name", "seen"), ADVICE, ids=lambda value: getattr(value, "__name__", ""))
def test_what_works_and_could_be_better_is_advice(repository, change, name, seen):
    change(repository)
    code, found = repository.look()
    assert code == 0, found
    assert [one for one in found[name] if one["state"] == "advice" and seen in one["seen"] and one["cure"]], found[name]


@pytest.mark.parametrize(
    ("found", "instead"),
    [(b"pr-{number}", b"pr-{short_sha}"), (b"preview: {", b"preview: {commit: {header: X-Commit}, ")],
    ids=["URL of the commit", "application that says its commit"],
)
def test_where_the_commit_is_known_no_word_of_it_is_needed(repository, found, instead):
    url_of_pulls(repository)
    assert "served commit" in repository.look()[1]
    repository.files["gate.yml"] = repository.files["gate.yml"].replace(found, instead)
    told = repository.look()[1]
    assert [one["state"] for one in told["suite on main"]] == ["ok"]
    assert "served commit" not in told


UNSEEN = [
    ("GET .*/rules/branches/main", "required check", 0),
    ("GET .*/contents/.github", "workflows", 3),
    ("GET .*/contents/gate.yml", "suite on main", 3),
    ("GET .*/apps/github-actions", "required check's source", 3),
    ("GET .*/deployments", "deployments", 3),
    ("GET .*/repos/octo/shop$", "repository", 3),
    ("GET .*/labels/", "accept label", 0),
]


@pytest.mark.parametrize(("route", "name", "code"), UNSEEN)
def test_what_could_not_be_looked_at_is_never_called_there(repository, github, route, name, code):
    if name == "required check":
        repository.settings.protected["main"] = []
    github.fail(route, times=50, status=403, message="Resource not accessible by integration")
    done, found = repository.look()
    if name == "required check":
        code = 3
    assert done == code, found
    (finding,) = found[name]
    assert finding["state"] in ("unknown", "not seen")
    assert finding["seen"].startswith("could not be looked at: ")
    assert finding["cure"]


def test_default_rights_are_for_administrators_and_not_needed_where_jobs_say_theirs(repository):
    repository.settings.is_admin = False
    code, found = repository.look()
    assert (code, found["default rights"][0]["state"]) == (0, "not seen")
    assert "administers" in found["default rights"][0]["cure"]
    name = ".github/workflows/refresh.yml"
    text = re.sub(rb"    permissions:\n(      .*\n)+", b"", repository.files[name])
    repository.files[name] = text.replace(b"permissions: {}\n", b"")
    code, found = repository.look()
    assert code == 3
    assert (found["default rights"][0]["state"], found["refresh"][0]["state"]) == ("unknown", "unknown")


def test_a_jobs_token_is_enough_for_most(repository):
    repository.settings.is_job = True
    code, found = repository.look()
    assert code == 0, found
    assert "GitHub does not tell" in found["token"][0]["seen"]


def test_a_suite_that_differs_here_is_said(repository):
    repository.here = SUITE.replace("home: GET /", "home: GET /start")
    code, found = repository.look()
    assert (code, found["suites alike"][0]["state"]) == (0, "advice")


def test_a_preview_is_asked_through_the_guard(repository):
    hosts = SUITE.replace('"*.vercel.app"', '"127.0.0.1"').replace("hosts:", "ready: {timeout: 1s}, hosts:")
    repository.files["gate.yml"] = hosts.encode()
    with serving(steady()) as server:
        code, found = repository.look(server.origin)
        assert (code, found["preview"][0]["state"]) == (0, "ok"), found
        code, found = repository.look(server.origin, "http://127.0.0.1:9")
        assert (code, found["preview"][0]["state"]) == (1, "missing"), "one of two is not up"
        repository.files["gate.yml"] = hosts.replace("hosts:", 'headers: {x-bypass: "${BYPASS}"}, hosts:').encode()
        code, found = repository.look(server.origin)
        assert (code, found["preview"][0]["state"]) == (3, "unknown"), "its header is not known here"
        asked = server.connections
        repository.files["gate.yml"] = SUITE.encode()
        code, found = repository.look(server.origin)
        assert (code, found["preview"][0]["state"]) == (1, "missing")
        assert server.connections == asked, "a host that the default branch's suite does not name is never asked"


def test_without_a_token_nothing_is_looked_at(repository, github):
    done = repository.gate(token="")
    assert done.returncode == 2
    assert "GITHUB_TOKEN is not set" in done.stderr
    assert github.requests == []


def test_a_token_that_is_no_good_is_never_repeated(repository):
    code, found = repository.look(token="ghp_wrong")
    assert code == 3
    assert "GitHub answered 401" in found["repository"][0]["seen"]
    assert "ghp_wrong" not in json.dumps(found)
