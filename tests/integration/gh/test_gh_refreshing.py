"""A refresh measures what the default branch holds, by GitHub's word."""

from __future__ import annotations

import pytest
from fake_github import INTEGRATION, REPOSITORY, FakeGitHub
from fake_objects import ObjectStore

from gate.errors import NotMeasured, UsageError
from gate.gh.store.refreshing import require_on_default_branch


@pytest.fixture
def objects(github: FakeGitHub) -> ObjectStore:
    return ObjectStore(github)


def test_what_the_default_branch_holds_may_be_stored(client, objects):
    older = objects.seed("main", {"a": b"1"})
    newer = objects.seed("main", {"a": b"2"}, (older,))
    for commit in (older, newer):
        require_on_default_branch(client.api, REPOSITORY, commit, "main")


def test_a_default_branch_whose_name_means_something_in_a_url(client, objects, github):
    commit = objects.seed("release/v1#x", {"a": b"1"})
    require_on_default_branch(client.api, REPOSITORY, commit, "release/v1#x")
    assert github.count("compare/release/v1%23x") == 1


def test_what_it_does_not_hold_may_not(client, objects, clock):
    main = objects.seed("main", {"a": b"1"})
    aside = objects.seed("topic", {"a": b"2"}, (main,))
    objects.seed("main", {"a": b"3"}, (main,))
    orphan = objects.seed("orphan", {"a": b"4"})
    for commit in (aside, orphan, "f" * 40):
        with pytest.raises(UsageError) as caught:
            require_on_default_branch(client.api, REPOSITORY, commit, "main")
        assert caught.value.exit_code == 2
    assert clock.pauses == []


def test_what_is_ahead_is_asked_again_and_then_refused(client, objects, clock):
    main = objects.seed("main", {"a": b"1"})
    topic = objects.seed("topic", {"a": b"2"}, (main,))
    with pytest.raises(UsageError, match="is not part of main: GitHub calls the two ahead"):
        require_on_default_branch(client.api, REPOSITORY, topic, "main")
    assert clock.pauses == [5, 5, 5, 5]


def test_what_was_pushed_a_moment_ago_is_waited_for(client, objects, github, clock, monkeypatch):
    old = objects.seed("main", {"a": b"1"})
    new = objects.seed("main", {"a": b"2"}, (old,))
    answer = github.operations[r"GET compare/(?P<base>.+)\.\.\.(?P<head>.+)"]
    looks = []

    def lagging(matched, query, body):
        looks.append(1)
        github.branches["main"] = old if len(looks) < 3 else new
        return answer(matched, query, body)

    github.operations[r"GET compare/(?P<base>.+)\.\.\.(?P<head>.+)"] = lagging
    require_on_default_branch(client.api, REPOSITORY, new, "main")
    assert clock.pauses == [5, 5]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 403, "message": INTEGRATION}, UsageError),
        ({"status": 404, "message": "Not Found"}, UsageError),
        ({"status": 500}, NotMeasured),
        ({"wire": "reset"}, NotMeasured),
        ({"raw": b'{"status": "unknown"}'}, NotMeasured),
        ({"raw": b"{}"}, NotMeasured),
    ],
)
def test_without_an_answer_nothing_is_stored(client, objects, github, fault, kind):
    commit = objects.seed("main", {"a": b"1"})
    github.fail("compare", times=99, **fault)
    with pytest.raises(kind):
        require_on_default_branch(client.api, REPOSITORY, commit, "main")
