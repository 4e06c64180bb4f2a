"""Every fault of GitHub's API, the whole action as a process: the message a reader sees, the exit code, what stands.

The verdict is that of a suite that is not affected, or of stored runs that are damaged: both are told like any other
and need no load. Faults that are tried in detail elsewhere are named with the test that does.
"""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fake_github import BASE, INTEGRATION
from fake_objects import ObjectStore
from quick_place import NOWHERE, STORED, SUITE
from runner import QUICK_CLOCK

from gate.gh.rest import api
from tests.integration.faults.test_preview import self_signed
from tests.integration.load.servers import serving, steady

FOR_EVER = 10_000
SERVER_TIME_S = 1_795_003_200
"""The fake's Date; the machine of the tests has another."""
SECONDARY = "You have exceeded a secondary rate limit and have been temporarily blocked"

CHECK, STATUS, COMMENT = "POST .*/check-runs", "POST .*/statuses", "POST .*/comments"
SUITE_FILE, BASELINES = "GET .*/contents/gate.yml", "GET .*/contents/baselines"


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what a reader is told of it."""

    name: str
    on: str
    how: dict[str, Any]
    code: int
    says: str
    """Pattern of the log."""
    slept_s: tuple[float, float] = (0, 5)


def refused(status: int, message: str = "fault", times: int = FOR_EVER, **how: Any) -> dict[str, Any]:
    return {"status": status, "message": message, "times": times, **how}


def limited(times: int = 1, status: int = 403, message: str = SECONDARY, **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return refused(status, message, times, headers=named)


def exhausted(reset: str, times: int = 1) -> dict[str, Any]:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    return refused(403, "API rate limit exceeded for installation", times, headers=headers)


def answered(raw: bytes, times: int = FOR_EVER, **how: Any) -> dict[str, Any]:
    return {"raw": raw, "times": times, **how}


TOO_LONG = b'{"message": "Validation Failed", "errors": [{"field": "body", "message": "body is too long"}]}'
LOCKED = "Unable to create comment because issue is locked."
ELSEWHERE_URL = {"Location": "https://elsewhere.example/"}
UNDELIVERED = "the verdict could not be delivered to GitHub: making the check gate / shop"
NO_COMMENT = "the comment could not be written: commenting on #7"

TELLING = [
    # The token, and what it may.
    Fault("token rejected", CHECK, refused(401, "Bad credentials"), 4, f"{UNDELIVERED}.*the token was rejected"),
    Fault("token expired before the comment", COMMENT, refused(401, "Bad credentials"), 0, f"{NO_COMMENT}.*rejected"),
    Fault("no right to checks", CHECK, refused(403, INTEGRATION), 0, "a commit status stands for the check"),
    Fault(
        "no right to checks and statuses",
        "POST .*/(check-runs|statuses)",
        refused(403, INTEGRATION, headers={"X-Accepted-GitHub-Permissions": "checks=write"}),
        4,
        UNDELIVERED + r".*`permissions: \{checks: write\}`.*\(GitHub accepts: checks=write\)",
    ),
    Fault(
        "no right to comments",
        COMMENT,
        refused(403, INTEGRATION),
        0,
        NO_COMMENT + r".*permissions: \{pull-requests: write\}",
    ),
    # Limits.
    Fault("secondary limit", CHECK, limited(retry_after="30"), 0, "", (30, 33)),
    Fault("secondary limit without a time", CHECK, limited(), 0, "", (60, 63)),
    Fault("secondary limit twice without a time", CHECK, limited(2), 4, "the rate limit needs 120 s", (60, 63)),
    Fault("secondary limit with no number", CHECK, limited(retry_after="abc"), 0, "", (60, 63)),
    Fault("secondary limit of days", CHECK, limited(retry_after="999999"), 4, "the rate limit needs 999999 s", (0, 3)),
    Fault("limit of a comment", COMMENT, limited(retry_after="999999"), 0, NO_COMMENT, (0, 3)),
    Fault("limit without its name", CHECK, limited(status=429, message="Please wait."), 0, "", (60, 63)),
    Fault(
        "abuse", CHECK, limited(message="Slow down, please wait a few minutes before you try again."), 0, "", (60, 63)
    ),
    Fault(
        "primary limit for an hour", CHECK, exhausted(str(SERVER_TIME_S + 3600)), 4, "resets at 2026-11-18T13:00:00Z"
    ),
    Fault("primary limit that is over", CHECK, exhausted(str(SERVER_TIME_S - 3600)), 0, "", (1, 4)),
    Fault("primary limit without a time", CHECK, exhausted(""), 0, "", (60, 63)),
    Fault("primary limit with no number", CHECK, exhausted("soon"), 0, "", (60, 63)),
    Fault("primary limit by the server's clock", CHECK, exhausted(str(SERVER_TIME_S + 30)), 0, "", (30, 33)),
    # What is refused for good.
    Fault(
        "no commit for the check",
        CHECK,
        refused(422, "No commit found for SHA: x"),
        4,
        f"{UNDELIVERED}.*No commit found",
    ),
    Fault("check too long once", CHECK, answered(TOO_LONG, 1, status=422), 0, ""),
    Fault("check too long for good", CHECK, answered(TOO_LONG, status=422), 4, "Validation Failed; body is too long"),
    Fault("comment too long once", COMMENT, answered(TOO_LONG, 1, status=422), 0, ""),
    Fault("comment too long for good", COMMENT, answered(TOO_LONG, status=422), 0, f"{NO_COMMENT}.*body is too long"),
    # What may pass, and what was carried out all the same.
    Fault("502 after the check was made", CHECK, refused(502, times=1, applied=True), 0, ""),
    Fault("reset after the check was made", CHECK, {"wire": "reset", "applied": True}, 0, ""),
    Fault("502 after the comment was made", COMMENT, refused(502, times=1, applied=True), 0, ""),
    Fault("reset after the comment was made", COMMENT, {"wire": "reset", "applied": True}, 0, ""),
    Fault("502 for good", CHECK, refused(502), 4, UNDELIVERED + r".*answered 502.*\(tried 6 times\)", (31, 45)),
    Fault("502 for good on the comment", COMMENT, refused(502), 0, NO_COMMENT + r".*\(tried 6 times\)", (31, 45)),
    # What is no answer.
    Fault("HTML after the check was made", CHECK, answered(b"<html>", 1, applied=True), 0, ""),
    Fault("HTML for good", CHECK, answered(b"<html>"), 4, "GitHub's answer is not the JSON it should be", (31, 45)),
    Fault("an empty answer", CHECK, answered(b"", 1), 0, ""),
    Fault("a list for a check", CHECK, answered(b"[]", 1), 0, ""),
    Fault("half an answer", CHECK, {"wire": "cut", "applied": True}, 0, ""),
    Fault("202 for good", CHECK, refused(202), 4, f"{UNDELIVERED}.*answered 202", (31, 45)),
    Fault("301", CHECK, refused(301, headers=ELSEWHERE_URL), 4, "was the repository renamed"),
    Fault("302", CHECK, refused(302, headers=ELSEWHERE_URL), 4, "a redirect, which is not"),
    Fault("304", CHECK, refused(304), 4, "a redirect, which is not followed"),
    # The pull request is not what it was.
    Fault("locked", COMMENT, refused(403, LOCKED), 0, f"{NO_COMMENT}.*issue is locked"),
    Fault("gone", COMMENT, refused(410, "This issue was deleted"), 0, f"{NO_COMMENT}.*This issue was deleted"),
    Fault(
        "pull request gone",
        r"GET .*/pulls/7$",
        refused(404, "Not Found", after=1),
        0,
        "the comment could not be written",
    ),
]


def named(fault: Fault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", TELLING, ids=named)
def test_a_fault_while_telling_never_changes_the_verdict(place, fault):
    code = place.run((fault.on, fault.how))
    assert code == fault.code, place.runner.log
    assert re.search(fault.says, place.runner.log), place.runner.log
    assert fault.slept_s[0] <= place.slept_s <= fault.slept_s[1]
    verdict = json.loads(place.verdict.read_bytes())
    assert (verdict["verdict"], verdict["exit_code"]) == ("APPROVED", 0)
    assert place.runner.outputs["verdict"] == "APPROVED"
    assert place.runner.outputs["exit-code"] == str(fault.code)
    assert "**APPROVED**: not affected" in place.summary
    assert (place.conclusions or [s["state"] for s in place.checks.statuses]) == (["success"] if code == 0 else [])
    is_told = fault.on not in (COMMENT, r"GET .*/pulls/7$") or not re.search("comment could not", place.runner.log)
    assert len(place.github.bodies()) == is_told
    if not is_told:
        assert "The comment could not be written" in place.summary


@pytest.mark.parametrize("fault", [TELLING[0], TELLING[3], TELLING[4]], ids=named)
def test_a_block_stays_a_block(place, fault):
    place.damaged()
    code = place.run((fault.on, fault.how))
    assert code == (fault.code or 5), place.runner.log
    assert re.search(fault.says, place.runner.log), place.runner.log
    assert json.loads(place.verdict.read_bytes())["exit_code"] == 5
    assert place.runner.outputs["verdict"] == "BLOCKED"
    assert "success" not in place.conclusions


def test_a_token_that_expires_at_any_request_ends_as_what_was_reached(place):
    """Before the verdict it is refused, then the verdict is undelivered, and last only the comment is missing."""
    assert place.run() == 0
    requests = len(place.github.requests)
    codes = []
    for sound in range(requests):
        place.github.faults.clear()
        place.checks.runs.clear()
        place.github.comments.clear()
        place.github.fail(".*", **refused(401, "Bad credentials", after=sound))
        codes.append(place.runner.run(NOWHERE, run_id=sound + 2))
        assert "the token was rejected" in place.runner.log
        assert (codes[-1] == 0) == (place.conclusions == ["success"])
    before = codes.index(4)
    assert codes == [2] * before + [4] + [0] * (requests - before - 1)


READING = [
    Fault("token rejected", SUITE_FILE, refused(401, "Bad credentials"), 2, "reading gate.yml.*the token was rejected"),
    Fault("no right to read", SUITE_FILE, refused(403, INTEGRATION), 2, r"permissions: \{contents: read\}"),
    Fault(
        "the repository is hidden", "GET .*/contents", refused(404, "Not Found"), 2, "cannot be read with this token"
    ),
    Fault("limit of an hour", SUITE_FILE, exhausted(str(SERVER_TIME_S + 3600)), 3, "resets at 2026-11-18T13:00:00Z"),
    Fault("502 for good", SUITE_FILE, refused(502), 3, r"reading gate.yml.*502.*\(tried 6 times\)", (31, 45)),
    Fault("reset for good", SUITE_FILE, {"wire": "reset", "times": FOR_EVER}, 3, "is the API reachable", (31, 45)),
    Fault("HTML for good", SUITE_FILE, answered(b"<html>"), 3, "not the JSON it should be", (31, 45)),
    Fault("no members", SUITE_FILE, answered(b"{}"), 3, "not the JSON it should be", (31, 45)),
    Fault("a folder", SUITE_FILE, answered(b"[]"), 2, "gate.yml at b{12} is not a file"),
    Fault("202 for good", SUITE_FILE, refused(202), 3, "reading gate.yml.*answered 202", (31, 45)),
    Fault("301", SUITE_FILE, refused(301), 3, "a redirect, which is not followed.*renamed or moved"),
    Fault("no right to the files", "GET .*/pulls/7/files", refused(403, INTEGRATION), 2, r"\{pull-requests: read\}"),
]


@pytest.mark.parametrize("fault", READING, ids=named)
def test_a_fault_while_reading_the_policy_judges_nothing(place, fault):
    assert place.run((fault.on, fault.how)) == fault.code, place.runner.log
    assert re.search(fault.says, place.runner.log), place.runner.log
    assert fault.slept_s[0] <= place.slept_s <= fault.slept_s[1]
    assert (place.runner.outputs["verdict"], place.runner.outputs["exit-code"]) == ("", str(fault.code))
    assert "success" not in place.conclusions
    assert place.github.bodies() == []


PASSING = [
    Fault("reset", SUITE_FILE, {"wire": "reset"}, 0, ""),
    Fault("half an answer", SUITE_FILE, {"wire": "cut"}, 0, ""),
    Fault("HTML", SUITE_FILE, answered(b"<html>", 2), 0, ""),
    Fault("502", "GET ", refused(502, times=3), 0, ""),
    Fault("an answer that drips", SUITE_FILE, {"wire": "drip"}, 0, "", (1, 5)),
]


@pytest.mark.parametrize("fault", PASSING, ids=named)
def test_a_fault_that_passes_costs_time_and_nothing_else(place, fault):
    assert place.run((fault.on, fault.how)) == 0, place.runner.log
    assert place.slept_s >= 1
    assert place.conclusions == ["success"]
    assert len(place.github.bodies()) == 1


STORES = [
    Fault("no right to read", BASELINES, refused(403, INTEGRATION), 5, r"permissions: \{contents: read\}"),
    Fault("token rejected", BASELINES, refused(401, "Bad credentials"), 5, "the token was rejected"),
    Fault("hidden though listed", BASELINES, refused(404, "Not Found"), 3, "is listed .* but GitHub does not serve it"),
    Fault("502 for good", BASELINES, refused(502), 3, r"\(tried 6 times\)", (31, 45)),
    Fault("HTML for good", BASELINES, answered(b"<html>"), 3, "not the JSON it should be", (31, 45)),
    Fault("a limit", BASELINES, exhausted(str(SERVER_TIME_S + 3600)), 3, "resets at 2026-11-18T13:00:00Z"),
]


@pytest.mark.parametrize("fault", STORES, ids=named)
def test_stored_runs_that_cannot_be_read_are_not_none(place, fault):
    place.damaged()
    assert place.run((fault.on, fault.how)) == fault.code, place.runner.log
    assert re.search(fault.says, place.runner.log), place.runner.log
    assert place.conclusions == ["failure"]
    assert place.runner.outputs["exit-code"] == str(fault.code)
    assert place.runner.outputs["verdict"] != "APPROVED"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"{}", ""),
        (b"[]", ""),
        (b'\xef\xbb\xbf{"run": 1}', ""),
        (b'{"run": {}, "run": {}, "sha256": ""}', "twice"),
        (b'{"run": {"elapsed_s": NaN}, "sha256": ""}', ""),
        (b'{"run": {"schema": "gate.run/2"}, "sha256": "' + b"0" * 64 + b'"}', "newer"),
        (b" " * 2_000_000, ""),
    ],
    ids=["empty", "no members", "a list", "a mark of order", "a member twice", "no number", "newer", "two megabytes"],
)
def test_stored_runs_that_are_damaged_are_named_and_left_alone(place, content, says):
    place.damaged()
    place.github.commit(BASE, {"gate.yml": SUITE.encode(), STORED: content})
    assert place.run() == 5, place.runner.log
    assert STORED.rpartition("/")[2] in place.github.bodies()[0].replace("\\", "")
    assert says in place.github.bodies()[0].replace("\\", "")
    assert place.conclusions == ["failure"]
    assert not [request for request in place.github.requests if request.startswith(("PUT", "PATCH"))]


# Where nothing answers at all, and where another place is named -----------------------------------------------------


def test_an_api_that_cannot_be_reached_judges_nothing(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    assert place.run(**{"api-url": url}) == 3, place.runner.log
    assert "is the API reachable from this runner" in place.runner.log
    assert 31 <= place.slept_s <= 45


def test_an_api_with_a_certificate_that_nobody_vouches_for_gets_no_token(place, tmp_path):
    with self_signed(tmp_path) as url:
        assert place.run(**{"api-url": url}) == 3, place.runner.log
    assert "is the API reachable from this runner" in place.runner.log
    assert place.runner.outputs["verdict"] == ""


# A refresh ----------------------------------------------------------------------------------------------------------

OF_A_BRANCH = SUITE.replace("endpoints:", "baselines: {store: 'branch:perf-baselines'}\nendpoints:").encode()
MOVE, MADE = "PATCH .*/git/refs", "POST .*/git/refs"


@pytest.fixture
def objects(place) -> ObjectStore:
    """Main with a suite that stores on a branch; a refresh measures, so it has a clock like any other."""
    store = ObjectStore(place.github)
    del place.github.branches["main"]
    store.seed("main", {"gate.yml": OF_A_BRANCH})
    place.runner.program = ("-m", "gate")
    return store


def refresh(place, objects: ObjectStore, faults: tuple[Any, ...], run_id: int = 1) -> int:
    sha = objects.tip("main")
    for on, how in faults:
        place.github.fail(on, **how)
    push = {"ref": "refs/heads/main", "after": sha, "repository": place.runner.event()["repository"]}
    with serving(steady()) as server:
        return place.runner.run(server, push, name="push", run_id=run_id, sha=sha)


def stored(objects: ObjectStore) -> list[str]:
    tip = objects.tip("perf-baselines")
    return [] if tip is None else [path for path in objects.files(tip) if path.startswith("v1/shop/")]


@pytest.mark.parametrize(
    ("fault", "is_first"),
    [
        ((MADE, refused(409, "Git Repository is empty.", 1)), True),
        ((MADE, refused(502, times=1, applied=True)), True),
        ((MOVE, refused(422, "Update is not a fast forward", 1)), False),
        ((MOVE, {"wire": "reset", "applied": True}), False),
    ],
    ids=["409", "502 after the branch was made", "not a fast forward", "reset after the branch moved"],
)
def test_a_refresh_that_is_disturbed_stores_once(place, objects, fault, is_first):
    if not is_first:
        assert refresh(place, objects, ()) == 0, place.runner.log
    assert refresh(place, objects, (fault,), run_id=2) == 0, place.runner.log
    assert len(stored(objects)) == (1 if is_first else 2)
    assert len(objects.line("perf-baselines")) == len(stored(objects))


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (("POST .*/git/blobs", refused(403, INTEGRATION)), 2, r"permissions: \{contents: write\}"),
        (("POST .*/git/blobs", refused(401, "Bad credentials")), 2, "the token was rejected"),
        (("GET .*/compare/", refused(403, INTEGRATION)), 2, r"permissions: \{contents: read\}"),
        (("POST .*/git/blobs", refused(409, "Git Repository is empty.")), 2, "Git Repository is empty"),
    ],
    ids=["no right", "token rejected", "no right to compare", "empty"],
)
def test_a_refresh_that_may_not_write_ends_before_it_measures(place, objects, fault, code, says):
    assert refresh(place, objects, (fault,)) == code, place.runner.log
    assert re.search(says, place.runner.log), place.runner.log
    assert stored(objects) == []
    assert place.runner.outputs["run-files"] == ""


def test_a_refresh_has_more_time_for_the_api_than_a_report(place, objects):
    """A limit of four minutes is waited for, and one of ten is not."""
    place.runner.program = QUICK_CLOCK
    forbidden = ("POST .*/git/blobs", refused(403, INTEGRATION))
    assert refresh(place, objects, (("GET .*/compare/", limited(retry_after="240")), forbidden)) == 2, place.runner.log
    assert 240 <= place.slept_s <= 260
    assert refresh(place, objects, (("GET .*/compare/", limited(retry_after="600")), forbidden), 2) == 3
    assert "the rate limit needs 600 s" in place.runner.log
    place.github.commit(BASE, {"gate.yml": SUITE.encode()})
    assert place.run((SUITE_FILE, limited(retry_after="240")), run_id=3) == 3
    assert "the rate limit needs 240 s" in place.runner.log


# What is tried elsewhere --------------------------------------------------------------------------------------------

ELSEWHERE = {
    "a second writer between reading and writing": "test_gh_branch_races.py::test_eight_refreshes_at_once",
    "the connection cut at each write of a refresh":
        "test_gh_branch_races.py::test_a_cut_at_any_write_loses_and_doubles_nothing",
    "the eighth refusal": "test_gh_branch_races.py::test_the_eighth_refusal_is_the_last",
    "a read that is older than the own write": "test_gh_branch_races.py::test_a_tip_that_is_read_too_old_is_read_again",
    "an empty repository": "test_gh_branch.py::test_a_repository_that_stays_empty_ends_the_write",
    "a file that the contents API leaves out": "test_gh_reading.py::test_files_of_every_size",
    "no suite on the base": "test_action.py::test_the_pull_request_that_adds_the_suite_is_measured_without_consequence",
    "a head that moved": "test_gh_tell.py::test_a_pull_request_that_moved_keeps_the_comment_of_the_newer_run",
    "two runs of one pull request": "test_gh_comment.py::test_many_runs_at_once_leave_one_comment_of_the_newest",
    "a job that is run again": "test_gh_checks.py::test_every_attempt_has_a_check_of_its_own",
    "a check that stays in progress": "test_gh_checks.py::test_a_check_is_made_completed_in_one_request",
    "a job that is cancelled":
        "../container/test_container.py::test_a_cancelled_job_ends_by_itself_and_keeps_what_it_has",
    "a signal while measuring": "../faults/test_ends.py::test_a_signal_ends_the_load_and_keeps_what_was_measured",
    "no stored run yet": "../faults/test_stores.py::test_without_stored_runs_only_objectives_judge",
    "another load": "../faults/test_stores.py::test_a_changed_endpoint_has_no_baseline_and_the_others_are_judged",
    "a refresh that fails": "../faults/test_stores.py::test_a_refresh_that_fails_stores_nothing",
    "a disk that is full": "test_gh_order.py::test_without_any_room_on_disk_there_is_a_failed_check_and_no_verdict",
    "a log that nobody reads": "test_gh_order.py::test_a_log_that_nobody_reads_costs_the_log",
    "a fork": "test_gh_order.py::test_from_a_fork_the_summary_says_that_nothing_else_could_be_told",
}  # fmt: skip


@pytest.mark.parametrize("where", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_what_is_tried_elsewhere_is_there(where):
    module, _, name = where.partition("::")
    assert f"\ndef {name}(" in (Path(__file__).parent / module).read_text()


def test_nothing_is_asked_in_a_way_of_which_a_failure_looks_like_success():
    """GraphQL answers 200 with a list of errors, and the contents API cannot write several files at once."""
    source = "".join(path.read_text() for path in Path(api.__file__).parent.glob("*.py"))
    assert "graphql" not in source.lower()
    assert '"PUT"' not in source
