"""What is written for a repository is always a suite, and what the doctor did not see it never calls there."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gate.config.read import read_suite
from gate.errors import ExitCode, GateError
from gate.gh.doctor.diagnosis import diagnose
from gate.gh.doctor.facts import BaselineBranch, Facts, StoredRuns, SuiteFile, Unseen, Wrong
from gate.gh.doctor.findings import State, advice, exit_code, missing, ok, unknown
from gate.gh.doctor.purposes import ACCEPT, CHECK, QUEUE, REFRESH, Purpose, lacking, serves
from gate.gh.doctor.settings import Branch, RepositorySettings, RequiredCheck, Rights, Rule, RuleParameters
from gate.gh.doctor.workflow_files import GateJob, parse
from gate.measure.access import check_allowed
from gate.setup.endpoints import named
from gate.setup.kinds import KINDS
from gate.setup.release import checked_action, of_installation
from gate.setup.suite_text import suite_text
from gate.setup.wanted import Wanted, checked_url, checked_word, host_of

SHA = "0123456789" * 4
TEXT = b"""\
suite: shop
preview: {commit: {header: X-Commit}}
endpoints: {home: GET /}
baselines: {store: "branch:perf-baselines"}
"""
SUITE = SuiteFile(TEXT, read_suite(TEXT, "gate.yml"))
NOT_SEEN = Unseen("GitHub answered 403", "ask an administrator")
RIGHTS = "permissions: {contents: write, pull-requests: write, checks: write, actions: read}"


def job(on: str, *, permissions: str = RIGHTS, uses: str = f"octo/gate@{SHA}", more: str = "") -> GateJob:
    text = f"on: {on}\n{permissions}\nconcurrency: {{group: a, cancel-in-progress: false}}\njobs:\n  gate:\n"
    step = f"    steps:\n      - uses: actions/checkout@{SHA}\n      - uses: {uses}\n        with: {{{more}}}\n"
    (found,) = parse("gate.yml", f"{text}    timeout-minutes: 30\n{step}".encode()).jobs
    return found


def of_file(found: GateJob) -> object:
    return replace(parse(found.file, b"on: push\njobs: {a: {}}"), jobs=(found,))


HEALTHY = Facts(
    repository="octo/shop",
    suite_path="gate.yml",
    here=SUITE,
    settings=RepositorySettings(full_name="octo/shop", default_branch="main", permissions=Rights(admin=True)),
    there=SUITE,
    workflows=tuple(
        of_file(job(on, more=more))
        for on, more in [
            ("pull_request", "preview-url: 'https://x.example.com'"),
            ("{push: {branches: [main]}}", "mode: refresh, preview-url: 'https://x.example.com'"),
            ("issue_comment", ""),
        ]
    ),
    default_rights="read",
    rules=(
        Rule(
            type="required_status_checks",
            parameters=RuleParameters(
                required_status_checks=[RequiredCheck(context="gate / shop", integration_id=15368)]
            ),
        ),
    ),
    branch=Branch(protected=True),
    actions_app=15368,
    stored=StoredRuns("branch perf-baselines", 12, "2026-11-18T12:00:00Z", 3600.0),
    baseline_branch=BaselineBranch(
        "perf-baselines", (Rule(type="deletion"), Rule(type="non_fast_forward")), Branch(protected=True)
    ),
    deployments=None,
    has_label=True,
    preview=None,
)
SHOWN = {
    "settings": {"repository"},
    "there": {"suite on main"},
    "workflows": {"workflows"},
    "default_rights": {"default rights"},
    "rules": {"required check"},
    "actions_app": {"required check's source"},
    "stored": {"baselines"},
    "has_label": {"accept label"},
}
"""What each look is told as."""


def test_a_healthy_repository_is_all_there():
    findings = diagnose(HEALTHY)
    assert {one.state for one in findings} == {State.OK}, [one for one in findings if one.state is not State.OK]
    assert exit_code(findings) is ExitCode.APPROVED


@given(st.sets(st.sampled_from(sorted(SHOWN)), min_size=1))
def test_what_was_not_seen_is_never_ok(unseen):
    findings = diagnose(replace(HEALTHY, **dict.fromkeys(unseen, NOT_SEEN)))
    names = SHOWN["settings"] if "settings" in unseen else set().union(*(SHOWN[name] for name in unseen))
    if "rules" in unseen:
        names -= SHOWN["actions_app"]  # nothing that comes from an app was seen either
    told = {one.name: one for one in findings if one.state in (State.UNKNOWN, State.NOT_LOOKED_AT)}
    assert set(told) >= names
    assert all(one.cure for one in told.values())
    needed = unseen - {"default_rights", "has_label"}
    assert exit_code(findings) is (ExitCode.NOT_MEASURED if needed else ExitCode.APPROVED)
    assert not {one.name for one in findings if one.state is State.OK} & names


def test_every_look_is_covered_above():
    plain = {"repository", "suite_path", "here", "branch", "baseline_branch", "deployments", "preview"}
    assert {one.name for one in fields(Facts)} == SHOWN.keys() | plain


def test_everything_that_is_not_ok_says_what_to_do():
    nothing = replace(
        HEALTHY,
        here=SuiteFile(None),
        there=SuiteFile(None),
        workflows=(),
        rules=(),
        default_rights="write",
        stored=Wrong("the branch is damaged", "restore it"),
        baseline_branch=BaselineBranch("perf-baselines", (Rule(type="update"),), None),
        has_label=False,
        preview=Wrong("nothing answers", "start it"),
    )
    findings = diagnose(nothing)
    assert [one for one in findings if one.state is not State.OK and not one.cure] == []
    assert exit_code(findings) is ExitCode.BLOCKED


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([], 3),
        ([ok("a", "b")], 0),
        ([ok("a", "b"), advice("a", "b", "c")], 0),
        ([unknown("a", NOT_SEEN, is_needed=False)], 0),
        ([ok("a", "b"), unknown("a", NOT_SEEN)], 3),
        ([unknown("a", NOT_SEEN), missing("a", "b", "c")], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(findings, code):
    assert exit_code(findings) == code


PURPOSES = {"check": CHECK, "refresh": REFRESH, "queue": QUEUE, "accept": ACCEPT}
STARTS: list[tuple[str, str, set[str]]] = [
    ("pull_request", "", {"check"}),
    ("[push, pull_request]", "", {"check", "refresh"}),
    ("{pull_request: {types: [opened, labeled]}}", "", {"check", "accept"}),
    ("{pull_request: {types: [labeled]}}", "", {"accept"}),
    ("{pull_request: {types: labeled}, issue_comment: }", "", {"accept"}),
    ("{pull_request: {branches: [main]}}", "", {"check"}),
    ("{pull_request: {branches: ['release/*']}}", "", set()),
    ("{pull_request: {branches-ignore: [main]}}", "", set()),
    ("{push: {branches: ['ma*']}}", "", {"refresh"}),
    ("{push: {branches: [trunk]}}", "", set()),
    ("{push: {tags: ['v*']}}", "", set()),
    ("{schedule: [{cron: '23 3 * * *'}]}", "", {"refresh"}),
    ("push", "mode: measure", set()),
    ("push", "mode: check", set()),
    ("push", "mode: '${{ inputs.mode }}'", {"refresh"}),
    ("{workflow_run: {workflows: [Preview]}}", "", {"check"}),
    ("deployment_status", "", {"check"}),
    ("merge_group", "", {"queue"}),
    ("workflow_dispatch", "", set()),
]


@pytest.mark.parametrize(("on", "more", "purposes"), STARTS)
def test_what_a_job_is_for_follows_from_what_starts_it(on, more, purposes):
    found = job(on, more=more)
    assert {name for name, purpose in PURPOSES.items() if serves(found, purpose, "main")} == purposes


GIVEN: list[tuple[str, Purpose, str | Unseen, set[str] | None]] = [
    ("permissions: write-all", REFRESH, NOT_SEEN, set()),
    ("permissions: read-all", CHECK, NOT_SEEN, {"pull-requests", "checks"}),
    ("permissions: {}", CHECK, "write", {"contents", "pull-requests", "checks"}),
    ("permissions: {contents: read, pull-requests: write, statuses: write}", CHECK, "read", set()),
    ("permissions: {contents: read, pull-requests: write, statuses: read}", CHECK, "read", {"checks"}),
    ("permissions: {contents: write}", REFRESH, "read", {"pull-requests", "checks"}),
    ("permissions: nonsense", CHECK, "write", {"contents", "pull-requests", "checks"}),
    ("name: none said", CHECK, "write", set()),
    ("name: none said", CHECK, "read", {"pull-requests", "checks"}),
    ("name: none said", CHECK, NOT_SEEN, None),
]


@pytest.mark.parametrize(("permissions", "purpose", "default", "lacks"), GIVEN)
def test_rights_are_those_of_the_file_and_else_of_the_repository(permissions, purpose, default, lacks):
    found = lacking(job("push", permissions=permissions), purpose, SUITE.suite, default)
    assert (None if found is None else set(found)) == lacks


@pytest.mark.parametrize(
    ("step", "version"),
    [
        (f"uses: octo/gate@{SHA}", SHA),
        ("uses: octo/perf-gate@v1", "v1"),
        ("run: gate action", ""),
        (f'run: pipx run --spec "git+https://github.com/octo/gate@{SHA}" gate action', ""),
        ("uses: octo/investigate@v1", None),
        ("uses: actions/checkout@v4", None),
        ("run: gate check --preview x", None),
        ("run: navigate actions", None),
    ],
)
def test_the_gate_is_known_by_what_a_step_is(step, version):
    jobs = parse("a.yml", f"on: push\njobs: {{a: {{steps: [{{{step}}}]}}}}".encode()).jobs
    assert [one.version for one in jobs] == ([] if version is None else [version])


KEYS = ["on", "jobs", "steps", "uses", "with", "permissions", "types", "run", "name"]
YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(
            st.sampled_from(["on", "jobs", "steps", "uses", "with", "permissions", "types", "run", "name"])
            | st.text(max_size=5),
            inside,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(st.binary(max_size=200) | YAML.map(lambda value: yaml.safe_dump(value).encode()))
def test_any_file_is_read_and_judged(content):
    file = parse("any.yml", content)
    assert bool(file.problem) != bool(file.jobs or not file.problem)
    findings = diagnose(replace(HEALTHY, workflows=(file,)))
    assert exit_code(findings) is not ExitCode.APPROVED, "the jobs of the gate are gone"


def test_a_file_that_refers_to_itself_ends():
    assert parse("a.yml", b"on: push\njobs: {a: &a {name: *a, steps: [*a, {uses: &b [*b], run: *a}]}}").jobs == ()


NAMES = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789._-", min_size=1, max_size=30).filter(
    lambda text: text[0].isalnum()
)
LABELS = st.sampled_from(["{branch}", "pr-{number}", "{short_sha}", "a", "app-{number}--shop"])
PATHS = st.from_regex(r"/(?!/)[A-Za-z0-9/._~%+,;:=@&?!*()-]{0,40}", fullmatch=True)


@given(NAMES, st.lists(PATHS, min_size=1, max_size=8), st.lists(LABELS, min_size=1, max_size=3))
def test_what_is_written_is_a_suite_that_allows_its_own_preview(name, paths, labels):
    url = checked_url("--url", f"https://{'.'.join(labels)}.preview.example.com", may_be_template=True)
    endpoints = named([f"GET {path}" for path in paths])
    action = f"octo/gate@{SHA}"
    wanted = Wanted(name, KINDS["url-template"], endpoints, ("pull-request",), action, "main", url)
    suite = read_suite(suite_text(wanted).encode(), "gate.yml")
    assert suite.name == name
    assert [one.path for one in suite.endpoints.values()] == list(dict.fromkeys(paths))
    real = url.format(branch="topic", number=7, short_sha="0123456")
    check_allowed(suite, real, real, hosts_required=True)


@given(st.text(max_size=60))
def test_a_text_that_is_let_through_stands_in_quotes_as_it_is(text):
    try:
        checked_word("--start", text)
    except GateError:
        return
    assert yaml.safe_load(f"[{json.dumps(text, ensure_ascii=False)}]") == [text]


@pytest.mark.parametrize("url", ["https://{branch}", "https://{branch}.com", "https://a.{branch}"])
def test_a_host_that_could_be_any_is_no_host(url):
    with pytest.raises(GateError):
        host_of(url)


DIRECT = {"url": "https://github.com/octo/gate", "vcs_info": {"vcs": "git", "commit_id": SHA}}


@pytest.mark.parametrize(
    ("direct_url", "version", "action"),
    [
        (DIRECT, "1.2.3", f"octo/gate@{SHA} # v1.2.3"),
        (DIRECT | {"url": "https://github.com/octo/gate.git"}, "1.2.3.dev4", f"octo/gate@{SHA}"),
        (DIRECT | {"url": "ssh://git@github.com/octo/gate.git"}, "1.2.3", f"octo/gate@{SHA} # v1.2.3"),
        (DIRECT | {"url": "https://git.example.com/octo/gate"}, "1.2.3", None),
        (DIRECT | {"vcs_info": {"commit_id": "main"}}, "1.2.3", None),
        ({"url": "file:///gate", "dir_info": {"editable": True}}, "1.2.3", None),
        ([], "1.2.3", None),
        (None, "1.2.3", None),
    ],
)
def test_the_release_is_the_one_that_was_installed(direct_url, version, action):
    found = of_installation(None if direct_url is None else json.dumps(direct_url), version)
    assert found == action
    if found is not None:
        assert checked_action(found) == found
