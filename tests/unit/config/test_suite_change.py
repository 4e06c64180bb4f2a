"""What stands for the change in a URL: labels made of branches, and which names are known."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.commands.urls import filled
from gate.config.addresses import checked_url, is_name
from gate.config.change import OF_BASE, OF_HEAD, slug, values_of
from gate.config.preview import Preview
from gate.errors import UsageError

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("branch", "label"),
    [
        ("main", "main"),
        ("feature/Cart", "feature-cart"),
        ("Fix_Login.Page", "fix-login-page"),
        ("a--b//c", "a--b--c"),
        ("-edge-", "edge"),
        ("größe", "gr--e"),
        ("dependabot/npm_and_yarn/dustjs-linkedin-3.0.0", "dependabot-npm-and-yarn-dustjs-linkedin-3-0-0"),
        ("x" * 62 + "/y", "x" * 62),
        ("x" * 100, "x" * 63),
        ("...", ""),
        ("日本", ""),
        ("", ""),
    ],
)
def test_a_branch_as_a_label(branch, label):
    assert slug(branch) == label


@given(st.text(max_size=200))
def test_whatever_a_branch_is_called_the_label_is_one(branch):
    label = slug(branch)
    assert re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?", label)
    assert slug(label) == label
    assert not label or is_name(f"pr-{label[:50]}.example.app")


def test_only_what_is_known_has_a_value():
    assert values_of(7, SHA, "Topic/1") == {
        "number": "7",
        "sha": SHA,
        "short_sha": "0123456",
        "branch": "topic-1",
    }
    assert values_of(None, SHA, "main", before="base_") == {
        "base_sha": SHA,
        "base_short_sha": "0123456",
        "base_branch": "main",
    }
    assert values_of(None, "", "...") == values_of(None, None, None) == {}
    known = values_of(7, SHA, "a") | values_of(None, SHA, "a", before="base_")
    assert set(known) == set(OF_BASE) > set(OF_HEAD)


@pytest.mark.parametrize("name", OF_BASE)
def test_each_place_has_names_of_its_own(name):
    text = f"https://a-{{{name}}}.example/{{{name}}}"
    assert checked_url(text, OF_BASE) == text
    if name in OF_HEAD:
        assert checked_url(text, OF_HEAD) == text
    else:
        with pytest.raises(ValueError, match=r"holds braces; only \$\{NAME\}, \{number\}, .* may stand in a URL"):
            checked_url(text, OF_HEAD)


@pytest.mark.parametrize(
    "url", ["{number}", "https://{ number}.x", "https://{{number}}.x", "https://{number.x", "{sha}://x"]
)
def test_braces_that_are_no_names(url):
    with pytest.raises(ValueError, match=r"^(holds|is) "):
        checked_url(url, OF_HEAD)


def test_a_command_line_knows_the_commit_and_names_the_option_for_the_rest():
    preview = Preview(url=["https://{short_sha}.${DOMAIN}", "https://a.example"], base="https://main.example")
    assert filled(preview, SHA).url == ["https://0123456.${DOMAIN}", "https://a.example"]
    assert filled(preview, SHA).base == ["https://main.example"]
    with pytest.raises(UsageError, match=r"preview\.url holds \{short_sha\}.*\n.*--preview URL, or --commit SHA"):
        filled(preview, None)
    with pytest.raises(UsageError, match=r"preview\.url holds \{number\}.*\n.*--preview URL$"):
        filled(Preview(url="https://{number}.example"), SHA)
    with pytest.raises(UsageError, match=r"preview\.base holds \{base_sha\}.*\n.*--base URL$"):
        filled(Preview(url="https://a.example", base="https://{base_sha}.example"), SHA)
