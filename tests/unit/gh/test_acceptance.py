"""What a comment or a label asks for: the grammar of commands, and what is no command."""

from __future__ import annotations

import copy
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.gh.events.acceptance import Asked, asked_by_label, asked_in_comment, for_suite
from gate.gh.events.command import Command, commands
from tests.builders import suite_of

SHA = "c" * 40
COMMENT = {
    "action": "created",
    "issue": {"number": 7, "state": "open", "user": {"login": "author"}, "pull_request": {"url": "x"}},
    "comment": {
        "body": "/gate accept search/p95 the new index",
        "user": {"login": "maintainer", "type": "User"},
        "author_association": "NONE",
        "created_at": "2026-11-20T13:00:00Z",
    },
    "sender": {"login": "somebody-else", "type": "User"},
}
LABELED = {
    "action": "labeled",
    "label": {"name": "perf-accepted"},
    "pull_request": {
        "number": 7,
        "user": {"login": "author"},
        "head": {"sha": SHA},
        "updated_at": "2026-11-20T13:00:00Z",
    },
    "sender": {"login": "maintainer", "type": "User"},
}
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)
reasons = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=200)


def changed(payload: dict, path: str, value: object) -> dict:
    payload = copy.deepcopy(payload)
    *parents, last = path.split(".")
    place = payload
    for name in parents:
        place = place[name]
    place[last] = value
    return payload


@given(st.one_of(st.just(""), names), st.one_of(st.just("*"), names), st.sampled_from(["p50", "p95"]), reasons)
def test_a_command_that_is_written_is_read(suite, endpoint, metric, reason):
    row = "/".join(part for part in (suite, endpoint, metric) if part)
    assert commands(f"/gate accept {row} {reason}") == (Command(suite, endpoint, metric, reason),)
    assert commands(f"/gate\taccept  `{row}`  {reason} \r\n\r\nThanks!") == (Command(suite, endpoint, metric, reason),)


@given(st.text(max_size=400))
@example("/gate accept a/p50 " + "x" * 201)
@example("/gate accept a/p50 \u202eabc")
@example("/gate")
def test_any_text_is_understood_or_refused_in_words(body):
    begins = body.lstrip().startswith("/gate")
    try:
        found = commands(body)
    except UsageError as error:
        assert begins and error.cure  # noqa: PT017, PT018 - whether it is refused is what hypothesis varies
        return
    assert all(1 <= len(command.reason) <= 200 for command in found)
    assert begins or not found


@given(
    st.sampled_from(
        ["> ", "```\n", "    ", "\t", "- ", "<!-- ", "**BLOCKED**: slower\n", "x\n", "`", "/gateway\n", "//", " "]
    )
)
def test_what_is_quoted_or_code_or_comes_after_prose_is_no_command(before):
    assert commands(f"{before}/gate accept search/p95 quoted") == ()


def test_the_first_lines_are_commands_and_the_rest_is_prose():
    body = (
        "\n/gate accept search/p95 a\n\n/gate accept shop/search/p50 b\nbecause:\n/gate accept home/p95 c\n/gate what"
    )
    assert [command.row for command in commands(body)] == ["search/p95", "shop/search/p50"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/gate", "cannot be understood"),
        ("/gate accept", "cannot be understood"),
        ("/gate accept search/p95", "cannot be understood"),
        ("/gate accept search/p95   ", "cannot be understood"),
        ("/gate approve search/p95 please", "cannot be understood"),
        ("/gate Accept search/p95 please", "cannot be understood"),
        ("/gate accept search please", "is no row"),
        ("/gate accept a/b/c/p95 please", "is no row"),
        ("/gate accept ../p95 please", "is no row"),
        ("/gate accept @org/team please", "is no row"),
        ("/gate accept search/p95 zero\u200bwidth", "cannot be seen"),
        ("/gate accept search/p95 " + "x" * 201, "201 characters"),
        ("/gate accept search/p95 a\n/gate accept search/p95 b", "twice"),
        ("/gate accept search/p95 fine\n/gate nonsense", "cannot be understood"),
        ("\n".join(f"/gate accept e{n}/p95 r" for n in range(21)), "21 commands"),
    ],
)
def test_a_command_that_is_not_understood_teaches_how_to_write_it(line, said):
    with pytest.raises(UsageError, match=said):
        commands(line)


def test_a_message_shows_no_more_of_a_command_than_fits_a_line():
    with pytest.raises(UsageError) as caught:
        commands("/gate " + "::error::x\u202e" * 1000)
    assert len(caught.value.message) < 200
    assert "\u202e" not in str(caught.value)


def test_who_asks_is_who_wrote_the_comment():
    assert asked_in_comment(COMMENT) == Asked(
        by="maintainer",
        is_person=True,
        at="2026-11-20T13:00:00Z",
        author="author",
        commands=(Command("", "search", "p95", "the new index"),),
    )


@pytest.mark.parametrize("body", ["looks fine to me", "", None, "> /gate accept a/p50 r"])
def test_a_comment_without_a_command_asks_for_nothing(body):
    assert asked_in_comment(changed(COMMENT, "comment.body", body)) is None


@pytest.mark.parametrize(
    ("user", "is_person"),
    [
        ({"login": "helper", "type": "Bot"}, False),
        ({"login": "app[bot]", "type": "User"}, False),
        ({"login": "team", "type": "Organization"}, False),
        ({"login": "maintainer", "type": "User"}, True),
    ],
)
def test_bots_are_no_people(user, is_person):
    assert asked_in_comment(changed(COMMENT, "comment.user", user)).is_person is is_person
    assert asked_by_label(changed(LABELED, "sender", user)).is_person is is_person


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("comment.user", None),
        ("comment.user", {"login": "", "type": "User"}),
        ("comment.user", {"login": "x"}),
        ("comment.created_at", "yesterday"),
        ("comment.created_at", None),
        ("issue.user", {}),
    ],
)
def test_an_event_that_lacks_a_member_is_refused(path, value):
    with pytest.raises(UsageError, match="the event"):
        asked_in_comment(changed(COMMENT, path, value))


def test_an_author_whose_account_is_gone_does_not_matter():
    assert asked_in_comment(changed(COMMENT, "issue.user", None)).author == ""


def test_a_label_asks_for_the_commit_it_was_put_on():
    found = asked_by_label(LABELED)
    assert (found.by, found.head_sha, found.commands, found.label) == ("maintainer", SHA, (), "perf-accepted")


def asked(*lines: str) -> Asked:
    return asked_in_comment(changed(COMMENT, "comment.body", "\n".join(f"/gate accept {line} r" for line in lines)))


SHOP = suite_of()
BLOG = suite_of().model_copy(update={"name": "blog", "endpoints": {"post": SHOP.endpoints["home"]}})


def test_each_suite_gets_the_commands_for_its_rows():
    found = for_suite(asked("search/p95", "blog/post/p50", "shop/home/p50"), {"shop": SHOP, "blog": BLOG})
    assert {name: [command.row for command in each.commands] for name, each in found.items()} == {
        "shop": ["search/p95", "shop/home/p50"],
        "blog": ["blog/post/p50"],
    }
    assert found["blog"].by == "maintainer"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("serch/p95", r"names no endpoint\s+did you mean search"),
        ("shp/search/p95", r"names no suite\s+did you mean shop"),
        ("blog/search/p95", "names no endpoint"),
        ("*/p95", r"may be a row of shop or blog\s+name the suite"),
        ("search/errors", "is no latency"),
        ("search/body", "is no latency"),
        ("search/limit:p95", "is no latency"),
        ("search/p99", "is no latency"),
    ],
)
def test_a_row_that_is_none_or_cannot_be_accepted_is_refused(row, said):
    with pytest.raises(UsageError) as caught:
        for_suite(asked(row), {"shop": SHOP, "blog": BLOG})
    assert re.search(said, str(caught.value)), caught.value


def test_what_all_endpoints_share_is_a_row_of_the_only_suite():
    assert set(for_suite(asked("*/p50"), {"shop": SHOP})) == {"shop"}


def test_a_label_asks_the_same_of_every_suite_that_has_it():
    other = suite_of("policy: {accept_label: Slower is fine}\n").model_copy(update={"name": "other"})
    suites = {"shop": SHOP, "blog": BLOG, "other": other}
    assert for_suite(asked_by_label(LABELED), suites).keys() == {"shop", "blog"}
    assert for_suite(asked_by_label(changed(LABELED, "label.name", "PERF-accepted")), suites).keys() == {"shop", "blog"}
    assert for_suite(asked_by_label(changed(LABELED, "label.name", "slower is fine")), suites).keys() == {"other"}
    assert for_suite(asked_by_label(changed(LABELED, "label.name", "bug")), suites) == {}
