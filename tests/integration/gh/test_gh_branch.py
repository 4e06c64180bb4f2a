"""Baselines on a branch of their own: opened, read, appended to, and every branch that is refused."""

from __future__ import annotations

import subprocess

import pytest
from fake_github import BASE, INTEGRATION, REPOSITORY, FakeGitHub
from fake_objects import EMPTY, ObjectStore
from fake_pulls import Pulls

from gate.baseline.window import append_run, read_window
from gate.errors import BaselineError, GateError, NotMeasured, UsageError
from gate.gh.rest.client import Client
from gate.gh.store.branch import BranchStore
from gate.gh.store.records import README_MARKER, readme
from tests.builders import history_of, suite_of

BRANCH = "perf-baselines"
FIRST = "20261101T000000Z-aaaa-r1.json"
SECOND = "20261102T000000Z-bbbb-r2.json"
THIRD = "20261103T000000Z-cccc-r3.json"
WRITES = r"(POST|PATCH|PUT|DELETE) "


@pytest.fixture
def pulls(github: FakeGitHub) -> Pulls:
    return Pulls(github)


@pytest.fixture
def objects(github: FakeGitHub, pulls: Pulls) -> ObjectStore:
    return ObjectStore(github)


def opened(client: Client, branch: str = BRANCH, *, writable: bool = True, **more) -> BranchStore:
    return BranchStore.open(client.api, REPOSITORY, branch, "main", writable=writable, **more)


def refused(client: Client, branch: str = BRANCH, *, writable: bool = True) -> GateError:
    with pytest.raises(GateError) as caught:
        opened(client, branch, writable=writable)
    return caught.value


# the first run and the next ------------------------------------------------------------------------------------------


def test_before_the_first_refresh_there_is_nothing(client, objects, github):
    store = opened(client, writable=False)
    assert store.names("shop") == []
    assert store.place == "branch perf-baselines of octo/shop, which is not there yet"
    with pytest.raises(BaselineError, match="not there yet"):
        store.read("shop", FIRST)
    assert github.count(WRITES) == 0


def test_the_first_refresh_makes_a_branch_with_a_history_of_its_own(client, objects, github):
    store = opened(client)
    place = store.append("shop", FIRST, b"one\n")
    (commit,) = objects.line(BRANCH)
    assert objects.files(commit) == {"README.md": readme(BRANCH), f"v1/shop/{FIRST}": b"one\n"}
    assert place == f"v1/shop/{FIRST} on branch perf-baselines of octo/shop at {commit[:12]}"
    assert store.names("shop") == [FIRST]
    assert store.read("shop", FIRST) == b"one\n"
    assert github.branches["main"] == BASE


def test_every_refresh_is_one_commit_after_the_last(client, objects):
    opened(client).append("shop", FIRST, b"one")
    store = opened(client)
    store.append("shop", SECOND, b"two")
    store.append("shop", THIRD, b"three")
    line = objects.line(BRANCH)
    assert [len(objects.files(commit)) for commit in line] == [2, 3, 4]
    assert store.names("shop") == [FIRST, SECOND, THIRD]
    assert opened(client, writable=False).names("shop") == [FIRST, SECOND, THIRD]
    assert opened(client, writable=False).read("shop", SECOND) == b"two"
    assert "shop: commit cccc, run r3" in objects.made[line[-1]].message
    assert "[skip ci]" in objects.made[line[-1]].message
    assert objects.forced == 0


def test_several_suites_are_stored_in_one_commit(client, objects):
    store = opened(client)
    store.append_all([("shop", FIRST, b"one"), ("blog", FIRST, b"one"), ("blog", SECOND, b"two")])
    assert len(objects.line(BRANCH)) == 1
    assert (store.names("shop"), store.names("blog")) == ([FIRST], [FIRST, SECOND])
    assert opened(client).names("blog") == [FIRST, SECOND]


def test_whole_runs_go_in_and_come_out(client, objects):
    runs = history_of(suite_of(), 4)
    store = opened(client)
    for run in runs:
        append_run(store, run)
    assert read_window(opened(client, writable=False), runs[0].suite, 30) == runs


def test_git_finds_nothing_wrong_with_what_was_made(client, objects, tmp_path):
    store = opened(client, keep=2)
    for number, name in enumerate((FIRST, SECOND, THIRD)):
        store.append_all([("shop", name, b"%d" % number), ("blog", name, b"%d" % number)])
    objects.write_repository(tmp_path / "bare.git", BRANCH)
    git = ["git", "-C", str(tmp_path / "bare.git")]
    checked = subprocess.run([*git, "fsck", "--strict", "--no-dangling"], capture_output=True, text=True, check=True)
    assert checked.stderr + checked.stdout == ""
    count = subprocess.run([*git, "rev-list", "--count", BRANCH], capture_output=True, text=True, check=True)
    assert count.stdout == "3\n"
    listed = subprocess.run([*git, "ls-tree", "-r", "--name-only", BRANCH], capture_output=True, text=True, check=True)
    kept = [f"v1/{suite}/{name}" for suite in ("blog", "shop") for name in (SECOND, THIRD)]
    assert listed.stdout.split() == ["README.md", *kept]


# reading -------------------------------------------------------------------------------------------------------------


def test_reading_stays_at_the_commit_it_began_with(client, objects):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    store = opened(client, writable=False)
    objects.seed(BRANCH, {f"v1/shop/{SECOND}": b"two"})
    assert store.names("shop") == [FIRST]
    assert store.read("shop", FIRST) == b"one"
    assert opened(client, writable=False).names("shop") == [SECOND]


def test_a_suite_without_runs_beside_others_has_none(client, objects):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    assert opened(client, writable=False).names("blog") == []


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[]\n", b"<<<<<<< ours\n"])
def test_a_damaged_run_on_the_branch_blocks(client, objects, content):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": content})
    with pytest.raises(BaselineError, match=FIRST) as caught:
        read_window(opened(client, writable=False), "shop", 30)
    assert caught.value.exit_code == 5


def test_a_check_never_writes(client, objects, github):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    store = opened(client, writable=False)
    with pytest.raises(BaselineError, match="a check never writes"):
        store.append("shop", SECOND, b"two")
    assert github.count(WRITES) == 0


def test_absence_is_not_believed_where_nothing_can_be_read(client, objects, github):
    """A token without `contents: read` sees 404 on a private repository."""
    github.fail("git/ref/", status=404, message="Not Found", times=99)
    error = refused(client, writable=False)
    assert type(error) is BaselineError
    assert "contents: read" in str(error)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 403, "message": INTEGRATION}, BaselineError),
        ({"status": 401, "message": "Bad credentials"}, BaselineError),
        ({"status": 409, "message": EMPTY}, BaselineError),
        ({"status": 500}, NotMeasured),
        ({"wire": "reset"}, NotMeasured),
        ({"raw": b"<html>"}, NotMeasured),
        ({"status": 429, "headers": {"Retry-After": "9999"}}, NotMeasured),
    ],
)
def test_a_branch_that_cannot_be_read_is_not_absent(client, objects, github, fault, kind):
    github.fail("git/ref/", times=99, **fault)
    assert type(refused(client, writable=False)) is kind


def test_what_is_no_stored_run_is_an_error(client, objects):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    store = opened(client, writable=False)
    for name in ("../x.json", "absent.json", ""):
        with pytest.raises(BaselineError):
            store.read("shop", name)
    with pytest.raises(BaselineError, match="is not the name"):
        store.names("../..")


# which branch --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["refs/heads/x", "-x", "a..b", "", "main", "a b", "x.lock", "HEAD"])
@pytest.mark.parametrize("writable", [True, False])
def test_a_branch_that_cannot_be_is_refused_before_anything_is_sent(client, objects, github, name, writable):
    error = refused(client, name, writable=writable)
    assert type(error) is UsageError
    assert error.exit_code == 2
    assert github.requests == []


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("is_filtered", [True, False])
def test_a_branch_under_review_is_refused(client, objects, github, pulls, writable, is_filtered):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    for number in range(1, 131):
        pulls.add(number, BASE, BASE, branch=f"topic-{number}")
    pulls.add(131, BASE, BASE, branch=BRANCH)
    if not is_filtered:  # a filter that GitHub does not understand
        answer = github.operations["GET pulls"]
        github.operations["GET pulls"] = lambda matched, query, body: answer(matched, {**query, "head": ""}, body)
    error = refused(client, writable=writable)
    assert type(error) is UsageError
    assert "pull request #131" in str(error)
    assert github.count(WRITES) == 0


def test_a_branch_of_that_name_elsewhere_is_none_of_ours(client, objects, pulls):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    for number, source in ((1, "stranger/shop"), (2, None), (3, "octo/other")):
        pulls.add(number, BASE, BASE, branch=BRANCH, source=source)
    pulls.add(4, BASE, BASE, branch=BRANCH, state="closed")
    assert opened(client).names("shop") == [FIRST]


@pytest.mark.parametrize(
    "files",
    [
        {"src/app.py": b"", "README.md": readme(BRANCH)},
        {"README.md": b"# Release\n"},
        {f"v1/shop/{FIRST}": b"one"},
        {"README.md": b" " + README_MARKER},
    ],
)
@pytest.mark.parametrize("writable", [True, False])
def test_a_protected_branch_of_somebody_else_is_refused(client, objects, github, files, writable):
    objects.seed(BRANCH, files)
    objects.protected.add(BRANCH)
    error = refused(client, writable=writable)
    assert type(error) is UsageError
    assert "protected" in str(error)
    assert github.count(WRITES) == 0


def test_a_protected_branch_of_ours_is_written(client, objects):
    """As the documents advise: a ruleset against deletion and force pushes shows as protection."""
    opened(client).append("shop", FIRST, b"one")
    objects.protected.add(BRANCH)
    opened(client).append("shop", SECOND, b"two")
    assert opened(client, writable=False).names("shop") == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("on", "permission"), [("GET .*/pulls", "pull-requests: read"), ("POST .*blobs", "contents: write")]
)
def test_a_missing_permission_is_named_before_anything_is_measured(client, objects, github, on, permission):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail(on, status=403, message=INTEGRATION, times=99)
    error = refused(client)
    assert type(error) is UsageError
    assert f"permissions: {{{permission}}}" in str(error)


@pytest.mark.parametrize("on", ["GET .*/pulls", "GET .*/branches/", "POST .*blobs"])
def test_what_github_does_not_say_allows_nothing(client, objects, github, on):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail(on, status=500, times=99)
    assert type(refused(client)) is NotMeasured


# appending -----------------------------------------------------------------------------------------------------------


def test_the_same_run_again_changes_nothing(client, objects):
    opened(client).append("shop", FIRST, b"one")
    place = opened(client).append("shop", FIRST, b"one")
    assert place.startswith(f"v1/shop/{FIRST} on branch")
    assert len(objects.line(BRANCH)) == 1


def test_another_run_of_that_name_is_refused(client, objects, github):
    opened(client).append("shop", FIRST, b"one")
    store = opened(client)
    github.requests.clear()
    with pytest.raises(BaselineError, match="exists already; a stored run is never overwritten"):
        store.append_all([("shop", SECOND, b"two"), ("shop", FIRST, b"other")])
    assert github.count(WRITES) == 0
    assert opened(client).names("shop") == [FIRST]


def test_of_several_only_what_is_missing_is_added(client, objects):
    opened(client).append("shop", FIRST, b"one")
    opened(client).append_all([("shop", FIRST, b"one"), ("shop", SECOND, b"two")])
    assert objects.made[objects.line(BRANCH)[-1]].message.startswith("Store 1 run of shop")


def test_the_oldest_leave_the_tree_in_the_same_commit(client, objects):
    files = {f"v1/shop/2026110{n}T000000Z-a-r.json": b"%d" % n for n in range(1, 6)}
    others = {"README.md": b"mine", "v1/blog/a.json": b"", "v1/shop/notes.txt": b"", "docs/x.json": b""}
    objects.seed(BRANCH, files | others)
    store = opened(client, keep=3)
    store.append("shop", "20261106T000000Z-a-r.json", b"6")
    left = objects.files(objects.tip(BRANCH))
    names = [f"2026110{n}T000000Z-a-r.json" for n in (4, 5, 6)]
    assert left == {f"v1/shop/{name}": name[7:8].encode() for name in names} | others
    assert store.names("shop") == opened(client).names("shop") == names


def test_nothing_to_store_stores_nothing(client, objects, github):
    opened(client).append_all([])
    assert objects.tip(BRANCH) is None


def test_a_listing_that_lags_behind_does_not_turn_success_into_failure(client, objects, github):
    store = opened(client)
    store.append("shop", FIRST, b"one")
    github.fail("contents", status=404, message="No commit found for the ref", times=99)
    assert store.names("shop") == [FIRST]


def test_the_branch_is_never_forced_and_no_other_is_touched(client, objects, github):
    store = opened(client)
    store.append("shop", FIRST, b"one")
    store.append("shop", SECOND, b"two")
    assert objects.forced == 0
    touched = {request.partition(" ")[2] for request in github.requests if request.startswith(("PATCH", "DELETE"))}
    assert touched == {f"/repos/{REPOSITORY}/git/refs/heads/{BRANCH}"}
    assert github.branches["main"] == BASE


def test_a_refresh_needs_seven_requests_and_four_writes(client, objects, github):
    """Writes are a second apart, so each of them is felt."""
    opened(client).append("shop", FIRST, b"one")
    store = opened(client)
    github.requests.clear()
    store.append("shop", SECOND, b"two")
    assert (len(github.requests), github.count(WRITES)) == (7, 4)


@pytest.mark.parametrize("on", ["git/trees", "git/commits", "git/refs"])
def test_a_permission_that_is_missing_at_the_write_is_named(client, objects, github, on):
    store = opened(client)
    github.fail(f"POST .*{on}", status=403, message=INTEGRATION, times=99)
    with pytest.raises(BaselineError, match="nothing was stored") as caught:
        store.append("shop", FIRST, b"one")
    assert "permissions: {contents: write}" in str(caught.value)
    assert objects.tip(BRANCH) is None


def test_content_that_github_does_not_keep_as_it_is_ends_the_write(client, objects, github):
    store = opened(client)
    github.fail("POST .*blobs", raw=b'{"sha": "%s"}' % (b"0" * 40), status=201, times=9)
    with pytest.raises(BaselineError, match="not their git hash"):
        store.append("shop", FIRST, b"one")
    assert objects.tip(BRANCH) is None


def test_a_commit_that_is_not_what_was_asked_for_ends_the_write(client, objects, github):
    store = opened(client)
    wrong = b'{"sha": "%s", "tree": {"sha": "%s"}, "parents": []}' % (b"1" * 40, b"2" * 40)
    github.fail("POST .*git/commits", raw=wrong, status=201)
    with pytest.raises(BaselineError, match=r"not of the tree.*nothing was stored"):
        store.append("shop", FIRST, b"one")
    assert objects.tip(BRANCH) is None


def test_a_branch_that_went_elsewhere_leaves_it_open(client, objects, github):
    store = opened(client)
    elsewhere = b'{"object": {"sha": "%s"}}' % (b"1" * 40)
    github.fail("POST .*git/refs", raw=elsewhere, status=201)
    with pytest.raises(BaselineError, match=r"GitHub answers with 111111.*cannot be known"):
        store.append("shop", FIRST, b"one")


def test_a_repository_that_says_it_is_empty_is_asked_again(client, objects, github):
    store = opened(client)
    github.fail("git/", status=409, message=EMPTY, times=3)
    store.append("shop", FIRST, b"one")
    assert objects.line(BRANCH)


def test_a_repository_that_stays_empty_ends_the_write(make, objects, github):
    store = opened(make(budget_s=1000))
    github.fail("git/", status=409, message=EMPTY, times=99)
    with pytest.raises(BaselineError, match=r"Git Repository is empty.*nothing was stored"):
        store.append("shop", FIRST, b"one")
    assert github.count("git/ref/heads/perf") == 1 + 8


def test_a_ruleset_that_forbids_pushes_is_named_as_a_cause(make, objects, github):
    store = opened(make(budget_s=1000))
    github.fail("POST .*git/refs", status=422, message="Repository rule violations found", times=99)
    with pytest.raises(BaselineError, match="nothing was stored") as caught:
        store.append("shop", FIRST, b"one")
    assert "ruleset" in caught.value.cure
    assert "rule violations" in caught.value.message


def test_a_branch_with_too_many_files_is_refused(make, objects, github):
    objects.seed(BRANCH, {"a": b""})
    store = opened(make(budget_s=1000))
    github.fail("GET .*git/trees", raw=b'{"tree": [], "truncated": true}', times=99)
    with pytest.raises(BaselineError, match=r"too many.*nothing was stored"):
        store.append("shop", FIRST, b"one")


def test_no_error_repeats_the_token(make, objects, github):
    github.fail("POST .*git/", status=500, times=999)
    with pytest.raises(GateError) as caught:
        opened(make())
    assert "ghs_" not in str(caught.value)
