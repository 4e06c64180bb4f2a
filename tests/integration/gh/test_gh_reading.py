"""Reading suite, baselines and pull requests at a commit, and every way in which an answer can be wrong."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from fake_github import BASE, HEAD, INTEGRATION, git_id

from gate.errors import BaselineError, NotMeasured, UsageError
from gate.gh.events.plan import ActionPlan, Pending, Use
from gate.gh.events.resolve import read_suite, resolve
from gate.gh.rest import contents
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.pulls import Pulls
from gate.gh.store.baselines import BaseCommitBaselines

EMPTY = "e" * 40
FILE = r"contents/gate\.yml"


def reason(call, *arguments) -> Reason:
    with pytest.raises(ApiError) as caught:
        call(*arguments)
    return caught.value.reason


def test_a_file_is_read_at_the_commit_asked_for(client, github):
    assert client.read_file("gate.yml", BASE) == b"version: 1\n"
    assert client.read_file("gate.yml", HEAD) == b"soft: true\n"
    assert github.count(f"ref={BASE}") == 1


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 2 * 2**20])
def test_files_of_every_size(client, github, size):
    content = bytes(range(256)) * (size // 256 + 1)
    github.commit(BASE, {"data.bin": content[:size]})
    assert client.read_file("data.bin", BASE) == content[:size]
    assert github.count("git/blobs") == (1 if size > 2**20 else 0)


def test_a_file_that_is_far_too_large_is_refused(client, github, monkeypatch):
    monkeypatch.setattr(contents, "MAX_FILE_BYTES", 5)
    assert reason(client.read_file, "gate.yml", BASE) is Reason.REFUSED


@pytest.mark.parametrize("path", ["a b/ü#?&=%41.yml", "a;b/c:d.yml", "deep/er/and/deeper.json"])
def test_names_that_mean_something_in_a_url(client, github, path):
    github.commit(BASE, {path: b"x", "other.yml": b"y"})
    assert client.read_file(path, BASE) == b"x"


@pytest.mark.parametrize("path", ["absent.yml", "no/such/folder/x.json", "gate.yml/x", "baselines/v1/shop/b.json"])
def test_what_is_surely_absent_is_none(client, path):
    assert client.read_file(path, BASE) is None


def test_a_folder_that_is_surely_absent_is_empty(client):
    assert client.list_directory("baselines/v1/other", BASE) == []
    assert [entry.name for entry in client.list_directory("baselines/v1/shop", BASE)] == ["a.json"]


def test_absence_is_not_believed_where_nothing_can_be_read(client, github):
    """A token without `contents: read` sees 404 on a private repository."""
    assert reason(client.read_file, "gate.yml", "d" * 40) is Reason.FORBIDDEN
    github.fail("contents", status=404, message="Not Found", times=99)
    assert reason(client.read_file, "gate.yml", BASE) is Reason.FORBIDDEN
    assert reason(client.list_directory, "baselines/v1/shop", BASE) is Reason.FORBIDDEN


def test_absence_is_not_believed_against_a_listing(client, github):
    github.fail(FILE, status=404, message="Not Found", times=99)
    assert reason(client.read_file, "gate.yml", BASE) is Reason.UNREACHABLE


def test_a_folder_is_no_file_and_a_file_no_folder(client, github):
    assert reason(client.read_file, "baselines", BASE) is Reason.REFUSED
    assert reason(client.list_directory, "gate.yml", BASE) is Reason.REFUSED
    github.links.add("gate.yml")
    assert reason(client.read_file, "gate.yml", BASE) is Reason.REFUSED


@pytest.mark.parametrize(
    ("path", "ref"),
    [("gate.yml", ""), ("gate.yml", "main"), ("gate.yml", BASE[:7]), ("../x", BASE), ("a//b", BASE), ("/x", BASE)],
)
def test_a_path_or_ref_that_could_mean_something_else_is_never_sent(client, github, path, ref):
    assert reason(client.read_file, path, ref) is Reason.REFUSED
    assert github.requests == []


def test_content_that_does_not_match_its_hash_is_refused(client, github):
    for change in ({"content": "dmVyc2lvbjogMg=="}, {"content": "???"}, {"content": "dmVyc2lvbjogMQo"}):
        answer = github.answer("GET", "/repos/octo/shop/contents/gate.yml", {"ref": BASE}, {})[2]
        github.fail(FILE, raw=_json({**answer, **change}))
        assert reason(client.read_file, "gate.yml", BASE) is Reason.MISMATCH


def test_ids_are_those_of_git():
    assert contents.object_id(b"version: 1\n") == git_id("blob", b"version: 1\n")
    assert contents.object_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert len(contents.object_id(b"x", 64)) == 64


def test_a_folder_of_a_thousand_files_is_listed_whole(client, github):
    files = {f"baselines/v1/shop/{n:05}.json": b"%d" % n for n in range(1203)} | {"gate.yml": b"x"}
    github.commit(BASE, files)
    github.links.add("baselines/v1/shop/00007.json")
    listed = client.list_directory("baselines/v1/shop", BASE)
    assert [entry.name for entry in listed] == [f"{n:05}.json" for n in range(1203)]
    assert [entry.kind for entry in listed[6:9]] == ["file", "symlink", "file"]
    assert client.read_file("baselines/v1/shop/01202.json", BASE) == b"1202"
    assert client.read_file("baselines/v1/shop/99999.json", BASE) is None


def test_a_listing_that_is_cut_is_no_listing(client, github):
    github.commit(BASE, {f"{n:05}.json": b"" for n in range(1000)})
    one = {"type": "blob", "mode": "100644", "path": "00000.json", "sha": "0" * 40}
    github.fail("git/trees", raw=_json({"truncated": True, "tree": [one]}))
    assert reason(client.list_directory, "", BASE) is Reason.REFUSED


def test_two_listings_that_do_not_agree_are_no_listing(client, github):
    github.commit(BASE, {f"baselines/{n:05}.json": b"" for n in range(1000)})
    github.fail("git/trees", raw=_json({"truncated": False, "tree": []}))
    assert reason(client.list_directory, "baselines", BASE) is Reason.UNREACHABLE


# faults that pass ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502, "raw": b"<html>Bad gateway</html>"},
        {"status": 503},
        {"status": 504},
        {"status": 408},
        {"status": 202},
        {"wire": "reset"},
        {"wire": "cut"},
        {"raw": b"<html>a proxy says hello</html>"},
        {"raw": b""},
        {"raw": b'{"type": "file", "sha": "'},
        {"raw": b"[]"},
        {"raw": b'"text"'},
        {"raw": b'{"type": "file"}'},
        {"raw": b'{"message": "ok"}'},
        {"raw": b"\xff\xfe\x00"},
        {"raw": b"[" * 100_000},
    ],
)
def test_a_passing_fault_costs_a_pause(client, github, clock, fault):
    github.fail(FILE, **fault)
    if fault.get("raw") == b"[]":  # a folder, as far as anybody can tell
        assert reason(client.read_file, "gate.yml", BASE) is Reason.REFUSED
        return
    assert client.read_file("gate.yml", BASE) == b"version: 1\n"
    assert clock.pauses == [1.0]


@pytest.mark.parametrize("fault", [{"status": 500}, {"wire": "reset"}, {"raw": b"<html>"}, {"wire": "cut"}])
def test_a_lasting_fault_ends_after_six_tries(client, github, clock, fault):
    github.fail(FILE, times=99, **fault)
    assert reason(client.read_file, "gate.yml", BASE) is Reason.UNREACHABLE
    assert clock.pauses == [1, 2, 4, 8, 16]
    assert github.count(FILE) == 6


def test_pauses_are_spread(make, github, clock):
    github.fail(FILE, status=500, times=2)
    make(random=0.8).read_file("gate.yml", BASE)
    assert clock.pauses == pytest.approx([1.2, 2.4])


@pytest.mark.parametrize("wire", ["drip", "slow head"])
def test_an_answer_that_drips_ends_with_its_time(make, github, wire):
    """A byte now and then keeps every timeout of a socket from firing."""
    github.fail(FILE, wire=wire)
    start = time.monotonic()
    assert make(call_limit_s=0.2).read_file("gate.yml", BASE) == b"version: 1\n"
    assert time.monotonic() - start < 5


def test_a_closed_port_ends_with_the_tries(make, github, clock):
    github.url = "http://127.0.0.1:1"
    assert reason(make().read_file, "gate.yml", BASE) is Reason.UNREACHABLE
    assert len(clock.pauses) == 5


def test_the_budget_is_shared_by_all_calls_and_can_be_renewed(make, github, clock):
    client = make(budget_s=20)
    github.fail(FILE, status=500, times=10)
    assert reason(client.read_file, "gate.yml", BASE) is Reason.UNREACHABLE
    assert sum(clock.pauses) == 15
    github.faults.clear()
    github.fail(FILE, status=500, times=9)
    assert reason(client.read_file, "gate.yml", BASE) is Reason.UNREACHABLE
    assert sum(clock.pauses) == 18
    client.renew_budget()
    github.faults.clear()
    assert client.read_file("gate.yml", BASE)


def test_an_answer_without_end_is_given_up(client, github, monkeypatch):
    monkeypatch.setattr("gate.gh.rest.wire.MAX_ANSWER_BYTES", 1000)
    github.commit(BASE, {"data.bin": b"x" * 5000})
    with pytest.raises(ApiError, match="longer than 1000 bytes"):
        client.read_file("data.bin", BASE)


def test_a_redirect_is_not_followed(client, github):
    """PyGithub drops the query of a 301, which would read the default branch instead of the commit."""
    for status in (301, 302, 307, 308):
        github.fail(FILE, status=status, headers={"Location": f"{github.url}/repos/octo/shop/contents/gate.yml"})
        assert reason(client.read_file, "gate.yml", BASE) is Reason.UNREACHABLE
    assert github.count(FILE) == 4


# limits --------------------------------------------------------------------------------------------------------------

SECONDARY = "You have exceeded a secondary rate limit and have been temporarily blocked."
LATER = "Something. Please wait a few minutes before you try again."


@pytest.mark.parametrize(
    ("status", "message", "headers", "pause"),
    [
        (429, "x", {"Retry-After": "7"}, 7),
        (403, SECONDARY, {"Retry-After": "3"}, 3),
        (403, "x", {"Retry-After": "30"}, 30),
        (403, SECONDARY, {}, 60),
        (403, LATER, {}, 60),
        (429, "x", {}, 60),
        (429, "x", {"Retry-After": "abc"}, 60),
        (429, "x", {"Retry-After": "-5"}, 60),
        (429, "x", {"Retry-After": "0"}, 60),
        (403, "API rate limit exceeded", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795003230"}, 30),
        (429, "API rate limit exceeded", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1794999600"}, 1),
        (403, "API rate limit exceeded", {"X-RateLimit-Remaining": "0"}, 60),
        (403, "API rate limit exceeded", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, 60),
        (403, "x", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795003230", "Date": "never"}, 60),
        (403, "x", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795003230", "Date": ""}, 60),
    ],
)
def test_a_limit_is_waited_for_as_told(client, github, clock, status, message, headers, pause):
    github.fail(FILE, status=status, message=message, headers=headers)
    assert client.read_file("gate.yml", BASE) == b"version: 1\n"
    assert clock.pauses == [pause]


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "999999"},
        {"Retry-After": "9" * 40},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795006800"},
    ],
)
def test_a_limit_beyond_the_budget_ends_at_once(client, github, clock, headers):
    github.fail(FILE, status=429, headers=headers, times=99)
    with pytest.raises(ApiError) as caught:
        client.read_file("gate.yml", BASE)
    assert caught.value.reason is Reason.LIMITED
    assert sum(clock.pauses) <= 60
    assert github.count(FILE) <= 2


def test_a_limit_without_a_time_is_waited_for_longer_and_longer(make, github, clock):
    github.fail(FILE, status=429, times=3)
    make(budget_s=1000).read_file("gate.yml", BASE)
    assert clock.pauses == [60, 120, 240]


# refusals, and what they mean to whom --------------------------------------------------------------------------------


def test_a_rejected_token_is_not_tried_again(make, github):
    assert reason(make(token="ghs_OTHER").read_file, "gate.yml", BASE) is Reason.UNAUTHORIZED
    assert len(github.requests) == 1


def test_a_forbidden_call_names_its_permission(client, github):
    headers = {"X-Accepted-GitHub-Permissions": "contents=read"}
    github.fail(FILE, status=403, message=INTEGRATION, headers=headers)
    with pytest.raises(ApiError) as caught:
        client.read_file("gate.yml", BASE)
    assert caught.value.reason is Reason.FORBIDDEN
    for part in ("contents: read", INTEGRATION, "contents=read", "gate.yml"):
        assert part in str(caught.value)
    github.fail("pulls/7", status=403, message=INTEGRATION)
    with pytest.raises(ApiError, match="pull-requests: read"):
        Pulls(client.api, client.repository).get(7)


PLAN = ActionPlan(
    Use.CHECK,
    "octo/shop",
    "main",
    ("gate.yml",),
    policy_sha=BASE,
    head_sha=HEAD,
    pull_requests=(7,),
    suite_may_be_absent=True,
)


@pytest.mark.parametrize(
    ("fault", "suite", "baselines"),
    [
        ({"status": 401, "message": "Bad credentials"}, UsageError, BaselineError),
        ({"status": 403, "message": INTEGRATION}, UsageError, BaselineError),
        ({"status": 404, "message": "Not Found"}, UsageError, BaselineError),
        ({"status": 409, "message": "Git Repository is empty."}, UsageError, BaselineError),
        ({"status": 429, "headers": {"Retry-After": "9999"}}, NotMeasured, NotMeasured),
        ({"status": 500}, NotMeasured, NotMeasured),
        ({"wire": "reset"}, NotMeasured, NotMeasured),
        ({"raw": b"<html>"}, NotMeasured, NotMeasured),
    ],
)
def test_whoever_asks_gets_the_error_that_fits(make, github, fault, suite, baselines):
    github.fail("contents", times=99, **fault)
    with pytest.raises(suite) as caught:
        read_suite(PLAN, "gate.yml", make())
    assert type(caught.value) is suite
    store = BaseCommitBaselines(make(), "baselines", BASE)
    with pytest.raises(baselines) as caught:
        store.names("shop")
    assert type(caught.value) is baselines
    with pytest.raises(baselines):
        store.read("shop", "a.json")


def test_no_error_repeats_the_token(make, github):
    github.url = "http://127.0.0.1:1"
    with pytest.raises(ApiError) as caught:
        make(token="ghs_SECRET\n").read_file("gate.yml", BASE)
    assert "ghs_SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_suite_of_the_base_commit_decides(client):
    assert read_suite(PLAN, "gate.yml", client) == b"version: 1\n"


def test_a_missing_suite_is_fine_only_where_it_may_be(client):
    assert read_suite(PLAN, "new.yml", client) is None
    with pytest.raises(UsageError, match=r"there is no new\.yml"):
        read_suite(replace(PLAN, suite_may_be_absent=False), "new.yml", client)


def pull(base: str = "main", state: str = "open") -> dict:
    repo = {"full_name": "octo/shop"}
    return {
        "number": 7,
        "state": state,
        "head": {"sha": HEAD, "ref": "topic", "repo": repo},
        "base": {"sha": BASE, "ref": base, "repo": repo},
    }


@pytest.mark.parametrize("base", ["main", "soft"])
def test_a_plan_is_completed_by_the_api(client, github, base):
    github.pulls[7] = pull(base)
    github.branches["soft"] = HEAD
    done = resolve(replace(PLAN, policy_sha="", head_sha="", pending=Pending.PULL_REQUEST), client)
    assert (done.head_sha, done.policy_sha, done.pending) == (HEAD, BASE, Pending.NOTHING)
    assert resolve(done, client) == done
    assert github.count("git/ref/heads/main") == (base == "soft")


def test_a_pull_request_that_cannot_be_read_ends_the_run(client, github):
    pending = replace(PLAN, policy_sha="", head_sha="", pending=Pending.PULL_REQUEST)
    with pytest.raises(UsageError, match="pull request #7"):
        resolve(pending, client)
    github.pulls[7] = pull(state="closed")
    with pytest.raises(UsageError, match="closed"):
        resolve(pending, client)
    github.fail("pulls/7", status=500, times=99)
    with pytest.raises(NotMeasured):
        resolve(pending, client)


# baselines at the base commit ----------------------------------------------------------------------------------------


def test_baselines_of_the_base_commit(client, github):
    files = {f"perf/v1/shop/{name}": name.encode() for name in ("b.json", "a.json", "c.json.gz", "README.md")}
    github.commit(HEAD, files | {"perf/v1/shop/mine.json": b"soft"}, "topic")
    github.commit(BASE, files | {"perf/v1/shop/deeper/x.json": b""})
    store = BaseCommitBaselines(client, "./perf/", BASE)
    assert store.names("shop") == ["a.json", "b.json", "c.json.gz"]
    assert store.read("shop", "b.json") == b"b.json"
    assert store.names("other") == []
    assert BASE[:12] in store.place


@pytest.mark.parametrize("directory", ["/baselines", "../baselines", "a/../../baselines"])
def test_a_directory_outside_the_repository_is_refused(client, github, directory):
    with pytest.raises(BaselineError, match="not a path inside"):
        BaseCommitBaselines(client, directory, BASE).names("shop")
    assert github.requests == []


def test_the_top_directory_may_hold_the_baselines(client, github):
    github.commit(BASE, {"v1/shop/a.json": b"x"})
    assert BaseCommitBaselines(client, ".", BASE).names("shop") == ["a.json"]


def test_a_check_never_writes(client, github):
    with pytest.raises(BaselineError, match="never writes"):
        BaseCommitBaselines(client, "baselines", BASE).append("shop", "x.json", b"")
    assert github.requests == []


def test_what_is_no_stored_run_is_an_error_and_not_left_out(client, github):
    store = BaseCommitBaselines(client, "baselines", BASE)
    with pytest.raises(BaselineError, match=r"is not in"):
        store.read("shop", "absent.json")
    for name in ("../x.json", "", "a/b.json", ".hidden.json"):
        with pytest.raises(BaselineError, match="is not the name"):
            store.read("shop", name)
    with pytest.raises(BaselineError, match="is not the name"):
        store.names("../..")
    github.links.add("baselines/v1/shop/a.json")
    with pytest.raises(BaselineError, match="no stored run"):
        store.names("shop")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
