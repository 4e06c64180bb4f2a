"""Which pull request a commit belongs to, as the API says it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_github import BASE, HEAD, FakeGitHub
from fake_pulls import Pulls as FakePulls

from gate.gh.events.plan import ActionPlan, Pending, Use
from gate.gh.events.resolve import resolve
from gate.gh.rest.client import Client
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.pulls import Pulls

PLAN = ActionPlan(Use.CHECK, "octo/shop", "main", ("gate.yml",), head_sha=HEAD, pending=Pending.HEAD)
FORK = "stranger/shop"


@pytest.fixture
def fake(github: FakeGitHub) -> FakePulls:
    return FakePulls(github)


@pytest.fixture
def pulls(client: Client) -> Pulls:
    return Pulls(client.api, client.repository)


def test_a_commit_of_our_own_is_found_by_the_commit(fake, pulls):
    fake.add(7, HEAD, BASE)
    fake.add(8, BASE, BASE)
    fake.add(9, HEAD, BASE, state="closed")
    assert [pull.number for pull in pulls.open_with_head(HEAD)] == [7]


def test_a_commit_of_a_fork_is_found_by_its_branch(fake, pulls):
    fake.add(7, HEAD, BASE, source=FORK)
    fake.add(8, HEAD, BASE, source="stranger/other")
    fake.add(9, BASE, BASE, source=FORK)
    assert [pull.number for pull in pulls.open_with_head(HEAD, FORK, "topic")] == [7]
    assert pulls.open_with_head(HEAD, FORK, "other") == []
    assert pulls.open_with_head(HEAD) == []


def test_a_head_that_moved_on_has_no_pull_request(fake, pulls):
    fake.add(7, BASE, BASE, source=FORK)
    assert pulls.open_with_head(HEAD, FORK, "topic") == []


@pytest.mark.parametrize("source", ["octo/shop", FORK])
def test_a_plan_for_a_head_is_completed(fake, client, source):
    fake.add(8, HEAD, BASE, source=source)
    fake.add(7, HEAD, BASE, source=source)
    known = {} if source == "octo/shop" else {"head_repository": source, "head_branch": "topic"}
    done = resolve(PLAN.__class__(**{**vars(PLAN), **known}), client)
    assert (done.use, done.pull_requests, done.head_sha, done.policy_sha) == (Use.CHECK, (7, 8), HEAD, BASE)
    assert done.fork == (source == FORK)
    assert done.pending is Pending.NOTHING


def test_a_plan_for_a_head_without_pull_request_does_nothing(fake, client):
    done = resolve(PLAN, client)
    assert (done.use, done.pending) == (Use.NOTHING, Pending.NOTHING)
    assert HEAD[:12] in done.because


def test_a_pull_request_older_than_the_gate_is_judged_by_the_suite_that_main_has_now(fake, client, github):
    """GitHub names the base as it was when the pull request was opened: its author would write the rules."""
    old = "a" * 40
    github.commit(old, {"README.md": b""}, "old")
    fake.add(7, HEAD, old)
    for plan in (PLAN, replace(PLAN, policy_sha=old, pull_requests=(7,), pending=Pending.NOTHING)):
        done = resolve(replace(plan, suite_may_be_absent=True), client)
        assert (done.policy_sha, done.pending) == (BASE, Pending.NOTHING)


def test_the_pull_request_that_adds_the_gate_keeps_its_base(fake, client, github):
    github.commit(BASE, {"README.md": b""})
    fake.add(7, HEAD, BASE)
    github.commit("e" * 40, {"README.md": b"more"})  # main has gone on
    done = resolve(replace(PLAN, suite_may_be_absent=True), client)
    assert done.policy_sha == BASE


def test_with_several_suites_the_newest_rules_of_all_count_where_one_is_missing(fake, client, github):
    old = "a" * 40
    github.commit(old, {"gate.yml": b"soft: true\n"}, "old")
    github.commit(BASE, {"gate.yml": b"version: 1\n", "api.yml": b"version: 1\n"})
    fake.add(7, HEAD, old)
    plan = replace(PLAN, suite_paths=("gate.yml", "api.yml"), suite_may_be_absent=True)
    assert resolve(plan, client).policy_sha == BASE
    assert resolve(replace(plan, suite_paths=("gate.yml",)), client).policy_sha == old


def test_every_page_of_files_is_read(fake, pulls, github):
    fake.add(7, HEAD, BASE)
    fake.changes(7, *(f"app/{n}.py" for n in range(230)), renamed={"old.py": "new.py"})
    files = pulls.files(7)
    assert len(files) == 231
    assert (files[-1].filename, files[-1].previous_filename) == ("new.py", "old.py")
    assert pulls.get(7).changed_files == 231
    assert github.count("pulls/7/files") == 3


def test_a_page_that_is_none_ends_the_list_with_an_error(fake, pulls, github):
    fake.add(7, HEAD, BASE)
    fake.changes(7, *(f"app/{n}.py" for n in range(150)))
    github.fail("pulls/7/files", after=1, times=99, raw=b"[]]")
    with pytest.raises(ApiError) as caught:
        pulls.files(7)
    assert caught.value.reason is Reason.UNREACHABLE
