"""Inputs and context: what the runner sets, what is refused, and that a token never shows."""

from __future__ import annotations

import pytest

from gate.errors import UsageError
from gate.gh.events.context import Context
from gate.gh.events.given import PUBLIC_API
from gate.gh.events.inputs import Inputs, Mode, variable

AS_THE_RUNNER_SETS_THEM = {
    "INPUT_TOKEN": "ghs_secret",
    "INPUT_SUITE": "gate.yml",
    "INPUT_PREVIEW-URL": "",
    "INPUT_BASE-URL": "",
    "INPUT_MODE": "auto",
    "INPUT_PULL-REQUEST": "",
    "INPUT_BASELINES": "",
    "INPUT_API-URL": "",
    "INPUT_OUT": "gate-out",
    "GITHUB_API_URL": PUBLIC_API,
}
CONTEXT = {
    "GITHUB_REPOSITORY": "octo/shop",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_EVENT_PATH": "/github/workflow/event.json",
    "GITHUB_SHA": "a" * 40,
    "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_RUN_ID": "9876543210",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_WORKSPACE": "/github/workspace",
    "GITHUB_OUTPUT": "/github/file_commands/output",
    "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
}


def read(**given: str) -> Inputs:
    return Inputs.from_environment({**AS_THE_RUNNER_SETS_THEM, **{variable(k): v for k, v in given.items()}})


def test_the_defaults():
    empty = Inputs.from_environment({"INPUT_TOKEN": "ghs_secret"})
    assert empty == Inputs.from_environment(AS_THE_RUNNER_SETS_THEM)
    assert empty == Inputs(
        "ghs_secret", ("gate.yml",), (), (), Mode.AUTO, None, (), None, "", PUBLIC_API, "github-actions", "gate-out"
    )


def test_names_keep_their_hyphens():
    assert variable("preview-url") == "INPUT_PREVIEW-URL"
    assert variable("two words") == "INPUT_TWO_WORDS"
    assert (
        Inputs.from_environment({**AS_THE_RUNNER_SETS_THEM, "INPUT_PREVIEW_URL": "https://x.example"}).preview_url == ()
    )


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("https://a.example", ("https://a.example",)),
        ("https://a.example,https://b.example", ("https://a.example", "https://b.example")),
        ("\n https://a.example \r\n\n https://b.example/x?y=1 ,", ("https://a.example", "https://b.example/x?y=1")),
        ("http://127.0.0.1:8000/", ("http://127.0.0.1:8000/",)),
    ],
)
def test_several_urls_on_lines_or_with_commas(text, urls):
    assert read(**{"preview-url": text, "base-url": text}).preview_url == urls
    assert read(**{"base-url": text}).base_url == urls


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token", ""),
        ("token", "two words"),
        ("token", "line\nbreak"),
        ("token", "naïve"),
        ("suite", "/etc/passwd"),
        ("suite", "../gate.yml"),
        ("suite", "a/../../gate.yml"),
        ("suite", "a\\b"),
        ("suite", "."),
        ("suite", "a\tb"),
        ("preview-url", "example.com"),
        ("preview-url", "ftp://example.com"),
        ("preview-url", "https://"),
        ("preview-url", "https://user:word@example.com"),
        ("preview-url", "https://example.com#part"),
        ("preview-url", "https://exa mple.com"),
        ("preview-url", "https://example.com:99999"),
        ("preview-url", "https://[::1"),
        ("base-url", "javascript:alert(1)"),
        ("mode", "approve"),
        ("mode", "CHECK"),
        ("pull-request", "0"),
        ("pull-request", "-1"),
        ("pull-request", "7x"),
        ("pull-request", "٧"),
        ("pull-request", "$(id)"),
        ("suite", "a.yml, ./a.yml"),
        ("suite", ","),
        ("app", "My App"),
        ("app", "gate-"),
        ("app", "a/b"),
        ("scenarios", "burst, ../x"),
        ("budget", "10"),
        ("budget", "-1m"),
        ("budget", "0s"),
        ("budget", "7h"),
        ("budget", "nan"),
        ("baselines", "s3://bucket"),
        ("baselines", "dir:/tmp"),
        ("baselines", "dir:../other"),
        ("baselines", "dir:"),
        ("api-url", "http://api.github.com"),
        ("api-url", "http://10.0.0.1/api/v3"),
        ("api-url", "http://localhost.evil.example"),
        ("api-url", "https://x.example/?a=1"),
        ("out", "/tmp"),
        ("out", "../out"),
    ],
)
def test_what_is_refused_names_its_input(name, value):
    with pytest.raises(UsageError) as caught:
        read(**{name: value})
    assert name in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("api-url", "ghe.example:8080"), ("api-url", "http://10.0.0.1/api/v3"), ("preview-url", "shop.example.com")],
)
def test_an_address_that_is_none_is_answered_with_how_it_is_written(name, value):
    with pytest.raises(UsageError) as caught:
        read(**{name: value})
    assert "write it like https://HOST/" in caught.value.cure


def test_a_password_in_a_url_and_a_token_are_never_repeated():
    for name, value in (("preview-url", "https://user:hunter2@example.com"), ("token", "hunter2 hunter2")):
        with pytest.raises(UsageError) as caught:
            read(**{name: value})
        assert "hunter2" not in str(caught.value)
    assert "ghs_secret" not in repr(read())


def test_the_token_goes_to_the_public_api_or_to_a_host_the_workflow_names():
    with pytest.raises(UsageError, match="GITHUB_API_URL"):
        Inputs.from_environment({**AS_THE_RUNNER_SETS_THEM, "GITHUB_API_URL": "http://127.0.0.1:1"})
    with pytest.raises(UsageError, match="GITHUB_API_URL"):
        Inputs.from_environment({**AS_THE_RUNNER_SETS_THEM, "GITHUB_API_URL": "https://api.github.com.evil.example"})
    given = {**AS_THE_RUNNER_SETS_THEM, "GITHUB_API_URL": "http://127.0.0.1:1"}
    for url in ("https://ghe.example/api/v3", "http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:1"):
        assert Inputs.from_environment({**given, "INPUT_API-URL": url}).api_url == url
    assert read(**{"api-url": "https://ghe.example/api/v3/"}).api_url == "https://ghe.example/api/v3"


def test_numbers_and_folders():
    assert read(**{"pull-request": " 12 "}).pull_request == 12
    assert read(baselines="dir:./perf/baselines/").baselines == "dir:perf/baselines"
    assert read(baselines="branch:perf").baselines == "branch:perf"
    assert read(out="./a/b/").out == "a/b"


def test_several_suites_scenarios_and_a_budget():
    assert read(suite="a.yml\n./perf/b.yml,").suite == ("a.yml", "perf/b.yml")
    assert read(scenarios="burst, daily").scenarios == ("burst", "daily")
    assert read(budget="1.5m").budget == 90


def test_the_context():
    context = Context.from_environment(CONTEXT)
    assert context.repository == "octo/shop"
    assert (context.run_id, context.run_attempt) == (9876543210, 2)
    assert context.run_url == "https://github.com/octo/shop/actions/runs/9876543210/attempts/2"
    assert Context.from_environment({**CONTEXT, "GITHUB_STEP_SUMMARY": ""}).summary_path is None


def test_a_deployment_of_a_commit_has_no_ref():
    assert Context.from_environment({**CONTEXT, "GITHUB_REF": ""}).ref == ""
    assert Context.from_environment({k: v for k, v in CONTEXT.items() if k != "GITHUB_REF"}).ref == ""
    with pytest.raises(UsageError, match="GITHUB_REF"):
        Context.from_environment({**CONTEXT, "GITHUB_REF": "refs/heads/a\n"})


@pytest.mark.parametrize("name", sorted(set(CONTEXT) - {"GITHUB_STEP_SUMMARY", "GITHUB_REF"}))
def test_a_missing_variable_is_named(name):
    for without in ({k: v for k, v in CONTEXT.items() if k != name}, {**CONTEXT, name: ""}, {**CONTEXT, name: "\n"}):
        with pytest.raises(UsageError, match=name):
            Context.from_environment(without)
