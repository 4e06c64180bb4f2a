"""The suites that count, and what a pull request would make of them."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from fake_github import BASE, HEAD, FakeGitHub
from fake_pulls import Pulls as FakePulls
from hypothesis import given
from hypothesis import strategies as st

from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.errors import NotMeasured, UsageError
from gate.gh.events.plan import ActionPlan, Use
from gate.gh.events.suites import SuiteAt, matches, read_suites
from gate.measure.plan import round_cost

SUITE = """\
suite: shop
paths: ["app/**", "*.lock"]
preview: {hosts: ["*.example.app"], headers: {x-bypass: "${BYPASS}"}}
identities: {user: {headers: {Authorization: "Token ${TOKEN}"}}}
data: {n: {range: [1, 9]}}
endpoints: {list: GET /list}
"""
PLAN = ActionPlan(
    Use.CHECK, "octo/shop", "main", ("gate.yml",), policy_sha=BASE, head_sha=HEAD, pull_requests=(7,),
    suite_may_be_absent=True,
)  # fmt: skip


@pytest.fixture
def fake(github: FakeGitHub) -> FakePulls:
    github.commit(BASE, {"gate.yml": SUITE.encode()})
    github.commit(HEAD, {"gate.yml": SUITE.encode()}, "topic")
    pulls = FakePulls(github)
    pulls.add(7, HEAD, BASE)
    pulls.changes(7, "app/views.py")
    return pulls


def head(fake: FakePulls, suite: str | None) -> None:
    fake.github.commit(HEAD, {"gate.yml": suite.encode()} if suite else {"README.md": b""}, "topic")


def only(found: tuple[SuiteAt, ...]) -> SuiteAt:
    (at,) = found
    return at


def test_an_unchanged_suite_is_as_it_is(fake, client):
    at = only(read_suites(PLAN, client))
    assert (at.path, at.suite.name, at.in_effect, at.notices, at.unaffected) == ("gate.yml", "shop", True, (), False)


@pytest.mark.parametrize(
    ("names", "renamed", "unaffected"),
    [
        (["docs/a.md"], {}, True),
        (["docs/a.md", "app/x/y/z.py"], {}, False),
        (["poetry.lock"], {}, False),
        (["web/poetry.lock"], {}, True),
        ([], {"app/x.py": "docs/x.py"}, False),
        ([], {"docs/x.py": "app/x.py"}, False),
    ],
)
def test_what_a_pull_request_touches_decides_whether_a_suite_is_affected(fake, client, names, renamed, unaffected):
    fake.changes(7, *names, renamed=renamed)
    assert only(read_suites(PLAN, client)).unaffected is unaffected


def test_an_incomplete_list_of_files_leaves_every_suite_affected(fake, client):
    fake.changes(7, "docs/a.md")
    for count in (2, 0, None):
        fake.github.pulls[7]["changed_files"] = count
        assert not only(read_suites(PLAN, client)).unaffected
    fake.changes(7)
    assert not only(read_suites(PLAN, client)).unaffected
    fake.changes(7, *(f"docs/{n}" for n in range(3000)))
    assert not only(read_suites(PLAN, client)).unaffected


def test_a_list_of_files_against_another_branch_says_nothing_of_main(fake, client):
    """Opened against a branch that holds the change already, and pointed at main once the check is green."""
    fake.changes(7, "docs/a.md")
    assert only(read_suites(PLAN, client)).unaffected
    fake.github.pulls[7]["base"]["ref"] = "has-it-already"
    assert not only(read_suites(PLAN, client)).unaffected


def test_a_list_of_files_of_another_head_says_nothing_of_this_one(fake, client):
    """The head is pushed to between the event and the look: the check would stand on the commit of before."""
    fake.changes(7, "docs/a.md")
    fake.github.pulls[7]["head"]["sha"] = "d" * 40
    assert not only(read_suites(PLAN, client)).unaffected


@pytest.mark.parametrize("moment", ["pulls/7/files", "pulls/7$"])
def test_a_head_that_moves_while_files_are_listed_leaves_every_suite_affected(fake, client, moment):
    fake.changes(7, "app/views.py")

    def push() -> None:
        fake.changes(7, "docs/a.md")
        fake.github.pulls[7]["head"]["sha"] = "d" * 40

    fake.github.fail(moment, status=502, then=push)
    assert not only(read_suites(PLAN, client)).unaffected


@pytest.mark.parametrize(
    ("name", "patch", "unaffected"),
    [
        ("vendor/lib", "@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2", False),
        ("vendor/lib", None, False),  # named by a pattern that goes on below it
        ("elsewhere", "@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2", False),
        ("elsewhere", "@@ -0,0 +1 @@\n+Subproject commit 2\n\\ No newline at end of file", False),
        ("elsewhere", "@@ -1 +1 @@\n-a\n+b", True),
        ("vendor", None, False),
        ("vendor/library", None, True),
    ],
)
def test_what_stands_for_a_whole_folder_touches_all_that_may_be_in_it(fake, client, name, patch, unaffected):
    """A submodule or a link is listed as one file, whatever changes below it."""
    suite = SUITE.replace('"app/**"', '"vendor/lib/src/**", "**/*.py"').encode()
    fake.github.commit(BASE, {"gate.yml": suite})
    fake.github.commit(HEAD, {"gate.yml": suite}, "topic")
    fake.changes(7, name)
    if patch is not None:
        fake.files[7][0]["patch"] = patch
    assert only(read_suites(PLAN, client)).unaffected is unaffected


def test_every_pull_request_of_the_head_is_looked_at(fake, client):
    fake.changes(7, "docs/a.md")
    fake.add(8, HEAD, BASE, branch="other")
    fake.changes(8, "app/x.py")
    assert only(read_suites(PLAN, client)).unaffected
    assert not only(read_suites(replace(PLAN, pull_requests=(7, 8)), client)).unaffected
    assert not only(read_suites(replace(PLAN, is_queued=True), client)).unaffected


def test_a_suite_that_the_pull_request_changes_is_the_one_of_the_base_and_affected(fake, client):
    head(fake, SUITE.replace("*.example.app", "*.evil.example"))
    fake.changes(7, "gate.yml")
    at = only(read_suites(PLAN, client))
    assert at.suite.preview.hosts == ["*.example.app"]
    assert [notice.message for notice in at.notices] == ["gate.yml is changed here; not in effect until merged"]
    assert not at.unaffected


def test_a_suite_that_the_pull_request_removes_stays(fake, client):
    head(fake, None)
    at = only(read_suites(PLAN, client))
    assert at.in_effect
    assert "is removed here" in at.notices[0].message


def test_a_suite_that_the_pull_request_breaks_is_told_now(fake, client):
    head(fake, SUITE + "polcy: {}\n")
    at = only(read_suites(PLAN, client))
    assert "after the merge it will be refused" in at.notices[1].message


ADDED = """\
  fast: {request: "GET /fast/{n}", identity: user, objectives: {p95: 1ms}, class: read}
  order: {request: POST /orders, mutates: true}
  told: {request: GET /told, headers: {X: "${INPUT_TOKEN}"}}
  other: GET /{elsewhere}
"""
MORE = (
    SUITE.replace("endpoints: {list: GET /list}", "classes: {read: {p95: 1s}}\nendpoints:\n  list: GET /list\n") + ADDED
)
MORE = MORE.replace("data: {n: {range: [1, 9]}}", "data: {n: {range: [1, 9]}, elsewhere: {range: [1, 2]}}")


def test_new_endpoints_are_measured_and_not_gated(fake, client):
    head(fake, MORE)
    at = only(read_suites(PLAN, client))
    assert list(at.suite.endpoints) == ["list", "fast"]
    assert not at.suite.endpoints["fast"].gate
    assert at.suite.endpoints["list"].gate
    assert at.suite.objectives_of("fast") == {}
    told = [notice.message for notice in at.notices]
    assert told[0] == "gate.yml is changed here; not in effect until merged"
    assert told[1] == "fast is new in this pull request and is measured and not gated"
    assert "order is new in this pull request and is not measured before the merge: it may change data" in told[2]
    assert "takes a value from the environment" in told[3]
    assert "elsewhere" in told[4]


def test_beside_a_base_nothing_that_is_added_has_a_part(fake, client):
    """As many endpoints that stay as they are would halve what all of the suite's own share."""
    head(fake, MORE)
    at = only(read_suites(PLAN, client))
    alone = at.beside_base()
    assert alone.suite == read_suite(SUITE.encode(), "gate.yml")
    told = [notice.message for notice in alone.notices]
    assert told[0] == at.notices[0].message
    assert told[1] == (
        "fast is new in this pull request and is not measured before the merge: beside a base deployment it would have"
        " a part in what is told of the whole suite"
    )
    assert "it may change data" in told[2]
    assert alone.beside_base() == alone
    head(fake, SUITE)
    unchanged = only(read_suites(PLAN, client))
    assert unchanged.beside_base() == unchanged


def test_a_fork_adds_no_endpoints(fake, client):
    head(fake, MORE)
    at = only(read_suites(replace(PLAN, fork=True), client))
    assert list(at.suite.endpoints) == ["list"]
    assert len(at.notices) == 1


@pytest.mark.parametrize(("old", "taken"), [(1, 1), (3, 3), (9, 5)])
def test_new_endpoints_do_not_crowd_out_the_others(fake, client, github, old, taken):
    known = "endpoints:\n" + "".join(f"  old{n}: GET /old/{n}\n" for n in range(old))
    more = "".join(f"  new{n}: GET /new/{n}\n" for n in range(8))
    base = SUITE.replace("endpoints: {list: GET /list}\n", known)
    github.commit(BASE, {"gate.yml": base.encode()})
    head(fake, base + more)
    at = only(read_suites(PLAN, client))
    assert len(at.suite.endpoints) == old + taken
    assert sum(f"more than {taken} new endpoints" in notice.message for notice in at.notices) == 8 - taken
    before = read_suite(base.encode(), "gate.yml").policy.budget
    after = at.suite.policy.budget
    rounds = [b.time_s / round_cost(s, None, arms=2).time_s for b, s in ((before, _alone(at.suite)), (after, at.suite))]
    assert rounds[1] == pytest.approx(rounds[0])
    assert after.requests >= before.requests * (old + taken) / old


def _alone(suite: Suite) -> Suite:
    gated = {name: endpoint for name, endpoint in suite.endpoints.items() if endpoint.gate}
    return suite.model_copy(update={"endpoints": gated})


def test_the_pull_request_that_adds_a_suite_is_measured_by_its_own(fake, client, github):
    github.commit(BASE, {"README.md": b""})
    assert not only(read_suites(PLAN, client)).in_effect
    with pytest.raises(UsageError, match="a fork's own is never used"):
        read_suites(replace(PLAN, fork=True), client)
    head(fake, None)
    with pytest.raises(UsageError, match="neither the base commit nor"):
        read_suites(PLAN, client)


def test_suites_have_names_of_their_own(fake, client, github):
    plan = replace(PLAN, suite_paths=("gate.yml", "b.yml"))
    github.commit(BASE, {"gate.yml": SUITE.encode(), "b.yml": SUITE.encode()})
    with pytest.raises(UsageError, match=r"gate\.yml and b\.yml are both called 'shop'"):
        read_suites(plan, client)
    other = SUITE.replace("suite: shop", "suite: admin").encode()
    github.commit(BASE, {"gate.yml": SUITE.encode(), "b.yml": other})
    github.commit(HEAD, {"gate.yml": SUITE.encode(), "b.yml": other}, "topic")
    assert [at.suite.name for at in read_suites(plan, client)] == ["shop", "admin"]


@pytest.mark.parametrize("on", [r"contents/gate\.yml", "pulls/7/files", "pulls/7$"])
def test_what_cannot_be_read_is_not_measured(fake, client, github, on):
    github.fail(on, times=99, status=502)
    with pytest.raises(NotMeasured):
        read_suites(PLAN, client)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("app/**", "app/a/b.py", True),
        ("app/**", "app", True),
        ("app/**", "application/b.py", False),
        ("**", "a/b", True),
        ("**/*.sql", "a.sql", True),
        ("**/*.sql", "a/b/c.sql", True),
        ("*.py", "a.py", True),
        ("*.py", "app/a.py", False),
        ("app/*/x", "app/a/b/x", False),
        ("App/*", "app/x", False),
    ],
)
def test_patterns(pattern, name, expected):
    assert matches(name, [pattern]) is expected


def naively(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(naively(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and naively(parts[1:], pattern[1:])


@given(
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=6),
    st.lists(st.sampled_from(["a", "b", "*", "a*", "**"]), min_size=1, max_size=5),
)
def test_a_pattern_means_what_going_through_all_possibilities_finds(parts, pattern):
    above = pattern[: len(parts)]
    goes_on = len(pattern) > len(parts) and "**" not in above and all(map(fnmatchcase, parts, above))
    assert matches("/".join(parts), ["/".join(pattern)]) == (goes_on or naively(parts, pattern))


def test_a_deep_path_does_not_hold_up_the_job():
    deep = "/".join("a" * 2000)
    assert not matches(deep, ["**/a/**/a/**/a/**/a/**/b"])  # all possibilities would take years
    assert matches(f"{deep}/b", ["**/a/**/a/**/a/**/a/**/b"])
