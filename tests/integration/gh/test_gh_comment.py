"""One comment, whoever else writes and whatever breaks on the way."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest
from fake_github import BOT, INTEGRATION, FakeGitHub

from gate.errors import DeliveryError
from gate.gh.rest.client import Client
from gate.gh.telling.comment import MAX_UNITS, Delivery, Run, Write, marker, upsert, written_by

OLD, NOW, NEW = Run(41, 1), Run(42, 1), Run(43, 1)
LIST, POST, PATCH, DELETE = (f"{verb} .*comments" for verb in ("GET", "POST", "PATCH", "DELETE"))


def text(run: Run, words: str = "APPROVED", key: str = "shop") -> str:
    return f"{marker(key, run)}\n{words}"


def saying(*texts: str) -> Write:
    return lambda before: texts


def deliver(client: Client, run: Run = NOW, words: str = "APPROVED", key: str = "shop") -> Delivery:
    return upsert(client, 7, key, run, saying(words)).delivery


def test_the_first_line_is_the_marker_and_nothing_else_is_read():
    assert marker("shop", NOW) == "<!-- gate:shop run=42.1 -->"
    assert written_by("<!-- gate:shop run=42.1 -->\r\nAPPROVED", "shop") == NOW
    for body in (
        "",
        "APPROVED\n<!-- gate:shop run=42.1 -->",
        " <!-- gate:shop run=42.1 -->",
        "<!-- gate:shop run=42.1 --> APPROVED",
        "<!-- gate:shop run=42 -->",
        "<!-- gate:shop run=-1.1 -->",
        "<!-- gate:other run=42.1 -->",
        "<!-- gate:shop-2 run=42.1 -->",
        "<!-- gate:shop run=٤.1 -->",
    ):
        assert written_by(body, "shop") is None
    for key in ("", "a b", "a-->", "a\nb", "-", "a" * 65, "<!--"):
        with pytest.raises(ValueError, match="marker"):
            marker(key, NOW)


def test_a_comment_is_made_and_then_edited_in_place(client, github):
    first = upsert(client, 7, "shop", NOW, saying("one"))
    assert first.delivery is Delivery.CREATED
    assert first.url.endswith("#issuecomment-1")
    assert upsert(client, 7, "shop", Run(42, 2), saying("two")).delivery is Delivery.EDITED
    assert upsert(client, 7, "shop", NEW, saying("three")).url == first.url
    assert github.bodies() == [text(NEW, "three")]


def test_every_suite_has_its_own(client, github):
    deliver(client, key="shop")
    deliver(client, key="shop-2")
    deliver(client, NEW, "again", key="shop")
    assert github.bodies() == [text(NEW, "again"), text(NOW, key="shop-2")]


def test_an_older_run_leaves_the_newer_word(client, github):
    github.comment(BOT, text(NEW, "newer"))
    github.comment(BOT, text(OLD, "older"))
    assert deliver(client) is Delivery.SUPERSEDED
    assert github.bodies() == [text(NEW, "newer"), text(OLD, "older")]
    assert deliver(client, Run(43, 2)) is Delivery.EDITED
    assert github.bodies() == [text(Run(43, 2))]


def test_an_earlier_attempt_of_the_same_run_is_older(client, github):
    github.comment(BOT, text(Run(42, 3), "third"))
    assert deliver(client, Run(42, 2)) is Delivery.SUPERSEDED
    assert github.bodies() == [text(Run(42, 3), "third")]


def test_ours_is_found_among_250(client, github):
    for number in range(250):
        if number == 180:
            github.comment(BOT, text(OLD))
        github.comment("stranger", text(NEW, "fake") if number in (3, 120, 249) else f"remark {number}")
    assert deliver(client) is Delivery.EDITED
    assert github.bodies() == [text(NOW)]
    assert len(github.comments) == 251
    assert github.count(POST) == 0
    assert github.count("GET .*comments") == 3


@pytest.mark.parametrize("count", [99, 100, 101, 200])
def test_the_edge_of_a_page(client, github, count):
    for _ in range(count - 1):
        github.comment("stranger", "remark")
    github.comment(BOT, text(OLD))
    assert deliver(client) is Delivery.EDITED


def test_a_stranger_with_our_marker_is_passed_over(client, github):
    github.comment("stranger", text(NEW, "APPROVED, really"))
    github.comment(None, text(NEW, "by a ghost"))
    github.comment("github-actions", text(NEW, "nearly"))
    assert deliver(client) is Delivery.CREATED
    assert github.bodies() == [text(NOW)]
    assert github.bodies("stranger") == [text(NEW, "APPROVED, really")]
    assert github.count(f"{PATCH}|{DELETE}") == 0


def test_a_token_of_a_person_writes_as_that_person(client, github):
    github.token_login = github.writes_as = "maintainer"
    github.comment(BOT, text(OLD))
    github.comment("maintainer", text(OLD))
    assert deliver(client) is Delivery.EDITED
    assert github.bodies("maintainer") == [text(NOW)]
    assert github.bodies(BOT) == [text(OLD)]


def test_a_token_of_an_app_keeps_one_comment_too(make, github):
    """Such a token may not ask for its name either, and is not the job's."""
    github.writes_as = "perf-app[bot]"
    for run in (OLD, NOW, NEW):
        deliver(make(), run)
    assert github.bodies("perf-app[bot]") == [text(NEW)]


def test_doubles_of_ours_go_away(client, github):
    for run in (OLD, Run(40, 1), OLD):
        github.comment(BOT, text(run))
    github.comment("stranger", text(OLD))
    assert deliver(client) is Delivery.EDITED
    assert github.bodies() == [text(NOW)]
    assert [c["id"] for c in github.comments] == [1, 4]


def test_a_double_that_cannot_be_removed_changes_nothing(client, github):
    github.comment(BOT, text(OLD))
    github.comment(BOT, text(OLD))
    github.fail(DELETE, status=403, message=INTEGRATION, times=99)
    assert deliver(client) is Delivery.EDITED


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_comment_that_can_no_longer_be_edited_is_written_anew(client, github, status):
    github.comment(BOT, text(OLD))

    def vanish() -> None:
        github.comments.clear()

    github.fail(PATCH, status=status, message="Not Found", then=vanish)
    assert deliver(client) is Delivery.CREATED
    assert github.bodies() == [text(NOW)]


def test_a_newer_run_that_comes_between_keeps_its_word(client, github):
    """Found by neither at first, written by both: the newer one stays, whoever was first."""
    github.fail(POST, applied=True, status=201, raw=b"{}", then=lambda: github.comment(BOT, text(NEW, "newer")))
    assert deliver(client) is Delivery.SUPERSEDED
    assert github.bodies() == [text(NEW, "newer")]


def test_an_older_run_that_comes_between_is_removed(client, github):
    github.fail(POST, applied=True, status=502, then=lambda: github.comment(BOT, text(OLD, "older")))
    assert deliver(client) is Delivery.CREATED
    assert github.bodies() == [text(NOW)]


def test_an_edit_whose_answer_was_lost_does_not_hide_a_newer_one(client, github):
    github.comment(BOT, text(OLD))

    def newer() -> None:
        github.comments[0]["body"] = text(NEW, "newer")

    github.fail(PATCH, applied=True, status=502, then=newer)
    assert deliver(client) is Delivery.SUPERSEDED
    assert github.bodies() == [text(NEW, "newer")]


CUTS = [{"status": 500}, {"status": 502}, {"wire": "reset"}, {"wire": "cut"}, {"raw": b"<html>"}, {"raw": b""}]


@pytest.mark.parametrize(("cut", "applied"), list(itertools.product(CUTS, (False, True))))
@pytest.mark.parametrize("exists", [False, True])
def test_wherever_the_line_is_cut_there_is_one_comment(client, github, cut, applied, exists):
    if exists:
        github.comment(BOT, text(OLD))
    github.fail(PATCH if exists else POST, applied=applied, **cut)
    deliver(client)
    assert github.bodies() == [text(NOW)]
    assert len(github.comments) == 1


@pytest.mark.parametrize("point", range(8))
@pytest.mark.parametrize("cut", [{"status": 502}, {"wire": "reset"}])
@pytest.mark.parametrize("state", ["none", "one", "two"])
def test_every_single_request_may_fail_after_it_was_carried_out(client, github, point, cut, state):
    for _ in range({"none": 0, "one": 1, "two": 2}[state]):
        github.comment(BOT, text(OLD))
    github.fail("comments|/user", after=point, applied=True, **cut)
    deliver(client)
    assert github.bodies() == [text(NOW)]


def test_a_write_is_not_repeated_blindly(client, github):
    github.fail(POST, applied=True, status=502)
    deliver(client)
    assert github.count(POST) == 1


def test_the_last_look_finds_what_was_written_after_all(make, github):
    """No time is left for another try, but the comment is there."""
    github.fail(POST, applied=True, status=502)
    assert deliver(make(budget_s=0.5)) is Delivery.CREATED
    assert github.bodies() == [text(NOW)]


def test_a_write_that_keeps_failing_is_a_delivery_error_and_not_many_comments(client, github, clock):
    github.fail(POST, status=502, times=99)
    with pytest.raises(DeliveryError, match="tried 6 times"):
        deliver(client)
    assert github.comments == []
    assert sum(clock.pauses) < 120


@pytest.mark.parametrize("headers", [{"Retry-After": "9"}, {}])
def test_a_limit_is_waited_for_before_writing_again(client, github, clock, headers):
    github.fail(POST, status=403, message="You have exceeded a secondary rate limit.", headers=headers)
    assert deliver(client) is Delivery.CREATED
    assert clock.pauses[0] == (9 if headers else 60)
    assert github.bodies() == [text(NOW)]


def test_a_limit_beyond_the_budget_is_a_delivery_error(client, github):
    github.fail(POST, status=429, headers={"Retry-After": "3600"}, times=9)
    with pytest.raises(DeliveryError, match="3600 s"):
        deliver(client)


def test_writes_keep_a_second_apart(make, github, clock):
    for _ in range(4):
        github.comment(BOT, text(OLD))
    deliver(make())
    assert clock.pauses == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"status": 401, "message": "Bad credentials"}, "token was rejected"),
        ({"status": 403, "message": INTEGRATION}, "pull-requests: write"),
        ({"status": 403, "message": "Unable to create comment because issue is locked."}, "locked"),
        ({"status": 404, "message": "Not Found"}, "pull-requests: write"),
        ({"status": 410, "message": "gone"}, "gone"),
        ({"status": 422, "message": "Validation Failed"}, "Validation Failed"),
        ({"status": 500}, "answered 500"),
        ({"wire": "reset"}, "connection failed"),
    ],
)
def test_what_github_does_not_take_is_a_delivery_error(client, github, fault, says):
    github.fail(POST, times=99, **fault)
    with pytest.raises(DeliveryError, match=says) as caught:
        deliver(client)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("where", [LIST, "GET /user"])
def test_what_cannot_be_looked_up_is_a_delivery_error_and_writes_nothing(client, github, where):
    github.fail(where, status=500, times=99)
    with pytest.raises(DeliveryError):
        deliver(client)
    assert github.count(f"{POST}|{PATCH}|{DELETE}") == 0


def test_too_long_a_comment_is_never_sent(client, github):
    room = MAX_UNITS - len(text(NOW, ""))
    assert deliver(client, NOW, "x" * room) is Delivery.CREATED
    assert deliver(client, NEW, "🙂" * (room // 2)) is Delivery.EDITED
    written = github.count(f"{POST}|{PATCH}")
    for words in ("x" * (room + 1), "🙂" * (room // 2 + 1)):
        with pytest.raises(DeliveryError, match="65536"):
            deliver(client, NEW, words)
    assert github.count(f"{POST}|{PATCH}") == written


def test_the_first_text_that_fits_is_sent(client, github):
    assert upsert(client, 7, "shop", OLD, saying("x" * MAX_UNITS, "fits", "short")).delivery is Delivery.CREATED
    assert github.bodies() == [text(OLD, "fits")]
    upsert(client, 7, "shop", NOW, saying("x" * MAX_UNITS, "fits again", "short"))
    assert github.bodies() == [text(NOW, "fits again")]


@pytest.mark.parametrize("exists", [False, True])
def test_a_text_that_github_refuses_is_shortened_once(client, github, exists):
    if exists:
        github.comment(BOT, text(OLD))
    github.fail(PATCH if exists else POST, status=422, message="body is too long (maximum is 65536 characters)")
    upsert(client, 7, "shop", NOW, saying("whole", "shorter", "shortest"))
    assert github.bodies() == [text(NOW, "shortest")]
    github.fail(PATCH, status=422, message="body is too long", times=9)
    with pytest.raises(DeliveryError, match="too long"):
        upsert(client, 7, "shop", NEW, saying("whole", "shorter", "shortest"))
    assert github.count(PATCH) == (4 if exists else 2)


def test_what_is_written_knows_what_is_there(client, github):
    seen = []

    def write(before: str) -> list[str]:
        seen.append(before)
        return [f"text {len(seen)}"]

    github.comment("stranger", text(OLD, "not ours"))
    upsert(client, 7, "shop", OLD, write)
    upsert(client, 7, "shop", NOW, write)
    assert seen == ["", text(OLD, "text 1")]
    github.comment(BOT, text(NEW, "newer"))
    upsert(client, 7, "shop", NOW, write)
    assert len(seen) == 2, "an older run writes nothing"


def test_many_runs_at_once_leave_one_comment_of_the_newest(make: Callable[..., Client], github: FakeGitHub):
    runs = [Run(50 + n, 1) for n in range(6)]
    ready = threading.Barrier(len(runs))
    problems: list[BaseException] = []

    def go(run: Run) -> None:
        client = make()
        client.viewer_login()
        ready.wait()
        try:
            deliver(client, run, f"run {run.run_id}")
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=go, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    deliver(make(), Run(60, 1), "last")  # whatever the race left is put in order by the next run
    assert github.bodies() == [text(Run(60, 1), "last")]
