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
from fake_github import BASE, HEAD, REPOSITORY, FakeGitHub
from fake_people import People, add_people, pull_request
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from gate.errors import UsageError
from gate.gh.acceptance import Asked
from gate.gh.artifacts import Artifacts
from gate.gh.client import Client
from gate.gh.collaborators import refuse_who_may_not_write
from gate.gh.comment import Run, upsert
from gate.gh.merged import Merged, MergedPull

DESCRIPTION = os.environ.get("GATE_OPENAPI", "")
pytestmark = pytest.mark.skipif(not DESCRIPTION, reason="GATE_OPENAPI names no description of GitHub's API")

GREEDY = {"path", "ref"}
OLDER = "a" * 40


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
            fitting.append((template.count("{"), template, operations[verb.lower()]))
    return min(fitting, key=lambda f: f[:2])[1:] if fitting else None


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


def test_the_fake_answers_as_github_describes(client, github, description):
    github.commit(BASE, {f"many/{n:04}": b"" for n in range(1001)} | {"big": b"x" * 2**21, "gate.yml": b"x"})
    for path in ("gate.yml", "big", "absent"):
        client.read_file(path, BASE)
    client.list_directory("many", BASE)
    client.branch_sha("main")
    for run in (1, 2):
        upsert(client, 7, "shop", Run(run, 1), "x")
    client.delete_comment(1)
    github.token_login = "maintainer"
    client._login = None
    client.viewer_login()
    accept_everything(github, client)

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
    assert len(checked) >= 10, sorted(checked)
