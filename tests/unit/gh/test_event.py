"""Which plan follows from which event: tables, and the ways in which an author could try to choose the policy."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gate.errors import NotMeasured, UsageError
from gate.gh.events.acceptance import Asked
from gate.gh.events.command import Command
from gate.gh.events.context import Context
from gate.gh.events.event import plan
from gate.gh.events.inputs import Inputs
from gate.gh.events.plan import ActionPlan, Pending, Use
from gate.gh.events.resolve import with_pull_request, with_pull_requests
from gate.gh.rest.shapes import PullRequest

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


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review", "labeled"])
def test_a_pull_request_is_checked_against_its_base_commit(action):
    payload = event(f"pull_request.{action}")
    pull = payload["pull_request"]
    result = planned("pull_request", payload)
    assert result.use is Use.CHECK
    assert result.policy_sha == pull["base"]["sha"]
    assert result.head_sha == pull["head"]["sha"]
    assert result.policy_sha != result.head_sha
    assert result.pull_requests == (pull["number"],)
    assert result.repository == payload["repository"]["full_name"]
    assert result.suite_paths == ("gate.yml",)
    assert result.suite_may_be_absent
    assert result.pending is Pending.NOTHING
    assert not result.fork


@pytest.mark.parametrize("mode", ["confirm", "judge"])
def test_later_jobs_go_on_from_the_check_of_a_pull_request_and_of_nothing_else(mode):
    assert planned("pull_request", event("pull_request.opened"), mode=mode).use is Use(mode)
    assert planned("workflow_run", of_a_pull_request(), mode=mode).use is Use(mode)
    assert planned("workflow_dispatch", event("workflow_dispatch"), mode=mode, pull_request="7").use is Use(mode)
    with pytest.raises(UsageError, match="pull request"):
        planned("workflow_dispatch", event("workflow_dispatch"), "refs/heads/master", mode=mode)
    with pytest.raises(UsageError, match="pull request"):
        planned("push", event("push.branch"), "refs/heads/master", mode=mode)


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
    assert result.suite_paths == ("perf/gate.yml",)
    assert result.use is Use.MEASURE


@pytest.mark.parametrize(
    ("name", "payload", "ref", "given", "mode", "sha"),
    [
        ("push", "push.branch", "refs/heads/master", {}, Use.REFRESH, "event"),
        ("push", "push.branch", "refs/heads/master", {"mode": "refresh"}, Use.REFRESH, "event"),
        ("push", "push.branch", "refs/heads/master", {"mode": "measure"}, Use.MEASURE, "event"),
        ("schedule", None, "refs/heads/main", {}, Use.REFRESH, "context"),
        ("schedule", None, "refs/heads/main", {"mode": "measure"}, Use.MEASURE, "context"),
        ("workflow_dispatch", "workflow_dispatch", "refs/heads/main", {"mode": "refresh"}, Use.REFRESH, "context"),
    ],
)
def test_main_is_measured_at_its_own_commit(name, payload, ref, given, mode, sha):
    payload = event(payload) if payload else {"schedule": "17 3 * * *"}
    result = planned(name, payload, ref, **given)
    expected = payload["after"] if sha == "event" else SHA
    assert (result.use, result.policy_sha, result.head_sha) == (mode, expected, expected)
    assert result.pull_requests == ()
    assert not result.suite_may_be_absent


@pytest.mark.parametrize(
    ("given", "mode", "pending", "head"),
    [
        ({"pull_request": "7"}, Use.CHECK, Pending.PULL_REQUEST, ""),
        ({"pull_request": "7", "preview_url": "https://a.example"}, Use.CHECK, Pending.PULL_REQUEST, ""),
        ({"pull_request": "7", "mode": "measure"}, Use.MEASURE, Pending.PULL_REQUEST, ""),
        ({"preview_url": "https://a.example"}, Use.MEASURE, Pending.NOTHING, ""),
        ({"preview_url": "https://a.example", "mode": "check"}, Use.CHECK, Pending.NOTHING, ""),
    ],
)
def test_a_dispatch_does_what_its_inputs_say(given, mode, pending, head):
    result = planned("workflow_dispatch", event("workflow_dispatch"), **given)
    assert (result.use, result.pending, result.head_sha) == (mode, pending, head)
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
        ("pull_request", "pull_request.converted_to_draft", "", {}, "converted_to_draft"),
        ("pull_request", "pull_request.unlabeled", "", {}, "unlabeled"),
        ("pull_request_target", "pull_request.opened", "", {}, "use workflow_run for forks"),
        ("check_run", "pull_request.opened", "", {}, "does nothing on event check_run"),
        ("deployment_status", "pull_request.opened", "", {}, "lacks deployment_status"),
        ("issue_comment", "pull_request.opened", "", {}, "lacks issue"),
        ("deployment_status", "deployment_status.success", "", {"mode": "refresh"}, "cannot refresh"),
        ("merge_group", "merge_group.checks_requested", "", {"mode": "refresh"}, "cannot refresh"),
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
        "pull_request.head.ref",
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
        "workflow_run": "workflow_run.completed",
        "deployment_status": "deployment_status.success",
        "merge_group": "merge_group.checks_requested",
        "issue_comment": "issue_comment.created",
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
                if planned(name, payload, ref, mode="refresh").use is Use.REFRESH:
                    allowed.add((name, ref))
            except UsageError:
                continue
    assert allowed == {(name, "refs/heads/main") for name in ("push", "schedule", "workflow_dispatch")}


def pull(
    state: str = "open", base: str = "main", source: str | None = "octo/shop", number: int = 7, author: str = "dev"
) -> PullRequest:
    return PullRequest.model_validate(
        {
            "number": number,
            "state": state,
            "user": {"login": author},
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


def of_a_pull_request(**changes: object) -> dict:
    """The stored example ran for another event: the package has none of a pull request."""
    payload = changed(event("workflow_run.completed"), "workflow_run.event", "pull_request")
    for path, value in changes.items():
        payload = changed(payload, f"workflow_run.{path.replace('__', '.')}", value)
    return payload


def test_the_end_of_a_workflow_names_a_commit_and_where_it_lives():
    payload = of_a_pull_request(head_repository__full_name="stranger/octo-repo", head_branch="topic")
    result = planned("workflow_run", payload)
    assert (result.use, result.pending) == (Use.CHECK, Pending.HEAD)
    assert result.head_sha == payload["workflow_run"]["head_sha"]
    assert (result.head_repository, result.head_branch) == ("stranger/octo-repo", "topic")
    assert (result.policy_sha, result.pull_requests) == ("", ())
    assert result.fork
    assert not result.reads_only, "this job runs on the default branch: its token may write"
    assert not planned("workflow_run", of_a_pull_request()).fork


def test_what_a_workflow_says_of_its_pull_requests_is_not_used():
    payload = of_a_pull_request(pull_requests=[{"number": 666, "head": {"sha": "a" * 40}}])
    assert planned("workflow_run", payload).pull_requests == ()


@pytest.mark.parametrize(
    ("name", "payload", "because"),
    [
        ("workflow_run", event("workflow_run.requested"), "not ended"),
        ("workflow_run", event("workflow_run.completed"), "ran for repository_dispatch"),
        ("workflow_run", of_a_pull_request(conclusion="cancelled"), "was cancelled"),
        ("workflow_run", of_a_pull_request(conclusion="skipped"), "was skipped"),
        ("deployment_status", event("deployment_status.in_progress"), "is in_progress"),
        ("merge_group", {**event("merge_group.checks_requested"), "action": "destroyed"}, "no checks"),
        ("issue_comment", event("issue_comment.created"), "not on a pull request"),
    ],
)
def test_where_there_is_nothing_to_do_it_says_why(name, payload, because):
    result = planned(name, payload)
    assert result.use is Use.NOTHING
    assert because in result.because
    assert (result.head_sha, result.policy_sha, result.pending) == ("", "", Pending.NOTHING)


@pytest.mark.parametrize(
    "conclusion", ["failure", "timed_out", "action_required", "stale", "neutral", "startup_failure"]
)
def test_a_preview_that_was_not_made_is_not_measured(conclusion):
    with pytest.raises(NotMeasured, match=conclusion):
        planned("workflow_run", of_a_pull_request(conclusion=conclusion))


@pytest.mark.parametrize("state", ["failure", "error"])
def test_a_deployment_that_failed_is_not_measured(state):
    payload = changed(event("deployment_status.success"), "deployment_status.state", state)
    with pytest.raises(NotMeasured, match=state):
        planned("deployment_status", payload)


def test_a_deployment_names_a_commit_and_nothing_else():
    payload = changed(event("deployment_status.success"), "deployment_status.environment_url", "https://evil.example")
    result = planned("deployment_status", payload)
    assert (result.use, result.pending) == (Use.CHECK, Pending.HEAD)
    assert result.head_sha == payload["deployment"]["sha"]
    assert result.preview_urls == ()
    assert planned("deployment_status", payload, mode="measure").use is Use.MEASURE


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("workflow_run", "action"),
        ("workflow_run", "repository.default_branch"),
        ("workflow_run", "workflow_run.event"),
        ("workflow_run", "workflow_run.conclusion"),
        ("workflow_run", "workflow_run.head_sha"),
        ("workflow_run", "workflow_run.head_branch"),
        ("workflow_run", "workflow_run.head_repository"),
        ("workflow_run", "workflow_run.head_repository.full_name"),
        ("deployment_status", "deployment_status.state"),
        ("deployment_status", "deployment.sha"),
        ("deployment_status", "repository.default_branch"),
        ("merge_group", "action"),
        ("merge_group", "merge_group.base_ref"),
        ("merge_group", "merge_group.head_ref"),
        ("merge_group", "merge_group.head_sha"),
        ("issue_comment", "action"),
        ("issue_comment", "issue.number"),
        ("issue_comment", "comment.user.login"),
        ("issue_comment", "repository.default_branch"),
    ],
)
@pytest.mark.parametrize("value", [..., None, "", 0, [], {"a": 1}])
def test_other_events_name_what_they_lack_too(name, path, value):
    stored = {
        "workflow_run": of_a_pull_request(),
        "deployment_status": event("deployment_status.success"),
        "merge_group": event("merge_group.checks_requested"),
        "issue_comment": commented("/gate accept a/b c"),
    }
    with pytest.raises(UsageError, match="the event") as caught:
        planned(name, changed(stored[name], path, value))
    assert path in str(caught.value)


def test_a_merge_queue_is_judged_by_the_default_branch():
    payload = event("merge_group.checks_requested")
    result = planned("merge_group", payload)
    assert (result.use, result.pending) == (Use.CHECK, Pending.DEFAULT_BRANCH)
    assert result.head_sha == payload["merge_group"]["head_sha"]
    assert result.policy_sha == ""
    assert result.pull_requests == (104,)
    assert result.is_queued
    odd = planned("merge_group", changed(payload, "merge_group.head_ref", "refs/heads/mine/pr-7-x"))
    assert odd.pull_requests == ()
    with pytest.raises(UsageError, match="refs/heads/soft"):
        planned("merge_group", changed(payload, "merge_group.base_ref", "refs/heads/soft"))


def commented(body: object, action: str = "created") -> dict:
    payload = changed(event("issue_comment.created"), "issue.pull_request", {"url": "https://api.github.com/x"})
    return {**changed(payload, "comment.body", body), "action": action}


def test_a_comment_asks_in_the_name_of_its_author():
    payload = commented("/gate accept list/p95 the new index")
    payload["sender"] = {"login": "somebody-else"}
    payload["comment"]["author_association"] = "OWNER"
    result = planned("issue_comment", payload)
    assert (result.use, result.pending, result.pull_requests) == (Use.ACCEPT, Pending.PULL_REQUEST, (1,))
    assert result.asked == Asked(
        "Codertocat",
        is_person=True,
        at="2019-05-15T15:20:21Z",
        author="Codertocat",
        commands=(Command("", "list", "p95", "the new index"),),
    )
    with pytest.raises(UsageError, match="cannot start mode measure"):
        planned("issue_comment", payload, mode="measure")


@pytest.mark.parametrize(
    "payload",
    [
        commented("looks good"),
        commented("I would say:\n/gate accept list/p95 the new index"),
        commented("/gate accept a b", "edited"),
        commented("/gate x", "deleted"),
        commented(None),
    ],
)
def test_other_comments_are_none_of_the_gates(payload):
    assert planned("issue_comment", payload).use is Use.NOTHING


def test_a_label_is_given_by_its_sender():
    payload = event("pull_request.labeled")
    asked = planned("pull_request", payload).asked
    assert (asked.by, asked.label) == (payload["sender"]["login"], "bug")
    assert asked.head_sha == payload["pull_request"]["head"]["sha"]
    assert planned("pull_request", event("pull_request.synchronize")).asked is None


def of_dependabot(name: str, sender: str) -> dict:
    payload = changed(event(name), "pull_request.user.login", "dependabot[bot]")
    return changed(payload, "sender.login", sender)


def test_what_dependabot_starts_has_a_token_that_only_reads():
    result = planned("pull_request", of_dependabot("pull_request.opened", "dependabot[bot]"))
    assert result.reads_only
    assert not result.fork


def test_what_a_person_starts_on_its_pull_request_has_one_like_any_other():
    result = planned("pull_request", of_dependabot("pull_request.labeled", "maintainer"))
    assert not result.reads_only
    assert result.asked.by == "maintainer"


def test_the_pull_request_of_an_account_that_is_gone_is_one_like_any_other():
    assert not planned("pull_request", changed(event("pull_request.opened"), "pull_request.user", None)).reads_only


def test_all_open_pull_requests_of_a_head_are_meant():
    pending = replace(planned("workflow_run", of_a_pull_request()), repository="octo/shop", default_branch="main")
    one = with_pull_requests(pending, [pull()])
    assert (one.use, one.pull_requests, one.policy_sha) == (Use.CHECK, (7,), "b" * 40)
    two = with_pull_requests(pending, [pull(), pull(number=8)])
    assert (two.pull_requests, two.policy_sha, two.pending) == ((7, 8), "b" * 40, Pending.NOTHING)
    mixed = with_pull_requests(pending, [pull(), pull(number=8, base="soft")])
    assert (mixed.policy_sha, mixed.pending) == ("", Pending.DEFAULT_BRANCH)
    none = with_pull_requests(pending, [])
    assert none.use is Use.NOTHING
    assert "no open pull request has the head" in none.because
