"""Which plan follows from which event: tables, and the ways in which an author could try to choose the policy."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from gate.errors import UsageError
from gate.gh.context import Context
from gate.gh.event import ActionPlan, Pending, plan
from gate.gh.inputs import Inputs, Mode
from gate.gh.resolve import with_pull_request
from gate.gh.shapes import PullRequest

EVENTS = Path(__file__).parents[2] / "data" / "events"
SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"


def event(name: str) -> dict:
    return json.loads((EVENTS / f"{name}.json").read_text())


def inputs(**given: str) -> Inputs:
    return Inputs.from_environment(
        {"INPUT_TOKEN": "t", **{f"INPUT_{name.upper().replace('_', '-')}": value for name, value in given.items()}}
    )


def context(payload: dict, event_name: str = "pull_request", ref: str = "refs/heads/main", **more: str) -> Context:
    repository = payload.get("repository", {}).get("full_name", "octo/shop")
    return Context.from_environment(
        {
            "GITHUB_REPOSITORY": repository,
            "GITHUB_EVENT_NAME": event_name,
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_SHA": SHA,
            "GITHUB_REF": ref,
            "GITHUB_RUN_ID": "42",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_WORKSPACE": "/github/workspace",
            "GITHUB_OUTPUT": "/github/file_commands/output",
            **more,
        }
    )


def planned(event_name: str, payload: dict, ref: str = "refs/heads/main", **given: str) -> ActionPlan:
    return plan(event_name, payload, inputs(**given), context(payload, event_name, ref))


def changed(payload: dict, path: str, value: object) -> dict:
    """The payload with another value at a path; with ``...`` the member is gone."""
    payload = copy.deepcopy(payload)
    *parents, last = path.split(".")
    place = payload
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return payload


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "labeled"])
def test_a_pull_request_is_checked_against_its_base_commit(action):
    payload = event(f"pull_request.{action}")
    pull = payload["pull_request"]
    result = planned("pull_request", payload)
    assert result.mode is Mode.CHECK
    assert result.policy_sha == pull["base"]["sha"]
    assert result.head_sha == pull["head"]["sha"]
    assert result.policy_sha != result.head_sha
    assert result.pull_request == pull["number"]
    assert result.repository == payload["repository"]["full_name"]
    assert result.suite_path == "gate.yml"
    assert result.suite_may_be_absent
    assert result.pending is Pending.NOTHING
    assert not result.fork


def test_what_the_workflow_gives_reaches_the_plan():
    result = planned(
        "pull_request",
        event("pull_request.opened"),
        preview_url="https://a.example\nhttps://b.example",
        base_url="https://base.example",
        suite="perf/gate.yml",
        mode="measure",
    )
    assert result.preview_urls == ("https://a.example", "https://b.example")
    assert result.base_urls == ("https://base.example",)
    assert result.suite_path == "perf/gate.yml"
    assert result.mode is Mode.MEASURE


@pytest.mark.parametrize(
    ("name", "payload", "ref", "given", "mode", "sha"),
    [
        ("push", "push.branch", "refs/heads/master", {}, Mode.REFRESH, "event"),
        ("push", "push.branch", "refs/heads/master", {"mode": "refresh"}, Mode.REFRESH, "event"),
        ("push", "push.branch", "refs/heads/master", {"mode": "measure"}, Mode.MEASURE, "event"),
        ("schedule", None, "refs/heads/main", {}, Mode.REFRESH, "context"),
        ("schedule", None, "refs/heads/main", {"mode": "measure"}, Mode.MEASURE, "context"),
        ("workflow_dispatch", "workflow_dispatch", "refs/heads/main", {"mode": "refresh"}, Mode.REFRESH, "context"),
    ],
)
def test_main_is_measured_at_its_own_commit(name, payload, ref, given, mode, sha):
    payload = event(payload) if payload else {"schedule": "17 3 * * *"}
    result = planned(name, payload, ref, **given)
    expected = payload["after"] if sha == "event" else SHA
    assert (result.mode, result.policy_sha, result.head_sha) == (mode, expected, expected)
    assert result.pull_request is None
    assert not result.suite_may_be_absent


@pytest.mark.parametrize(
    ("given", "mode", "pending", "head"),
    [
        ({"pull_request": "7"}, Mode.CHECK, Pending.PULL_REQUEST, ""),
        ({"pull_request": "7", "preview_url": "https://a.example"}, Mode.CHECK, Pending.PULL_REQUEST, ""),
        ({"pull_request": "7", "mode": "measure"}, Mode.MEASURE, Pending.PULL_REQUEST, ""),
        ({"preview_url": "https://a.example"}, Mode.MEASURE, Pending.NOTHING, ""),
        ({"preview_url": "https://a.example", "mode": "check"}, Mode.CHECK, Pending.NOTHING, ""),
    ],
)
def test_a_dispatch_does_what_its_inputs_say(given, mode, pending, head):
    result = planned("workflow_dispatch", event("workflow_dispatch"), **given)
    assert (result.mode, result.pending, result.head_sha) == (mode, pending, head)
    assert result.policy_sha == ("" if pending else SHA)


@pytest.mark.parametrize(
    ("name", "payload", "ref", "given", "says"),
    [
        ("pull_request", "pull_request.closed", "", {}, "closed"),
        ("pull_request", "pull_request.opened", "", {"mode": "refresh"}, "cannot refresh"),
        ("push", "push.tag", "", {}, "not to the default branch"),
        ("push", "push.tag-deleted", "", {}, "not to the default branch"),
        ("push", "push.branch", "", {"mode": "check"}, "needs a pull request"),
        ("workflow_dispatch", "workflow_dispatch", "", {}, "nothing says what to do"),
        ("workflow_dispatch", "workflow_dispatch", "", {"mode": "refresh", "pull_request": "7"}, "cannot refresh"),
        ("workflow_dispatch", "workflow_dispatch", "refs/heads/mine", {"mode": "refresh"}, "refs/heads/mine"),
        ("workflow_dispatch", "workflow_dispatch", "refs/heads/mine", {"mode": "check"}, "refs/heads/mine"),
        ("workflow_dispatch", "workflow_dispatch", "refs/tags/main", {"mode": "refresh"}, "refs/tags/main"),
        ("pull_request_target", "pull_request.opened", "", {}, "not in this version"),
        ("workflow_run", "pull_request.opened", "", {}, "not in this version"),
        ("deployment_status", "pull_request.opened", "", {}, "not in this version"),
        ("merge_group", "pull_request.opened", "", {}, "not in this version"),
        ("issue_comment", "pull_request.opened", "", {}, "not in this version"),
    ],
)
def test_what_is_refused_before_anything_is_sent(name, payload, ref, given, says):
    with pytest.raises(UsageError, match=says):
        planned(name, event(payload), ref or "refs/heads/main", **given)


def test_a_push_that_deletes_the_branch_is_refused():
    gone = {**event("push.branch"), "after": "0" * 40, "deleted": True}
    with pytest.raises(UsageError, match="nothing to measure"):
        planned("push", gone)
    with pytest.raises(UsageError, match="no commit in after"):
        planned("push", {**gone, "deleted": False})


@pytest.mark.parametrize(
    "path",
    [
        "action",
        "repository.default_branch",
        "pull_request.number",
        "pull_request.head",
        "pull_request.head.sha",
        "pull_request.head.repo.full_name",
        "pull_request.base.sha",
        "pull_request.base.ref",
        "pull_request.base.repo.full_name",
    ],
)
@pytest.mark.parametrize("value", [..., None, "", 0, [], {"a": 1}])
def test_a_member_that_is_missing_or_odd_is_named(path, value):
    payload = changed(event("pull_request.opened"), path, value)
    with pytest.raises(UsageError, match="the event") as caught:
        planned("pull_request", payload)
    assert path in str(caught.value)


@pytest.mark.parametrize("sha", ["main", "abc1234", SHA.upper(), "0" * 40, SHA + "\n", f"{SHA}/../x"])
def test_only_the_full_id_of_a_commit_is_a_commit(sha):
    for path in ("pull_request.head.sha", "pull_request.base.sha"):
        with pytest.raises(UsageError, match="no commit"):
            planned("pull_request", changed(event("pull_request.opened"), path, sha))


@pytest.mark.parametrize("payload", [{}, {"action": "opened"}, {"pull_request": None, "action": "opened"}])
def test_a_cut_event_is_a_usage_error(payload):
    with pytest.raises(UsageError):
        planned("pull_request", payload)


def test_another_base_than_the_default_branch_has_no_say_in_the_policy():
    soft = changed(event("pull_request.opened"), "pull_request.base.ref", "soft")
    result = planned("pull_request", soft)
    assert result.policy_sha == ""
    assert result.pending is Pending.DEFAULT_BRANCH


def test_a_pull_request_into_another_repository_is_refused():
    with pytest.raises(UsageError, match="does not go into"):
        planned("pull_request", changed(event("pull_request.opened"), "pull_request.base.repo.full_name", "other/shop"))


@pytest.mark.parametrize("repo", [None, {"full_name": "stranger/shop"}])
def test_a_fork_is_known_by_its_head_and_never_by_who_acted(repo):
    payload = changed(event("pull_request.opened"), "pull_request.head.repo", repo)
    payload["sender"] = {"login": "dependabot[bot]", "type": "Bot"}
    assert planned("pull_request", payload).fork
    ours = changed(event("pull_request.opened"), "sender", {"login": "stranger", "type": "User"})
    assert not planned("pull_request", ours).fork


def test_the_schedule_runs_on_the_default_branch_only():
    with pytest.raises(UsageError, match="not on the default branch"):
        planned("schedule", {"repository": {"default_branch": "main"}}, "refs/heads/other")
    with pytest.raises(UsageError, match="not on the default branch"):
        planned("schedule", {}, "refs/tags/v1")


def test_refresh_is_possible_in_the_listed_cases_only():
    """Every event against every ref: a pull request is never among them."""
    payloads = {
        "pull_request": "pull_request.opened",
        "push": "push.branch",
        "schedule": "workflow_dispatch",
        "workflow_dispatch": "workflow_dispatch",
    }
    allowed = set()
    for name, stored in payloads.items():
        for ref in ("refs/heads/main", "refs/heads/mine", "refs/pull/7/merge", "refs/tags/main"):
            payload = event(stored)
            if name == "push":
                payload = {**payload, "ref": ref, "repository": {"default_branch": "main"}}
            try:
                if planned(name, payload, ref, mode="refresh").mode is Mode.REFRESH:
                    allowed.add((name, ref))
            except UsageError:
                continue
    assert allowed == {(name, "refs/heads/main") for name in ("push", "schedule", "workflow_dispatch")}


def pull(state: str = "open", base: str = "main", source: str | None = "octo/shop") -> PullRequest:
    return PullRequest.model_validate(
        {
            "number": 7,
            "state": state,
            "head": {"sha": "a" * 40, "ref": "topic", "repo": source and {"full_name": source}},
            "base": {"sha": "b" * 40, "ref": base, "repo": {"full_name": "octo/shop"}},
        }
    )


def test_a_chosen_pull_request_fills_in_the_plan():
    pending = plan("workflow_dispatch", event("workflow_dispatch"), inputs(pull_request="7"), context({}))
    assert pending.default_branch == "main"
    done = with_pull_request(pending, pull())
    assert (done.head_sha, done.policy_sha, done.fork, done.pending) == ("a" * 40, "b" * 40, False, Pending.NOTHING)
    assert with_pull_request(pending, pull(source="stranger/shop")).fork
    assert with_pull_request(pending, pull(source=None)).fork
    soft = with_pull_request(pending, pull(base="soft"))
    assert (soft.policy_sha, soft.pending) == ("", Pending.DEFAULT_BRANCH)
    with pytest.raises(UsageError, match="closed"):
        with_pull_request(pending, pull(state="closed"))
