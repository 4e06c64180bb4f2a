"""Which deployment is taken: patterns, whose word counts, what is success, and which URLs are ever used."""

from __future__ import annotations

import fnmatch
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.gh.finding.choosing import Standing, is_meant, is_plain, is_trusted, look_at, none_yet, of_environment
from gate.gh.rest.deployments import Deployment, DeploymentStatus
from gate.gh.rest.shapes import User

CREATORS = ["vercel[bot]"]
NAMES = st.text(string.ascii_letters + string.digits + " -/_.[]!é", min_size=1, max_size=20)


def deployment(number: int = 5, environment: str = "Preview", login: str | None = "vercel[bot]") -> Deployment:
    creator = User(login=login) if login else None
    return Deployment(id=number, sha="a" * 40, environment=environment, creator=creator)


def status(state: str = "success", url: str | None = "https://a.vercel.app", login: str | None = "vercel[bot]"):
    return DeploymentStatus(id=1, state=state, environment_url=url, creator=User(login=login) if login else None)


@pytest.mark.parametrize(
    ("pattern", "environment", "meant"),
    [
        ("Preview*", "Preview", True),
        ("Preview*", "preview – shop", True),
        ("PREVIEW", "Preview", True),
        ("Preview", "Preview – shop", False),
        ("Preview*", "A Preview", False),
        ("pr-?", "pr-7", True),
        ("pr-?", "pr-17", False),
        ("Preview [web]", "Preview [web]", True),
        ("Preview [web]", "Preview w", False),
        ("[!a]", "b", False),
        ("*", "anything/at all", True),
    ],
)
def test_patterns_of_environments(pattern, environment, meant):
    assert is_meant(pattern, environment) is meant


@given(NAMES, NAMES)
def test_a_pattern_without_signs_means_its_own_environment_and_no_other(pattern, environment):
    assert is_meant(pattern, environment) is (pattern.casefold() == environment.casefold())


@given(st.text("ab*?", max_size=8), st.text("abc", max_size=8))
def test_signs_are_those_of_file_names(pattern, environment):
    assert is_meant(pattern, environment) is fnmatch.fnmatchcase(environment, pattern)


@given(NAMES, NAMES, NAMES)
def test_a_star_stands_for_anything(before, between, after):
    assert is_meant(f"{before}*{after}", before + between + after)


@pytest.mark.parametrize(
    ("login", "trusted"),
    [("vercel[bot]", True), ("Vercel[bot]", True), ("vercel", False), ("vercelXbot]", False), ("", False)],
)
def test_whose_word_counts(login, trusted):
    assert is_trusted(login, CREATORS) is trusted


@pytest.mark.parametrize(
    "url",
    ["https://a.vercel.app", "http://10.0.0.7:8000/app/", "https://[::1]/x", "https://a_b.example/%20/~x@1"],
)
def test_plain_urls(url):
    assert is_plain(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.vercel.app",
        "//a.vercel.app",
        "ftp://a.vercel.app",
        "javascript:alert(1)",
        "https://",
        "https://u@a.vercel.app",
        "https://u:p@a.vercel.app",
        "https://a.vercel.app?token=1",
        "https://a.vercel.app/#x",
        "https://a.vercel.app/${INPUT_TOKEN}",
        "https://${INPUT_TOKEN}.vercel.app",
        "https://{number}.vercel.app",
        "https://a.vercel.app\n",
        "https://a.vercel.app\\@evil.example",
        "https://а.vercel.app",  # a Cyrillic letter
        "https://a b.vercel.app",
        "https://a.vercel.app/" + "x" * 2048,
    ],
)
def test_urls_that_are_never_used(url):
    assert not is_plain(url)


def test_only_a_success_that_counts_is_ready():
    seen = look_at(deployment(), status(), CREATORS)
    assert (seen.standing, seen.url) == (Standing.READY, "https://a.vercel.app")


@pytest.mark.parametrize("state", ["failure", "error"])
def test_what_ended_badly_is_said_to(state):
    seen = look_at(deployment(), status(state), CREATORS)
    assert seen.standing is Standing.FAILED
    assert seen.words == f"deployment 5 in 'Preview' ended with {state}"
    assert seen.url == ""


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "has no status yet"),
        (status("inactive"), "is 'inactive'"),
        (status("in_progress"), "is 'in_progress'"),
        (status("waiting"), "is 'waiting'"),
        (status("Success"), "is 'Success'"),
        (status(login="octocat"), "was called a success by 'octocat', whom preview.find.creators lacks"),
        (status(login=None), "was called a success by '', whom"),
        (status(url=""), "is a success with no environment_url"),
        (status(url=None), "is a success with no environment_url"),
        (status(url="https://a.example/${TOKEN}"), "is a success with an environment_url that is no plain"),
    ],
)
def test_everything_else_is_waited_for(said, words):
    seen = look_at(deployment(), said, CREATORS)
    assert (seen.standing, seen.url) == (Standing.WAITING, "")
    assert words in seen.words
    assert "TOKEN" not in seen.words


@given(st.text(max_size=12), st.text(max_size=30), st.text(max_size=12))
def test_nothing_but_a_trusted_success_with_a_plain_url_is_ready(state, url, login):
    seen = look_at(deployment(), status(state, url, login or None), CREATORS)
    may_be = state == "success" and is_plain(url) and is_trusted(login, CREATORS)
    assert (seen.standing is Standing.READY) is may_be


def test_the_newest_comes_first_and_others_do_not_count():
    every = [deployment(9), deployment(8, login="octocat"), deployment(7, "Production"), deployment(3)]
    assert [one.id for one in of_environment(every, "Preview*", CREATORS)] == [9, 3]


def test_several_environments_are_nobodys_choice():
    every = [deployment(2, "Preview – shop"), deployment(1, "Preview – docs"), deployment(0, "PREVIEW – DOCS")]
    with pytest.raises(UsageError, match="means 2 environments") as caught:
        of_environment(every, "Preview*", CREATORS)
    assert "'Preview – shop'" in str(caught.value)
    assert of_environment(every, "Preview*shop", CREATORS) == every[:1]


def test_environments_of_strangers_do_not_make_a_pattern_ambiguous():
    every = [deployment(2), deployment(1, "Preview – docs", login="octocat")]
    assert of_environment(every, "Preview*", CREATORS) == every[:1]


@pytest.mark.parametrize(
    ("every", "words"),
    [
        ([], ""),
        ([deployment(login="octocat"), deployment(login="ada"), deployment(environment="Other")],
         " but by 'ada', 'octocat', whom preview.find.creators lacks"),
        ([deployment(environment="Docs"), deployment(environment="Secret", login="octocat")], " but in 'Docs'"),
        ([deployment(environment=f"e{n}") for n in range(9)], " but in 'e0', 'e1', 'e2', 'e3', 'e4', ..."),
    ],
)  # fmt: skip
def test_that_there_is_none_says_what_there_is(every, words):
    assert none_yet(every, "Preview*", CREATORS).words == "there is none in 'Preview*'" + words


@given(st.lists(st.tuples(NAMES, st.sampled_from(["vercel[bot]", "octocat"])), max_size=5))
def test_what_counts_is_never_told_as_missing(made):
    every = [deployment(number, environment, login) for number, (environment, login) in enumerate(made)]
    meant = [one for one in every if is_meant("P*", one.environment) and is_trusted(one.login, CREATORS)]
    if len({one.environment.casefold() for one in meant}) <= 1:
        assert of_environment(every, "P*", CREATORS) == meant
