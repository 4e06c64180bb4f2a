"""Accepting a regression from the event to the verdict: a stored run, a comment or a label, and who wrote it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_artifacts import WORKFLOW_RUN, Recorded, Storage, add_artifacts, recorded, storing
from fake_github import REPOSITORY, FakeGitHub
from fake_people import People, add_people

from gate.commands.accept import Rejudged, accept, together
from gate.config.suite import Suite
from gate.errors import BaselineError, ExitCode, GateError, NotMeasured, UsageError
from gate.gh.events.acceptance import Asked, asked_by_label, asked_in_comment, for_suite
from gate.gh.events.collaborators import refuse_who_may_not_write
from gate.gh.rest.artifacts import Artifacts
from gate.gh.rest.client import Client
from gate.gh.rest.download import download
from gate.gh.telling.stored_runs import stored_runs
from gate.record.codec import encode_run
from gate.record.run import Run
from gate.record.value import Notice
from gate.verdict.acceptance import Acceptance
from tests.builders import TODAY, World, history_of, row_of, run_of, sha_of, store_runs, suite_of

SHA = sha_of("head")
SLOW = World(slower={"search": 1.5})
SEARCH = ("/gate accept search/p50 the new index", "/gate accept shop/search/p95 the new index")


@dataclass(frozen=True)
class Told:
    run_id: int
    run_files: Sequence[Recorded]
    acceptances: Sequence[Acceptance] = ()


@dataclass
class Desk:
    """A repository with a judged pull request, and somebody who wants something of it."""

    client: Client
    github: FakeGitHub
    storage: Storage
    people: People
    folder: Path
    suite: Suite
    told: Told | None = None
    said: list[str] = field(default_factory=list)

    def store(self, count: int = 10) -> None:
        self.main = store_runs(self.folder / "baselines", history_of(self.suite, count))

    def judged(self, *runs: Run, acceptances: Sequence[Acceptance] = ()) -> None:
        """What a check leaves behind."""
        files = {f"run-{run.run_id}.json": encode_run(run) for run in runs}
        self.storage.put(files | {"verdict.json": b"{}"})
        self.told = Told(WORKFLOW_RUN, [recorded(*file) for file in files.items()], acceptances)

    def comment(self, *lines: str, by: str = "maintainer", minutes: int = 30) -> dict:
        at = (TODAY + dt.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        user = {"login": by, "type": "User"}
        # GitHub calls a member of the organisation a member even where they may only read.
        about = {"body": "\r\n".join(lines), "user": user, "created_at": at, "author_association": "OWNER"}
        issue = {"number": 7, "user": {"login": "author"}, "pull_request": {"url": "x"}}
        return {"action": "created", "issue": issue, "comment": about}

    def label(self, by: str = "maintainer", name: str = "perf-accepted", sha: str = SHA) -> dict:
        pull = {"number": 7, "user": {"login": "author"}, "head": {"sha": sha}, "updated_at": "2026-11-20T13:00:00Z"}
        sender = {"login": by, "type": "User"}
        return {"action": "labeled", "label": {"name": name}, "pull_request": pull, "sender": sender}

    def ask(self, payload: dict) -> Rejudged:
        """As the action does it."""
        asked = asked_in_comment(payload) if "comment" in payload else asked_by_label(payload)
        refuse_who_may_not_write(self.client.api, REPOSITORY, asked)
        return self.rejudge(for_suite(asked, {self.suite.name: self.suite})[self.suite.name])

    def rejudge(self, asked: Asked) -> Rejudged:
        def fetch(url: str, most_bytes: int, limit_s: float) -> bytes:
            return download(url, self.github.url, most_bytes, limit_s)

        artifacts = Artifacts(self.client.api, REPOSITORY, fetch, lambda _: None)
        measured = stored_runs(SHA, self.told, artifacts)
        effects = SimpleNamespace(console=SimpleNamespace(say=self.said.append), tool="0.0.0")
        return accept(self.suite, self.main, asked, measured, self.folder / "out", effects)


@pytest.fixture
def desk(client, github, tmp_path) -> Iterator[Desk]:
    people = People(
        {"owner": "admin", "maintainer": "maintain", "writer": "write", "helper": "triage", "reader": "read"}
    )
    people.roles |= {"author": "write", "nobody": "none"}
    with storing() as storage:
        add_artifacts(github, storage)
        add_people(github, people)
        found = Desk(client, github, storage, people, tmp_path, suite_of())
        found.store()
        yield found


def slow(world: World = SLOW, **more: object) -> Run:
    return run_of(suite_of(), world=world, **more)


def codes(notices: Sequence[Notice]) -> list[str]:
    return [notice.code for notice in notices]


@pytest.mark.parametrize("by", ["owner", "maintainer", "writer"])
def test_a_regression_that_is_accepted_is_approved_with_name_and_reason(desk, by):
    desk.judged(slow())
    done = desk.ask(desk.comment(*SEARCH, by=by))
    assert (done.verdict.verdict, done.verdict.exit_code) == ("APPROVED", ExitCode.APPROVED)
    row = row_of(done.verdict, "search/p95")
    assert row.notices[-1].message == f"accepted by {by}: the new index"
    assert [(a.row, a.by, a.reason) for a in done.acceptances] == [
        (f"shop/search/{metric}", by, "the new index") for metric in ("p50", "p95")
    ]
    assert row.change < row.change_hi == done.acceptances[1].ceiling_ratio
    assert "accepted-once" in codes(done.verdict.notices)
    assert [path.read_bytes() for path in done.run_files] == [encode_run(slow())]


@pytest.mark.parametrize("by", ["helper", "reader", "nobody", "stranger", "mallory/../maintainer"])
@pytest.mark.parametrize("way", ["comment", "label"])
def test_who_may_not_write_accepts_nothing_and_nothing_is_fetched_for_them(desk, by, way):
    desk.judged(slow())
    with pytest.raises(UsageError, match=f"only who may write to {REPOSITORY}") as caught:
        desk.ask(desk.comment(*SEARCH, by=by) if way == "comment" else desk.label(by))
    assert by in caught.value.message
    assert desk.storage.heads == []
    assert not (desk.folder / "out").exists()


def test_a_bot_accepts_nothing_whatever_it_may_write(desk):
    desk.people.roles["robot[bot]"] = "admin"
    for payload in (desk.comment(*SEARCH, by="robot[bot]"), desk.label("robot[bot]")):
        with pytest.raises(UsageError, match="is a bot"):
            desk.ask(payload)
    assert desk.github.count("/permission") == 0


def test_an_answer_about_somebody_else_is_no_permission(desk):
    """And none at all is none."""
    for role in ({"login": "owner"}, None):
        answer = {"permission": "admin", "role_name": "admin", "user": role}
        desk.github.fail("/permission", raw=json.dumps(answer).encode())
        with pytest.raises(UsageError, match="does not say which permission maintainer has"):
            desk.ask(desk.comment(*SEARCH))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 403, "message": "Resource not accessible by integration"}, UsageError),
        ({"status": 401, "message": "Bad credentials"}, UsageError),
        ({"status": 502}, NotMeasured),
        ({"raw": b"<html>"}, NotMeasured),
        ({"raw": b'{"permission": "admin"}'}, NotMeasured),
        ({"raw": b'{"permission": true, "role_name": "admin", "user": {"login": "maintainer"}}'}, NotMeasured),
        ({"wire": "reset"}, NotMeasured),
        ({"wire": "cut"}, NotMeasured),
    ],
)
def test_a_permission_that_cannot_be_read_is_none(desk, fault, kind):
    desk.judged(slow())
    desk.github.fail("/permission", times=99, **fault)
    with pytest.raises(kind):
        desk.ask(desk.comment(*SEARCH))
    assert desk.storage.heads == []


def test_a_permission_is_asked_for_again_when_github_stumbles(desk):
    desk.judged(slow())
    desk.github.fail("/permission", status=502)
    assert desk.ask(desk.comment(*SEARCH)).verdict.verdict == "APPROVED"


def test_who_accepts_a_change_of_their_own_may_and_it_is_said(desk):
    desk.judged(slow())
    done = desk.ask(desk.comment(*SEARCH, by="author"))
    assert done.verdict.verdict == "APPROVED"
    assert "author accepted a change of their own" in [notice.message for notice in done.verdict.notices]


def test_another_row_that_regressed_too_still_blocks(desk):
    desk.judged(slow(World(slower={"search": 1.5, "cart": 1.5})))
    done = desk.ask(desk.comment(*SEARCH))
    assert (done.verdict.verdict, done.verdict.exit_code) == ("BLOCKED", 1)
    assert set(done.verdict.reasons[0].rows) == {"shop/cart/p50", "shop/cart/p95"}


def test_one_acceptance_after_the_other_adds_up(desk):
    desk.judged(slow())
    first = desk.ask(desk.comment(SEARCH[0]))
    assert first.verdict.verdict == "BLOCKED"
    desk.told = Told(WORKFLOW_RUN, desk.told.run_files, first.acceptances)
    second = desk.ask(desk.comment(SEARCH[1], by="owner"))
    assert second.verdict.verdict == "APPROVED"
    assert [a.by for a in second.acceptances] == ["maintainer", "owner"]


def test_the_same_comment_may_be_obeyed_twice(desk):
    desk.judged(slow())
    first = desk.ask(desk.comment(*SEARCH))
    desk.told = Told(WORKFLOW_RUN, desk.told.run_files, first.acceptances)
    again = desk.ask(desk.comment(*SEARCH))
    assert (again.verdict, again.acceptances) == (first.verdict, first.acceptances)


def test_a_label_accepts_all_that_regressed(desk):
    desk.judged(slow(World(slower={"search": 1.5, "cart": 1.5})))
    done = desk.ask(desk.label())
    assert done.verdict.verdict == "APPROVED"
    assert {a.row.split("/")[1] for a in done.acceptances} == {"search", "cart"}
    assert {a.reason for a in done.acceptances} == {"label perf-accepted"}
    assert row_of(done.verdict, "cart/p95").notices[-1].message == "accepted by maintainer: label perf-accepted"


def test_a_label_where_nothing_regressed_changes_nothing(desk):
    desk.judged(slow(World()))
    done = desk.ask(desk.label())
    assert (done.verdict.verdict, done.acceptances) == ("APPROVED", ())
    assert "nothing-to-accept" in codes(done.verdict.notices)


@pytest.mark.parametrize("way", ["comment", "label"])
def test_errors_stay_blocked(desk, way):
    desk.judged(slow(World(slower={"search": 1.5}, failing={"cart": 50})))
    done = desk.ask(desk.comment(*SEARCH) if way == "comment" else desk.label())
    assert (done.verdict.verdict, done.verdict.reasons[0].code) == ("BLOCKED", "unexpected-answers")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("home/p95", "does not block: it is unchanged"),
        ("*/p95", "does not block: it is inconclusive"),
        ("search/errors", "is no latency"),
        ("gone/p95", "names no endpoint"),
    ],
)
def test_a_row_that_is_none_to_accept_is_refused_and_the_others_with_it(desk, line, said):
    desk.judged(slow())
    with pytest.raises(UsageError, match=said):
        desk.ask(desk.comment(*SEARCH, f"/gate accept {line} please"))


def test_what_could_be_accepted_is_named(desk):
    desk.judged(slow())
    with pytest.raises(UsageError) as caught:
        desk.ask(desk.comment("/gate accept home/p50 please"))
    assert "what can be accepted: shop/search/p50, shop/search/p95" in caught.value.cure


def test_a_suspicion_has_to_be_confirmed_first(desk):
    desk.suite = suite_of("policy: {on_suspect: confirm}\n")
    desk.judged(slow())
    with pytest.raises(UsageError, match="only suspected"):
        desk.ask(desk.comment(*SEARCH))


def test_everything_slower_is_a_suspicion_too(desk):
    desk.judged(slow(World(slower={"*": 1.6})))
    with pytest.raises(UsageError, match=r"shop/\*/p50 is only suspected"):
        desk.ask(desk.comment("/gate accept */p50 please"))


def test_a_run_that_was_not_measured_cannot_be_accepted(desk):
    desk.judged(slow(not_measured=[Notice(code="throttled", message="429 x 7")]))
    for payload in (desk.comment(*SEARCH), desk.label()):
        with pytest.raises(NotMeasured, match="429 x 7"):
            desk.ask(payload)


def test_what_is_newer_than_the_comment_is_not_what_was_looked_at(desk):
    """A push between the look and the command would else be accepted unseen."""
    desk.judged(slow())
    with pytest.raises(UsageError, match="not measured yet when the comment was written"):
        desk.ask(desk.comment(*SEARCH, minutes=1))
    assert desk.ask(desk.comment(*SEARCH, minutes=2)).verdict.verdict == "APPROVED"


def test_a_run_of_another_commit_is_refused(desk):
    desk.judged(slow(commit="another"))
    with pytest.raises(NotMeasured, match="not of"):
        desk.ask(desk.comment(*SEARCH))


def test_a_suite_that_measures_in_another_way_now_is_refused(desk):
    desk.judged(slow())
    names = ("home", "list", "detail", "search", "cart", "orders", "profile")
    desk.suite = suite_of("endpoints:\n" + "".join(f"  {n}: GET /{n}?v=2\n" for n in names))
    with pytest.raises(UsageError, match="in another way than the suite says now"):
        desk.ask(desk.comment(*SEARCH))


def test_a_damaged_baseline_is_never_an_approval(desk):
    desk.judged(slow())
    stored = next((desk.folder / "baselines").rglob("*.json"))
    stored.write_bytes(stored.read_bytes()[:-100])
    with pytest.raises(BaselineError):
        desk.ask(desk.comment(*SEARCH))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda desk: setattr(desk, "told", None),
        lambda desk: setattr(desk.storage.artifacts[0], "expired", True),
        lambda desk: setattr(desk.storage.artifacts[0], "gone", True),
        lambda desk: setattr(desk.storage.artifacts[0], "content", b"PK"),
        lambda desk: desk.storage.artifacts.clear(),
        lambda desk: desk.github.fail("artifacts", times=99, status=403, message="Resource not accessible"),
        lambda desk: desk.github.fail("artifacts", times=99, status=502),
        lambda desk: desk.github.fail("zip", times=99, wire="reset"),
        lambda desk: desk.storage.status.extend([403] * 9),
    ],
)
def test_without_the_files_there_is_no_new_verdict(desk, spoil):
    desk.judged(slow())
    spoil(desk)
    with pytest.raises(NotMeasured) as caught:
        desk.ask(desk.comment(*SEARCH))
    assert "run the check again" in caught.value.cure
    assert caught.value.exit_code == ExitCode.NOT_MEASURED


def test_a_duet_is_judged_again_without_baselines(desk):
    desk.judged(slow(base=World()))
    done = desk.ask(desk.label())
    assert (done.verdict.way, done.verdict.verdict) == ("duet", "APPROVED")


def test_a_second_measurement_of_the_commit_keeps_what_was_accepted(desk):
    """The same code shows the same change and another estimate of it."""
    desk.judged(slow())
    accepted = desk.ask(desk.comment(*SEARCH)).acceptances
    again = slow(run_id="c1")
    desk.judged(again, acceptances=accepted)
    done = desk.ask(desk.label())
    assert done.verdict.verdict == "APPROVED"
    assert done.acceptances == accepted


def test_more_rows_than_a_record_holds_are_refused(desk, monkeypatch):
    monkeypatch.setattr("gate.commands.accept.MAX_ACCEPTANCES", 1)
    desk.judged(slow())
    with pytest.raises(UsageError, match="2 rows of one commit"):
        desk.ask(desk.label())


def test_of_each_row_the_new_acceptance_counts():
    def entry(row: str, by: str) -> Acceptance:
        return Acceptance(row=f"shop/{row}", ceiling_ratio=0.1, by=by, reason="r", at="2026-11-20T13:00:00Z")

    kept, old, new = entry("a/p50", "a"), entry("b/p50", "a"), entry("b/p50", "b")
    assert together([kept, old], [new]) == (kept, new)


def test_no_refusal_is_ever_an_exit_code_of_approval():
    assert all(kind.exit_code != ExitCode.APPROVED for kind in (GateError, UsageError, NotMeasured, BaselineError))
