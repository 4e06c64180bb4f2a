"""Telling GitHub: the order, what each failure costs, and that no failure makes a verdict better than it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fake_checks import FakeChecks
from fake_github import BASE, BOT, HEAD, INTEGRATION, FakeGitHub

from gate.errors import ExitCode, UsageError
from gate.gh.rest.client import Client
from gate.gh.telling.comment import Run, marker
from gate.gh.telling.ledger import Acceptance, MeasuredFile, find_ledgers, last_ledger
from gate.gh.telling.log import Log
from gate.gh.telling.report import Job, Report
from gate.gh.telling.tell import Told, tell, tell_error
from gate.verdict.values import Verdict
from tests.unit.gh.runner_port import commands_in
from tests.verdicts import approved, blocked, not_measured, row, slower, verdict

NOW = Job(Run(42, 1), "https://github.com/octo/shop/actions/runs/42/attempts/1")
CHECK, STATUS, COMMENT = "POST .*check-runs", "POST .*statuses", "(POST|PATCH) .*comments"
WRITES = "^(POST|PATCH|PUT|DELETE) "
OTHER = "d" * 40


def report_of(verdict: Verdict, **changes: object) -> Report:
    plain = Report(
        verdict=verdict,
        sha=HEAD,
        policy_sha=BASE,
        suite_path="gate.yml",
        measured_in=NOW.run,
        pull_requests=(7,),
        run_files=(MeasuredFile(name="run-c0.json", sha256="0" * 64, size_bytes=7),),
    )
    return replace(plain, **changes)


@dataclass
class Place:
    """Where a verdict is told."""

    github: FakeGitHub
    checks: FakeChecks
    make: Callable[..., Client]
    summary: Path
    out: io.StringIO

    def tell(self, verdict: Verdict, job: Job = NOW, **changes: object) -> Told:
        report = report_of(verdict, **{"measured_in": job.run, **changes})
        return tell(report, job, self.make(), self.summary, Log(self.out))

    @property
    def told(self) -> list[tuple[str, str]]:
        """Annotations in the log."""
        return [each for each in commands_in(self.out.getvalue()) if each[0] in ("error", "warning", "notice")]

    @property
    def body(self) -> str:
        (body,) = self.github.bodies()
        return body

    def has_everything(self, words: str) -> bool:
        return (
            words in self.summary.read_text()
            and words in self.body
            and words in self.checks.runs[-1]["output"]["summary"]
        )


@pytest.fixture
def place(github, checks, make, tmp_path) -> Place:
    repository = {"full_name": "octo/shop"}
    github.pulls[7] = {
        "number": 7,
        "state": "open",
        "head": {"sha": HEAD, "ref": "topic", "repo": repository},
        "base": {"sha": BASE, "ref": "main", "repo": repository},
    }
    return Place(github, checks, make, tmp_path / "summary", io.StringIO())


def test_a_verdict_reaches_summary_check_and_comment(place):
    told = place.tell(approved())
    assert told.exit_code is ExitCode.APPROVED
    assert place.has_everything("**APPROVED**: ")
    (run,) = place.checks.runs
    assert (run["name"], run["conclusion"], run["external_id"]) == ("gate / shop", "success", f"42.1.{HEAD}")
    assert run["output"]["title"].startswith("APPROVED: ")
    assert told.check_url == run["html_url"]
    assert [url.rpartition("#")[2] for url in told.comment_urls] == ["issuecomment-1"]
    assert place.told == []


def test_a_check_of_another_app_than_is_read_later_is_told_at_once(place):
    place.checks.slug = "our-perf"
    place.tell(approved())
    ((level, message),) = [(kind, text) for kind, text in place.told if "our-perf" in text]
    assert level == "warning"
    assert "`app: our-perf`" in message
    assert last_ledger(place.make().api, "octo/shop", HEAD, "shop") is None
    assert last_ledger(place.make().api, "octo/shop", HEAD, "shop", "our-perf").verdict == "APPROVED"
    place.out.truncate(0)
    place.tell(approved(), replace(NOW, app="our-perf"))
    assert not [text for _, text in place.told if "our-perf" in text]


def test_a_block_is_a_failure_with_annotations_and_an_error_in_the_log(place):
    told = place.tell(blocked(), suite_lines={"search": 4})
    assert told.exit_code is ExitCode.BLOCKED
    assert place.has_everything("**BLOCKED**: search p50 is 43 %")
    assert place.checks.runs[0]["conclusion"] == "failure"
    (remark,) = place.checks.annotations[1]
    assert (remark["path"], remark["start_line"], remark["annotation_level"]) == ("gate.yml", 4, "failure")
    assert [level for level, _ in place.told] == ["error"]


def test_what_is_told_goes_check_first_then_comment(place):
    place.tell(approved())
    assert [request.split("?")[0].partition("/octo/shop/")[2] for request in place.github.requests] == [
        "check-runs",
        "pulls/7",
        "",
        "issues/7/comments",
        "issues/7/comments",
        "issues/7/comments",
    ]


def test_a_normal_pull_request_costs_few_calls_and_one_pause(place, clock):
    place.tell(blocked())
    first = len(place.github.requests)
    assert (first, place.github.count(WRITES)) == (6, 2)
    assert sum(clock.pauses) <= 1
    place.tell(approved(), Job(Run(43, 1), NOW.url))
    assert (len(place.github.requests) - first, place.github.count(WRITES)) == (5, 4)


def test_the_ledger_is_found_again(place):
    taken = Acceptance(row="shop/search/p50", ceiling_ratio=0.5, by="mona", reason="meant", at="2026-11-20T12:00:00Z")
    place.tell(blocked())
    acceptance = Job(Run(60, 1), NOW.url)
    place.tell(approved(), acceptance, measured_in=NOW.run, acceptances=(taken,))
    client = place.make()
    newest, before = find_ledgers(client.api, client.repository, HEAD, "shop")
    assert (newest.verdict, newest.acceptances, before.verdict) == ("APPROVED", [taken], "BLOCKED")
    assert {(each.run_id, each.attempt) for each in (newest, before)} == {(42, 1)}, "whose artifacts hold the files"
    assert newest.run_files == before.run_files != []
    assert [run["external_id"] for run in place.checks.runs] == [f"42.1.{HEAD}", f"60.1.{HEAD}"]


def test_a_run_that_is_started_again_speaks_after_an_acceptance(place):
    """The acceptance's own run is newer by its number, but speaks for the run that measured."""
    place.tell(blocked())
    place.tell(approved(), Job(Run(60, 1), NOW.url), measured_in=NOW.run)
    assert "**APPROVED**" in place.body
    place.tell(blocked(), Job(Run(42, 2), NOW.url))
    assert "**BLOCKED**" in place.body


# what changed since the last run --------------------------------------------------------------------------------------


def test_the_next_run_says_what_became_of_the_rows(place):
    place.tell(blocked())
    assert "Since the last run" not in place.body
    place.github.pulls[7]["head"]["sha"] = OTHER
    place.github.commits[OTHER] = {}
    place.tell(approved(), Job(Run(43, 1), NOW.url), sha=OTHER)
    assert f"Since the last run, at {HEAD[:12]}: BLOCKED → APPROVED; search p50 SLOWER → unchanged." in place.body
    place.tell(approved(), Job(Run(44, 1), NOW.url), sha=OTHER)
    assert "Since the last run, at the same commit: APPROVED; no row changed its outcome." in place.body
    assert "Since the last run" not in place.checks.runs[-1]["output"]["summary"]


@pytest.mark.parametrize("change", ["damaged", "gone", "foreign"])
def test_a_line_that_cannot_be_read_costs_a_sentence_and_nothing_else(place, change):
    place.tell(blocked())
    (comment,) = place.github.comments
    kept, _, line = comment["body"].rstrip().rpartition("\n")
    new = {"damaged": line[:30] + "AAAA" + line[34:], "gone": "", "foreign": "<!-- gate:snapshot AAAA -->"}[change]
    comment["body"] = f"{kept}\n{new}"
    assert place.tell(approved(), Job(Run(43, 1), NOW.url)).exit_code is ExitCode.APPROVED
    assert "Since the last run" not in place.body
    assert place.told[1:] == []


# what each failure costs ----------------------------------------------------------------------------------------------

GONE = [
    {"status": 403, "message": INTEGRATION},
    {"status": 403, "message": "Unable to create comment because issue is locked."},
    {"status": 404, "message": "Not Found"},
    {"status": 410, "message": "This issue was deleted"},
    {"status": 422, "message": "Validation Failed"},
    {"status": 401, "message": "Bad credentials"},
    {"status": 502},
    {"wire": "reset"},
    {"status": 429, "headers": {"Retry-After": "3600"}},
]


@pytest.mark.parametrize("fault", GONE)
@pytest.mark.parametrize("judged", [approved(), blocked(), not_measured()], ids=["approved", "blocked", "not measured"])
def test_a_comment_that_fails_costs_a_warning_and_the_verdict_stands(place, fault, judged):
    place.github.fail(COMMENT, times=99, **fault)
    assert place.tell(judged).exit_code == judged.exit_code
    assert len(place.checks.runs) == 1
    assert place.github.bodies() == []
    (warning,) = [message for level, message in place.told if level == "warning"]
    assert warning.startswith("the comment could not be written: ")
    assert "The comment could not be written" in place.summary.read_text()


@pytest.mark.parametrize("where", ["GET .*pulls/7", "GET /user", "GET .*comments"])
def test_without_a_look_there_is_no_comment(place, where):
    place.github.fail(where, times=99, status=500)
    assert place.tell(approved()).exit_code is ExitCode.APPROVED
    assert place.github.count(COMMENT) == 0


@pytest.mark.parametrize("status", [403, 404])
def test_where_checks_are_not_permitted_a_status_says_it(place, status):
    place.github.fail("check-runs", times=99, status=status, message=INTEGRATION)
    told = place.tell(blocked())
    assert told.exit_code is ExitCode.BLOCKED
    (made,) = place.checks.statuses
    assert (made["state"], made["context"], made["target_url"]) == ("failure", "gate / shop", NOW.url)
    assert made["description"].startswith("BLOCKED: search p50 is 43 %")
    assert "**BLOCKED**" in place.body
    (warning,) = [message for level, message in place.told if level == "warning"]
    assert "checks: write" in warning


@pytest.mark.parametrize("judged", [approved(), blocked()], ids=["approved", "blocked"])
def test_neither_check_nor_status_is_exit_4_and_names_the_permission(place, judged):
    place.github.fail("check-runs|statuses", times=99, status=403, message=INTEGRATION)
    told = place.tell(judged)
    assert told.exit_code is ExitCode.NOT_DELIVERED
    assert told.check_url == ""
    assert told.comment_urls, "the comment is still written"
    assert judged.verdict in place.summary.read_text()
    error = [message for level, message in place.told if level == "error"][-1]
    assert "permissions: {checks: write}" in error


@pytest.mark.parametrize("fault", [fault for fault in GONE if fault.get("status") not in (403, 404, 410)])
def test_a_check_that_fails_otherwise_is_exit_4_without_a_status(place, fault):
    place.github.fail("check-runs", times=99, **fault)
    assert place.tell(approved()).exit_code is ExitCode.NOT_DELIVERED
    assert place.checks.statuses == []


def test_a_check_that_is_too_long_is_shortened_once(place):
    place.github.fail(CHECK, status=422, message="Only 65535 characters are allowed")
    judged = verdict(*(slower(f"e{n}/p50") for n in range(60)))
    assert place.tell(judged).exit_code is ExitCode.BLOCKED
    (run,) = place.checks.runs
    assert run["output"]["summary"].startswith("**BLOCKED**: e0 p50")
    assert "| e0" not in run["output"]["summary"]
    assert place.checks.annotations[1] == []
    assert find_ledgers(place.make().api, "octo/shop", HEAD, "shop") != []


def test_annotations_that_fail_later_cost_a_warning(place):
    place.github.fail("PATCH .*check-runs", times=99, status=500)
    told = place.tell(verdict(*(slower(f"e{n}/p50") for n in range(60))))
    assert told.exit_code is ExitCode.BLOCKED
    assert len(place.checks.annotations[1]) == 50
    assert any("annotations are missing" in message for level, message in place.told if level == "warning")


def test_a_ledger_that_is_too_long_is_exit_4(place):
    taken = Acceptance(row="shop/search/p50", ceiling_ratio=0.5, by="mona", reason="é" * 200, at="2026-11-20T12:00:00Z")
    assert place.tell(approved(), acceptances=(taken,) * 100).exit_code is ExitCode.NOT_DELIVERED
    assert place.checks.runs == []


@pytest.mark.parametrize("point", range(9))
@pytest.mark.parametrize("cut", [{"status": 502}, {"wire": "reset"}, {"wire": "cut"}, {"raw": b"<html>"}])
@pytest.mark.parametrize("exists", [False, True])
def test_every_single_request_may_fail_after_it_was_carried_out(place, point, cut, exists):
    if exists:
        place.github.comment(BOT, marker("shop", Run(41, 1)) + "\nold")
    place.github.fail(".", after=point, applied=True, **cut)
    assert place.tell(blocked()).exit_code is ExitCode.BLOCKED
    assert len(place.checks.runs) == 1
    assert place.body.startswith(marker("shop", NOW.run))


def test_an_answer_that_drips_is_given_up(place):
    place.github.fail(CHECK, applied=True, wire="drip")
    place.make = lambda make=place.make: make(call_limit_s=0.3)
    assert place.tell(approved()).exit_code is ExitCode.APPROVED
    assert len(place.checks.runs) == 1


@pytest.mark.parametrize("budget_s", [0.0, 0.5, 1.5])
def test_however_little_time_there_is_nothing_is_raised(place, budget_s):
    place.make = lambda make=place.make: make(budget_s=budget_s)
    assert place.tell(approved()).exit_code in (ExitCode.APPROVED, ExitCode.NOT_DELIVERED)


# where it may not, or should not, be told -----------------------------------------------------------------------------


@pytest.mark.parametrize("judged", [approved(), blocked()], ids=["approved", "blocked"])
def test_a_token_that_can_only_read_writes_nothing(place, judged):
    told = place.tell(judged, may_write=False)
    assert told.exit_code == judged.exit_code
    assert place.github.requests == []
    assert judged.verdict in place.summary.read_text()
    (notice,) = [message for level, message in place.told if level == "notice"]
    assert "workflow_run" in notice
    assert "no check and no comment" in place.summary.read_text()
    assert "examples/workflows/fork.yml" in place.summary.read_text()


def test_at_most_ten_remarks_of_a_level_go_to_the_log(place):
    place.tell(verdict(*(slower(f"e{n}/p50") for n in range(30))), may_write=False)
    assert sum(level == "error" for level, _ in place.told) == 10


def test_a_pull_request_that_moved_keeps_the_comment_of_the_newer_run(place):
    newer = place.github.comment(BOT, marker("shop", Run(41, 1)) + "\nof the newer commit")
    place.github.pulls[7]["head"]["sha"] = OTHER
    told = place.tell(blocked())
    assert told.exit_code is ExitCode.BLOCKED
    assert [run["head_sha"] for run in place.checks.runs] == [HEAD]
    assert place.github.bodies() == [newer["body"]]
    assert f"moved to {OTHER[:12]}" in place.out.getvalue()


def test_a_newer_run_keeps_its_comment_and_the_check_is_made(place):
    place.github.comment(BOT, marker("shop", Run(99, 1)) + "\nnewer")
    assert place.tell(blocked()).exit_code is ExitCode.BLOCKED
    assert place.body.endswith("newer")
    assert len(place.checks.runs) == 1
    assert "a newer run has written the comment" in place.out.getvalue()


def test_a_pull_request_that_was_closed_or_merged_is_still_told(place):
    place.github.pulls[7]["state"] = "closed"
    place.tell(approved())
    assert place.has_everything("**APPROVED**")


def test_every_pull_request_with_this_head_gets_a_comment(place):
    place.github.pulls[8] = place.github.pulls[7] | {"number": 8}
    place.github.pulls[9] = place.github.pulls[7] | {"number": 9, "head": {"sha": OTHER, "ref": "x", "repo": None}}
    place.github.fail("POST .*issues/7/comments", times=99, status=403, message=INTEGRATION)
    told = place.tell(blocked(), pull_requests=(7, 8, 9))
    assert [each["number"] for each in place.github.comments] == [8]
    assert len(told.comment_urls) == 1
    assert len(place.checks.runs) == 1


def test_without_a_pull_request_there_is_a_check_and_no_comment(place):
    place.tell(approved(), pull_requests=())
    assert len(place.checks.runs) == 1
    assert place.github.count("comments|pulls|/user") == 0


def test_without_a_commit_there_is_the_summary(place):
    assert place.tell(blocked(), sha="", pull_requests=()).exit_code is ExitCode.BLOCKED
    assert place.github.requests == []
    assert "**BLOCKED**" in place.summary.read_text()


def test_every_suite_has_its_check_and_comment_and_all_share_the_summary(place):
    place.tell(approved())
    place.tell(blocked().model_copy(update={"suite": "api"}))
    assert [(run["name"], run["conclusion"]) for run in place.checks.runs] == [
        ("gate / shop", "success"),
        ("gate / api", "failure"),
    ]
    assert [body.split("\n")[0] for body in place.github.bodies()] == [
        marker("shop", NOW.run),
        marker("api", NOW.run),
    ]
    assert "**APPROVED**" in place.summary.read_text()
    assert "**BLOCKED**" in place.summary.read_text()


def test_a_summary_without_room_is_told_in_short_and_costs_nothing_else(place):
    place.summary.write_text("x" * (2**20 - 2000))
    assert place.tell(verdict(*(row(f"e{n}/p50") for n in range(100)))).exit_code is ExitCode.APPROVED
    assert "**APPROVED**" in place.summary.read_text()
    assert len(place.checks.runs) == 1
    place.summary.unlink()
    place.summary.mkdir()
    assert place.tell(approved()).exit_code is ExitCode.APPROVED


def test_no_verdict_is_a_failed_check_and_leaves_the_comment(place):
    before = place.github.comment(BOT, marker("shop", Run(41, 1)) + "\nbefore")["body"]
    error = UsageError("the preview's host @org/team is not allowed\n::error::x", "name it in preview.hosts")
    tell_error(error, "shop", HEAD, NOW, place.make(), Log(place.out))
    (run,) = place.checks.runs
    assert (run["conclusion"], run["external_id"]) == ("failure", f"42.1.{HEAD}")
    assert run["output"]["title"].startswith("BLOCKED - not measured: the preview's host")
    assert "@org" not in run["output"]["summary"]
    assert "preview.hosts" in run["output"]["summary"]
    assert find_ledgers(place.make().api, "octo/shop", HEAD, "shop") == []
    assert place.body == before
