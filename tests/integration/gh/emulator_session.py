"""The client against a GitHub emulator that nobody here wrote; run by ``test_gh_emulator.py`` on a loopback of its own.

Usage: ``emulator_session.py INDEX_JS``. Says what it did, one line each; a failed assertion ends it.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gate.gh.events.plan import ActionPlan, Pending, Use
from gate.gh.events.resolve import read_suite, resolve
from gate.gh.rest.api import Effects
from gate.gh.rest.client import Client
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.store.baselines import BaseCommitBaselines
from gate.gh.telling.comment import Delivery, Run, Write, upsert

URL = "http://127.0.0.1:4001"
REPOSITORY = "octocat/shop"
SEED = """
tokens:
  ghs_OURS: {login: octocat, scopes: [repo, user]}
  ghs_OTHER: {login: stranger, scopes: [repo, user]}
github:
  users: [{login: octocat}, {login: stranger}]
  repos: [{owner: octocat, name: shop, auto_init: true}]
"""


@contextlib.contextmanager
def emulator(index: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        seed = Path(folder, "seed.yaml")
        seed.write_text(SEED)
        command = ["node", index, "start", "--service", "github", "-p", "4001", "--seed", str(seed), "--base-url", URL]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(process)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "the emulator ended"
        with contextlib.suppress(requests.ConnectionError):
            requests.get(URL, timeout=1)
            return
        time.sleep(0.05)
    raise AssertionError("the emulator does not answer")


def ask(verb: str, path: str, token: str = "ghs_OURS", **body: object) -> dict:
    answer = requests.request(
        verb, f"{URL}/repos/{REPOSITORY}/{path}", headers={"Authorization": f"token {token}"}, json=body, timeout=10
    )
    assert answer.status_code < 300, (verb, path, answer.status_code, answer.text[:300])
    return answer.json() if answer.text else {}


def commit(path: str, content: bytes, branch: str) -> str:
    known = requests.get(f"{URL}/repos/{REPOSITORY}/contents/{path}", params={"ref": branch}, timeout=10)
    more = {"sha": known.json()["sha"]} if known.ok else {}
    made = ask(
        "PUT", f"contents/{path}", message="x", content=base64.b64encode(content).decode(), branch=branch, **more
    )
    return made["commit"]["sha"]


def client(token: str = "ghs_OURS") -> Client:
    return Client(REPOSITORY, token, URL, Effects(time.sleep, time.monotonic, lambda: 0.0), budget_s=30)


def saying(words: str) -> Write:
    return lambda _: [words]


def said(words: str) -> None:
    sys.stdout.write(words + "\n")


def reading() -> ActionPlan:
    large = bytes(range(256)) * 6000
    commit("perf/large.bin", large, "main")
    commit("baselines/v1/shop/b.json", b'{"b": 1}', "main")
    commit("baselines/v1/shop/a.json", b'{"a": 1}', "main")
    base = commit("gate.yml", b"version: 1\n", "main")
    ask("POST", "git/refs", ref="refs/heads/topic", sha=base)
    head = commit("gate.yml", b"soft: true\n", "topic")
    number = ask("POST", "pulls", title="x", head="topic", base="main")["number"]

    ours = client()
    pending = ActionPlan(
        Use.CHECK, REPOSITORY, "main", ("gate.yml",), pull_requests=(number,), pending=Pending.PULL_REQUEST
    )
    plan = resolve(pending, ours)
    assert (plan.head_sha, plan.policy_sha, plan.fork) == (head, base, False), plan
    assert read_suite(plan, "gate.yml", ours) == b"version: 1\n"
    assert ours.read_file("gate.yml", head) == b"soft: true\n"
    said("suite read at the base commit")
    assert ours.read_file("perf/large.bin", base) == large
    said("a file of 1.5 MB read and verified")
    assert ours.read_file("absent.yml", base) is None
    assert ours.read_file("no/such/x.json", base) is None
    assert ours.list_directory("baselines/v1/other", base) == []
    said("absent files are surely absent")
    store = BaseCommitBaselines(ours, "baselines", base)
    assert store.names("shop") == ["a.json", "b.json"]
    assert json.loads(store.read("shop", "b.json")) == {"b": 1}
    said("baselines listed and read")
    assert ours.branch_sha("main") == base
    with pytest.raises(ApiError) as caught:
        ours.read_file("gate.yml", "f" * 40)
    assert caught.value.reason is Reason.FORBIDDEN
    said("nothing is called absent at a commit that cannot be read")
    return plan


def commenting(number: int) -> None:
    for n in range(120):
        ask("POST", f"issues/{number}/comments", "ghs_OTHER", body=f"remark {n}")
    ask("POST", f"issues/{number}/comments", "ghs_OTHER", body="<!-- gate:shop run=99.1 -->\nAPPROVED")
    assert upsert(client(), number, "shop", Run(1, 1), saying("one")).delivery is Delivery.CREATED
    assert upsert(client(), number, "shop", Run(2, 1), saying("two")).delivery is Delivery.EDITED
    assert upsert(client(), number, "shop", Run(1, 2), saying("old")).delivery is Delivery.SUPERSEDED
    found = [c.text for c in client().find_comments(number)]
    ours = [text for text in found if text.endswith(("one", "two", "old"))]
    assert ours == ["<!-- gate:shop run=2.1 -->\ntwo"], ours
    assert len(found) == 122
    said("one comment among 122, on two pages, passing over a stranger's marker")
    ask("POST", f"issues/{number}/comments", body="<!-- gate:shop run=1.1 -->\ndouble")
    assert upsert(client(), number, "shop", Run(3, 1), saying("three")).delivery is Delivery.EDITED
    mine = next(c for c in client().find_comments(number) if c.text.endswith("three"))
    client().delete_comment(mine.id)
    client().delete_comment(mine.id)
    assert len(client().find_comments(number)) == 121
    said("a double removed, a comment deleted, deleting it again is fine")


if __name__ == "__main__":
    with emulator(sys.argv[1]):
        done = reading()
        commenting(done.pull_requests[0])
