"""What a commit of the baseline branch adds, takes away and says; which branches and refreshes are refused."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.baseline.window import _READ_PER_WINDOW
from gate.commands.history import _WINDOW
from gate.config.branches import BRANCH, checked_branch
from gate.config.policy import Baselines
from gate.errors import BaselineError, UsageError
from gate.gh.rest.contents import object_id
from gate.gh.store.branch_rules import refuse_name
from gate.gh.store.records import (
    KEEP,
    README_MARKER,
    Record,
    leaving,
    message,
    missing,
    readme,
    stored_names,
)
from gate.gh.store.refreshing import EVENTS, refuse_refresh

ONE = Record("shop", "20261103T000000Z-0123456789ab-r1.json", b"one")
TWO = Record("shop", "20261104T000000Z-unknown-r2.json", b"two")
OTHER = Record("blog", "20261104T000000Z-cafe-r-3.json", b"three")


def test_records_lie_as_in_a_directory():
    assert ONE.path == "v1/shop/20261103T000000Z-0123456789ab-r1.json"


@pytest.mark.parametrize(("suite", "name"), [("..", "a.json"), ("a/b", "a.json"), ("shop", "../a.json")])
def test_a_record_that_could_be_elsewhere_is_refused(suite, name):
    with pytest.raises(BaselineError, match="is not the name of"):
        Record(suite, name, b"")


@pytest.mark.parametrize("name", ["README.md", "a.jso", "a"])
def test_a_record_is_no_other_kind_of_file(name):
    with pytest.raises(BaselineError, match=r"it ends with \.json"):
        Record("shop", name, b"")


def test_a_record_that_could_not_be_read_back_is_not_stored():
    with pytest.raises(BaselineError, match="more than 16777216 are not read"):
        Record("shop", "a.json", bytes(2**24 + 1))


def test_what_is_there_already_is_not_missing():
    files = {ONE.path: object_id(b"one"), "README.md": object_id(b"x")}
    assert missing([ONE, TWO], files) == [TWO]
    assert missing([ONE], {ONE.path: object_id(b"one", 64)}) == []


def test_another_content_under_the_name_is_refused():
    with pytest.raises(BaselineError, match="exists already; a stored run is never overwritten"):
        missing([TWO, ONE], {ONE.path: object_id(b"other")})


def test_names_are_those_of_one_suite():
    files = [ONE.path, OTHER.path, "v1/shop/deeper/a.json", "v1/shop/README.md", "v1/shopping/a.json", "a.json"]
    assert stored_names(files, "shop") == [ONE.name]


def test_nothing_leaves_before_there_are_too_many():
    assert leaving([TWO], [ONE.path, "README.md"], keep=2) == []
    assert leaving([TWO], [ONE.path, "README.md"], keep=1) == [ONE.path]


def test_what_is_added_stays_even_if_it_is_the_oldest():
    """A runner's clock may be wrong; the run was measured all the same."""
    assert leaving([ONE], [TWO.path], keep=1) == [TWO.path]


def test_other_suites_and_other_files_never_leave():
    files = [OTHER.path, "v1/shop/notes.txt", "README.md", "src/app.py", "v1/shop/a/b.json"]
    assert leaving([ONE, TWO], files, keep=1) == []


@given(
    old=st.sets(st.integers(0, 60).map(lambda n: f"v1/shop/{n:03}.json"), max_size=40),
    new=st.sets(st.integers(0, 60).map(lambda n: f"{n:03}.json"), min_size=1, max_size=5),
    keep=st.integers(1, 30),
)
def test_the_newest_stay(old, new, keep):
    added = [Record("shop", name, b"") for name in sorted(new)]
    gone = leaving(added, old, keep)
    left = (old | {record.path for record in added}) - set(gone)
    assert {record.path for record in added} <= left
    assert set(gone) <= old
    assert len(left) == max(len(added), min(keep, len(old | {r.path for r in added})))
    kept_old = left - {record.path for record in added}
    assert not gone or not kept_old or max(gone) < min(kept_old)


def test_nobody_reads_more_than_is_kept():
    window = next(limit.le for limit in Baselines.model_fields["window"].metadata if hasattr(limit, "le"))
    assert _READ_PER_WINDOW * max(window, _WINDOW) <= KEEP


def test_the_commit_says_what_it_holds_and_starts_no_workflow():
    said = message([ONE, OTHER])
    assert said.splitlines() == [
        "Store 2 runs of blog, shop [skip ci]",
        "",
        "shop: commit 0123456789ab, run r1",
        "blog: commit cafe, run r-3",
    ]
    assert message([TWO]).startswith("Store 1 run of shop [skip ci]\n\nshop: commit unknown, run r2")
    assert message([Record("shop", "odd.json.gz", b"")]).endswith("shop: odd.json.gz")


def test_the_branch_says_what_it_is():
    said = readme("perf/main")
    assert said.startswith(README_MARKER)
    assert b"worktree add ../runs perf/main`" in said
    assert str(KEEP).encode() in said


# names of branches ---------------------------------------------------------------------------------------------------

GOOD = ["perf-baselines", "gate", "perf/base.lines", "_x", "a.b.c/d-e", "0", "locked/x.lockx", "x-", "a/-b"]
BAD = [
    *(
        "",
        "-x",
        "a..b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.",
        "a./b",
        "a.lock",
        "a.lock/b",
        "a b",
        "a~b",
        "a^b",
        "a:b",
    ),
    *("a?b", "a*b", "a[b", "a\\b", "a@{b", "@", "a\nb", "a\n", "\x7f", "ü", "a%b", "a#b", "HEAD", "c" * 40, "x" * 201),
    *("refs/heads/x", "refs/heads/main", "refs/x"),
]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_git_takes(name):
    assert checked_branch(name) == name


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_is_refused_before_anything_is_sent(name):
    with pytest.raises(ValueError, match="; "):
        checked_branch(name)
    with pytest.raises(UsageError):
        refuse_name(name, "main")


def test_the_default_branch_is_refused():
    with pytest.raises(UsageError, match="default branch trunk"):
        refuse_name("trunk", "trunk")
    refuse_name("main", "trunk")


def test_the_cure_for_a_whole_reference_is_named():
    with pytest.raises(UsageError, match="leave out refs/heads/"):
        refuse_name("refs/heads/x", "main")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.from_regex(rf"\A{BRANCH}\Z"), min_size=1, max_size=20))
def test_git_takes_every_name_that_is_taken_here(names):
    taken = [name for name in names if _is_taken(name)]
    for name in taken[:2]:
        done = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
        assert done.returncode == 0, name


def _is_taken(name: str) -> bool:
    try:
        checked_branch(name)
    except ValueError:
        return False
    return True


# refreshes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", EVENTS)
def test_a_refresh_on_the_default_branch(event):
    refuse_refresh(event, "refs/heads/main", "main")


@pytest.mark.parametrize("event", [*EVENTS, "pull_request", "merge_group", "workflow_run", "issue_comment", ""])
@pytest.mark.parametrize(
    "ref",
    [
        *("refs/heads/main", "refs/heads/topic", "refs/tags/main", "refs/pull/7/merge", "main", "", "refs/heads/"),
        *("refs/heads/main ", "refs/heads/Main", "refs/heads/release/main"),
    ],
)
def test_a_refresh_anywhere_else_is_refused(event, ref):
    if event in EVENTS and ref == "refs/heads/main":
        return
    with pytest.raises(UsageError):
        refuse_refresh(event, ref, "main")


def test_a_default_branch_that_is_not_known_allows_nothing():
    with pytest.raises(UsageError):
        refuse_refresh("push", "refs/heads/", "")


def test_the_pattern_fits_the_schema():
    assert re.fullmatch(BRANCH, "perf-baselines")
    assert not re.fullmatch(BRANCH, "-x")
