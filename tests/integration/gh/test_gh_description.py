"""The fake GitHub's answers against GitHub's published description of its API; all but pull requests, cut down here.

Runs where GATE_OPENAPI names the file ``generated/api.github.com.json`` of the npm package ``@octokit/openapi``.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from fake_github import BASE
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import TypeAdapter

from gate.gh.annotations import Annotation
from gate.gh.api import Call
from gate.gh.checks import Check, CheckRun, Checks, check_name
from gate.gh.client import Client
from gate.gh.comment import Run, upsert
from gate.gh.paging import every

DESCRIPTION = os.environ.get("GATE_OPENAPI", "")
pytestmark = pytest.mark.skipif(not DESCRIPTION, reason="GATE_OPENAPI names no description of GitHub's API")

GREEDY = {"path", "ref"}
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
            fitting.append((template.count("{"), template, operations[verb.lower()]))
    return min(fitting, key=lambda f: f[:2])[1:] if fitting else None


def _checks(client: Client) -> None:
    ours = Checks(client.api, client.repository)
    remarks = tuple(Annotation("gate.yml", 1, "warning", "title", f"remark {n}") for n in range(60))
    check = Check(check_name("shop"), BASE, f"1.1.{BASE}", "https://example.com", "success", "t", "s", "", remarks)
    made = ours.create(check)
    ours.annotate(made, check)
    assert ours._made(check) is not None
    client.api.get(Call("GET", f"/repos/{client.repository}/check-runs/{made.id}", "x", "x"), TypeAdapter(CheckRun))
    ours.set_status(check)
    list(
        every(client.api, Call("GET", f"/repos/{client.repository}/commits/{BASE}/statuses", "x", "x"), ANYTHING, list)
    )


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
