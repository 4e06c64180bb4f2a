"""What was accepted of pull requests gets into the record of main, however many came between two refreshes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from fake_github import REPOSITORY
from fake_people import People, add_people, pull_request
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import NotMeasured
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.merged import MOST_COMMITS, Merged, MergedPull
from gate.gh.store.lasting import accepted_since, lasting_changes
from gate.record.run import AcceptedChange
from gate.verdict.acceptance import Acceptance
from tests.builders import sha_of

MAIN = [sha_of(f"main {number}") for number in range(6)]


def head(number: int) -> str:
    return sha_of(f"head {number}")


@pytest.fixture
def people(github) -> People:
    found = People(history=list(MAIN))
    for number in range(1, 6):
        found.pulls[MAIN[number]] = [pull_request(number, head(number))]
    add_people(github, found)
    return found


@pytest.fixture
def merged(client) -> Merged:
    return Merged(client.api, REPOSITORY, "main")


def numbers(pulls: list[MergedPull]) -> list[int]:
    return [pull.number for pull in pulls]


def test_every_merge_since_the_stored_run_is_found_the_newest_first(merged, people):
    assert numbers(merged.since(MAIN[2], MAIN[5])) == [5, 4, 3]
    assert merged.since(MAIN[4], MAIN[5]) == [MergedPull(5, head(5))]


def test_a_commit_that_is_measured_again_brings_nothing_new(merged, people, github):
    assert merged.since(MAIN[5], MAIN[5]) == []
    assert github.requests == []


def test_a_run_of_an_older_commit_brings_nothing_new(merged, people):
    assert merged.since(MAIN[5], MAIN[3]) == []


@pytest.mark.parametrize("stored", [None, sha_of("forced away"), "v1.2", "../../../user?"])
def test_where_the_stored_commit_is_not_known_the_measured_one_is_asked_about(merged, people, github, stored):
    assert numbers(merged.since(stored, MAIN[5])) == [5]
    assert github.count("user|v1") == 0


def test_a_direct_push_has_no_pull_request(merged, people):
    del people.pulls[MAIN[4]]
    assert numbers(merged.since(MAIN[3], MAIN[5])) == [5]


def test_only_what_was_merged_into_the_default_branch_counts(merged, people):
    people.pulls[MAIN[5]] = [
        pull_request(8, head(8), merged_at=None),
        pull_request(9, head(9), base="release"),
        pull_request(5, head(5)),
    ]
    assert numbers(merged.since(MAIN[4], MAIN[5])) == [5]


def test_a_pull_request_of_several_commits_counts_once(merged, people):
    people.pulls[MAIN[4]] = people.pulls[MAIN[5]]
    assert numbers(merged.since(MAIN[3], MAIN[5])) == [5]


def ahead(commits: list[dict]) -> dict:
    """A comparison with a commit of main before these."""
    return {"status": "ahead", "merge_base_commit": {"sha": MAIN[3]}, "commits": commits}


def test_commits_that_a_merge_brought_with_it_are_not_asked_about(merged, people, github):
    """Only the branch's own line is walked: a merge's second parent came with the pull request that is asked for."""
    side = [sha_of(f"side {number}") for number in range(3)]

    def compared(*_: object) -> tuple[int, dict, object]:
        commits = [{"sha": sha, "parents": [{"sha": MAIN[3]}]} for sha in side]
        commits.append({"sha": MAIN[4], "parents": [{"sha": MAIN[3]}]})
        commits.append({"sha": MAIN[5], "parents": [{"sha": MAIN[4]}, {"sha": side[2]}]})
        return 200, {}, ahead(commits)

    github.operations = {r"GET compare/.*": compared, **github.operations}
    assert numbers(merged.since(MAIN[3], MAIN[5])) == [5, 4]
    assert github.count("GET .*/commits/") == 2


def test_a_long_line_of_commits_comes_in_pages_and_has_an_end(merged, people, github):
    people.history = [sha_of(f"long {number}") for number in range(350)]
    for number, sha in enumerate(people.history):
        people.pulls[sha] = [pull_request(number + 1, head(number))]
    found = numbers(merged.since(people.history[0], people.history[-1]))
    assert found == list(range(350, 350 - MOST_COMMITS, -1))
    assert github.count("GET .*/compare/") == 4


def test_a_circle_of_parents_is_walked_once(merged, github, people):
    def compared(*_: object) -> tuple[int, dict, object]:
        pair = [{"sha": MAIN[4], "parents": [{"sha": MAIN[5]}]}, {"sha": MAIN[5], "parents": [{"sha": MAIN[4]}]}]
        return 200, {}, ahead(pair)

    github.operations = {r"GET compare/.*": compared, **github.operations}
    assert numbers(merged.since(MAIN[3], MAIN[5])) == [5, 4]
    assert github.count("GET .*/commits/") == 2


@pytest.mark.parametrize("where", ["compare/", "commits/.*/pulls"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 403, "message": "Resource not accessible by integration"}, Reason.FORBIDDEN),
        ({"status": 502}, Reason.UNREACHABLE),
        ({"raw": b"<html>"}, Reason.UNREACHABLE),
        ({"raw": b"{}"}, Reason.UNREACHABLE),
        ({"wire": "reset"}, Reason.UNREACHABLE),
    ],
)
def test_what_cannot_be_read_is_not_nothing(merged, people, github, where, fault, reason):
    github.fail(where, times=99, **fault)
    with pytest.raises(ApiError) as caught:
        merged.since(MAIN[3], MAIN[5])
    assert caught.value.reason is reason
    if reason is Reason.FORBIDDEN:
        assert "permissions:" in caught.value.cure


def test_a_pull_request_that_is_hidden_is_not_none(merged, people, github):
    """A 404 may be a missing permission; nothing proves that nothing was accepted."""
    github.fail("commits/.*/pulls", times=99, status=404)
    with pytest.raises(ApiError):
        merged.since(MAIN[4], MAIN[5])


def acceptance(row: str, reason: str = "the index", by: str = "maintainer") -> Acceptance:
    return Acceptance(row=f"shop/{row}", ceiling_ratio=0.2, by=by, reason=reason, at="2026-11-20T13:00:00Z")


def changes(by_head: Mapping[str, list[Acceptance]], *found: int) -> list[AcceptedChange]:
    return lasting_changes([MergedPull(n, head(n)) for n in found], lambda sha: by_head.get(sha, []), pytest.fail)


def test_what_was_accepted_is_recorded_with_who_where_and_why():
    found = changes({head(5): [acceptance("search/p95"), acceptance("*/p50")]}, 5)
    reason = "accepted by maintainer in #5: the index"
    assert found == [AcceptedChange(row=f"shop/{row}", reason=reason) for row in ("search/p95", "*/p50")]


def test_a_merge_of_which_nothing_was_accepted_changes_nothing():
    assert changes({}, 5, 4) == []


def test_of_each_row_what_was_accepted_last_counts():
    found = changes({head(5): [acceptance("a/p50", "new")], head(4): [acceptance("a/p50", "old")]}, 5, 4)
    assert [change.reason for change in found] == ["accepted by maintainer in #5: new"]


@pytest.mark.parametrize(
    "error",
    [
        NotMeasured("the record in the check run is cut"),
        ApiError(Reason.REFUSED, "no commit found"),
        ApiError(Reason.ABSENT, "not found"),
    ],
)
def test_a_record_that_will_not_mend_is_warned_of_and_the_others_are_kept(error):
    def acceptances_of(sha: str) -> list[Acceptance]:
        if sha == head(5):
            raise error
        return [acceptance("a/p50")]

    told: list[str] = []
    found = lasting_changes([MergedPull(5, head(5)), MergedPull(4, head(4))], acceptances_of, told.append)
    assert [change.row for change in found] == ["shop/a/p50"]
    assert told == [f"what was accepted of #5 cannot be read and is not recorded: {error.message}"]


@pytest.mark.parametrize("reason", [Reason.FORBIDDEN, Reason.UNREACHABLE, Reason.LIMITED, Reason.UNAUTHORIZED])
def test_what_may_be_read_the_next_time_lets_nothing_be_stored(merged, people, reason):
    def acceptances_of(_: str) -> list[Acceptance]:
        raise ApiError(reason, "not now", "a cure")

    with pytest.raises(NotMeasured, match="nothing was stored: not now") as caught:
        accepted_since(merged, MAIN[5], acceptances_of, pytest.fail)(MAIN[4])
    assert caught.value.cure == "a cure"


def test_a_refresh_learns_what_was_accepted_since_the_stored_run(merged, people, github):
    found = accepted_since(merged, MAIN[5], lambda sha: [acceptance("a/p50")] if sha == head(4) else [], pytest.fail)
    assert [change.reason for change in found(MAIN[3])] == ["accepted by maintainer in #4: the index"]
    assert found(MAIN[4]) == []
    github.fail("compare/", times=99, status=502)
    with pytest.raises(NotMeasured, match="nothing was stored"):
        found(MAIN[3])


@given(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=200), st.integers(1, 10**9))
def test_the_longest_reason_fits_the_record(reason, number):
    (found,) = changes({head(number): [acceptance("a/p50", reason, "m" * 100)]}, number)
    assert found.reason.startswith(f"accepted by {'m' * 100} in #{number}: ")
    assert len(found.reason) <= 200
