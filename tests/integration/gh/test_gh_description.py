"""The fake GitHub's answers against GitHub's published description of its API; all but pull requests, cut down here.

Runs where GATE_OPENAPI names the file ``generated/api.github.com.json`` of the npm package ``@octokit/openapi``.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from fake_artifacts import WORKFLOW_RUN, add_artifacts, recorded, storing
from fake_deployments import FakeDeployments
from fake_github import BASE, HEAD, REPOSITORY, FakeGitHub
from fake_objects import ObjectStore
from fake_people import People, add_people, pull_request
from fake_pulls import Pulls
from fake_settings import FakeSettings, required, rule
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import TypeAdapter

from gate.errors import UsageError
from gate.gh.doctor.settings import Settings
from gate.gh.events.acceptance import Asked
from gate.gh.events.collaborators import refuse_who_may_not_write
from gate.gh.rest.ancestry import Ancestry
from gate.gh.rest.api import Call
from gate.gh.rest.artifacts import Artifacts
from gate.gh.rest.client import Client
from gate.gh.rest.deployments import Deployments
from gate.gh.rest.merged import Merged, MergedPull
from gate.gh.rest.paging import every
from gate.gh.store.branch import BranchStore
from gate.gh.store.refreshing import require_on_default_branch
from gate.gh.telling.annotations import Annotation
from gate.gh.telling.checks import Check, CheckRun, Checks, check_name
from gate.gh.telling.comment import Run, upsert

DESCRIPTION = os.environ.get("GATE_OPENAPI", "")
pytestmark = pytest.mark.skipif(not DESCRIPTION, reason="GATE_OPENAPI names no description of GitHub's API")

GREEDY = {"path", "ref"}
OLDER = "a" * 40
ANYTHING: TypeAdapter[list[object]] = TypeAdapter(list[object])


def modern(schema: object) -> object:
    """The description in the words of JSON Schema: ``nullable`` becomes null as one more type."""
    if isinstance(schema, list):
        return [modern(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {name: modern(value) for name, value in schema.items() if name != "nullable"}
    return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") is True else converted


@pytest.fixture(scope="module")
def description() -> dict:
    return json.loads(Path(DESCRIPTION).read_text())


def operation(description: dict, verb: str, path: str) -> tuple[str, dict] | None:
    fitting = []
    for template, operations in description["paths"].items():
        pattern = re.sub(r"\\{(\w+)\\}", lambda m: "(.*)" if m[1] in GREEDY else "([^/]+)", re.escape(template))
        if verb.lower() in operations and re.fullmatch(pattern, path):
            # The one with the fewest gaps, then the longest: a greedy gap takes in what another names.
            fitting.append((template.count("{"), -len(template), template, operations[verb.lower()]))
    return min(fitting, key=lambda f: f[:3])[2:] if fitting else None


def find_everything(fake: FakeDeployments, client: Client) -> None:
    fake.history(OLDER, BASE, HEAD)
    number = fake.deploy(HEAD, state="in_progress")
    fake.say(number, "success")
    deployments = Deployments(client.api, REPOSITORY)
    found = deployments.read(number)
    assert deployments.of_commit(HEAD) == deployments.newest("Preview") == [found]
    assert deployments.newest_status(found).state == "success"
    assert Ancestry(client.api, REPOSITORY).merge_base(BASE, HEAD) == BASE
    assert Ancestry(client.api, REPOSITORY).is_on(OLDER, "main")


def accept_everything(github: FakeGitHub, client: Client) -> None:
    history = [OLDER, BASE, HEAD]
    people = People({"maintainer": "maintain"}, history, {HEAD: [pull_request(7, BASE)]})
    add_people(github, people)
    refuse_who_may_not_write(client.api, REPOSITORY, Asked("maintainer", True, "", ""))
    with suppress(UsageError):
        refuse_who_may_not_write(client.api, REPOSITORY, Asked("stranger", True, "", ""))
    assert Merged(client.api, REPOSITORY, "main").since(OLDER, HEAD) == [MergedPull(7, BASE)]
    with storing() as storage:
        add_artifacts(github, storage)
        storage.put({"run-a.json": b"y"}, gone=True)
        kept = storage.put({"run-a.json": b"x"})
        artifacts = Artifacts(client.api, REPOSITORY, lambda *_: kept.content, lambda _: None)
        assert artifacts.read(WORKFLOW_RUN, [recorded("run-a.json", b"x")]) == {"run-a.json": b"x"}


def keep_a_branch(objects: ObjectStore, client: Client) -> None:
    Pulls(objects.github)
    start = objects.seed("main", {"gate.yml": b"x"})
    for name in ("a.json", "b.json"):
        store = BranchStore.open(client.api, REPOSITORY, "perf", "main", writable=True, keep=1)
        store.append("shop", name, name.encode())
    require_on_default_branch(client.api, REPOSITORY, start, "main")


def look_at_settings(github: FakeGitHub, client: Client) -> None:
    fake, settings = FakeSettings(github), Settings(client.api, REPOSITORY)
    fake.rules["main"] = [required("gate / shop"), rule("deletion"), required("any", None)]
    fake.protected["main"] = [{"context": "gate / shop", "app_id": None}]
    fake.labels.add("perf-accepted")
    assert settings.repository().default_branch == "main"
    assert [one.type for one in settings.rules("main")] == [one["type"] for one in fake.rules["main"]]
    assert settings.branch("main").protection.enabled
    assert [settings.has_label(name) for name in ("perf-accepted", "other")] == [True, False]
    assert settings.workflow_token() == "read"
    assert settings.actions_app() > 0


def _checks(client: Client) -> None:
    ours = Checks(client.api, client.repository)
    remarks = tuple(Annotation("gate.yml", 1, "warning", "title", f"remark {n}") for n in range(60))
    check = Check(check_name("shop"), BASE, f"1.1.{BASE}", "https://example.com", "success", "t", "s", "", remarks)
    made = ours.create(check)
    ours.annotate(made, check)
    assert ours._made(check) is not None
    client.api.get(Call("GET", f"/repos/{client.repository}/check-runs/{made.id}", "x", "x"), TypeAdapter(CheckRun))
    ours.set_status(check)
    statuses = Call("GET", f"/repos/{client.repository}/commits/{BASE}/statuses", "x", "x")
    list(every(client.api, statuses, ANYTHING, list))


def test_the_fake_answers_as_github_describes(client, github, checks, description):
    github.commit(BASE, {f"many/{n:04}": b"" for n in range(1001)} | {"big": b"x" * 2**21, "gate.yml": b"x"})
    for path in ("gate.yml", "big", "absent"):
        client.read_file(path, BASE)
    client.list_directory("many", BASE)
    client.branch_sha("main")
    for run in (1, 2):
        upsert(client, 7, "shop", Run(run, 1), lambda _: ["x"])
    client.delete_comment(1)
    _checks(client)
    github.token_login = "maintainer"
    client._login = None
    client.viewer_login()
    keep_a_branch(ObjectStore(github), client)  # in this order: of routes that several have, the last made answer
    github.branches["main"] = BASE
    find_everything(FakeDeployments(github), client)
    accept_everything(github, client)
    look_at_settings(github, client)

    described = {"components": {"schemas": modern(description["components"]["schemas"])}}
    checked = set()
    for verb, path, status, content in github.exchanges:
        found = operation(description, verb, path)
        assert found, f"{verb} {path} is not in the description"
        template, operations = found
        response = operations["responses"].get(str(status))
        if response is None and status in (403, 404):
            continue
        assert response, f"{verb} {template} does not answer {status}"
        if "$ref" in response:
            response = description["components"]["responses"][response["$ref"].rpartition("/")[2]]
        media = response.get("content", {}).get("application/json")
        if media:
            wrong = best_match(Draft202012Validator({**described, **modern(media["schema"])}).iter_errors(content))
            assert wrong is None, f"{verb} {template}: {wrong.message if wrong else ''}"
        checked.add(f"{verb} {template.removeprefix('/repos/{owner}/{repo}/')} {status}")
    assert len(checked) >= 16, sorted(checked)


def test_what_is_sent_is_as_github_describes(client, checks, description):
    _checks(client)
    described = {"components": {"schemas": modern(description["components"]["schemas"])}}
    for verb, path, body in checks.received:
        operation = description["paths"][f"/repos/{{owner}}/{{repo}}/{path}"][verb]
        schema = modern(operation["requestBody"]["content"]["application/json"]["schema"])
        wrong = best_match(Draft202012Validator({**described, **schema}).iter_errors(body))
        assert wrong is None, f"{verb} {path}: {wrong.message if wrong else ''}"
        assert set(body) <= set(schema["properties"]), "nothing that GitHub does not know"
    assert len({path for _, path, _ in checks.received}) == 3
