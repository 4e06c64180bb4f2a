"""Check runs and commit statuses: one each, completed at once, whatever breaks on the way."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from fake_checks import FakeChecks
from fake_github import BASE, HEAD, INTEGRATION

from gate.errors import NotMeasured
from gate.gh.rest.client import Client
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.telling.annotations import Annotation
from gate.gh.telling.checks import Check, Checks, check_name
from gate.gh.telling.ledger import Ledger, find_ledgers, last_ledger, written

NAME = check_name("shop")
CHECK = Check(
    name=NAME,
    sha=HEAD,
    external_id=f"42.1.{HEAD}",
    details_url="https://github.com/octo/shop/actions/runs/42/attempts/1",
    conclusion="failure",
    title="BLOCKED: search p50 is 43 % slower",
    summary="**BLOCKED**",
    text="",
)
LEDGER = Ledger(
    suite="shop", sha=HEAD, run_id=42, attempt=1, verdict="BLOCKED", exit_code=1, policy_sha=BASE, run_files=[]
)
POST, PATCH = "POST .*check-runs", "PATCH .*check-runs"
CUTS = [{"status": 500}, {"status": 502}, {"wire": "reset"}, {"wire": "cut"}, {"raw": b"<html>"}, {"raw": b"{}"}]


def remarks(count: int) -> tuple[Annotation, ...]:
    return tuple(Annotation("gate.yml", n, "failure", f"shop/e{n}/p50", f"remark {n}") for n in range(1, count + 1))


def of(client: Client) -> Checks:
    return Checks(client.api, client.repository)


def test_a_check_is_made_completed_in_one_request(client, github, checks):
    made = of(client).create(replace(CHECK, annotations=remarks(2)))
    (run,) = checks.runs
    assert (run["status"], run["conclusion"], run["head_sha"]) == ("completed", "failure", HEAD)
    assert (run["name"], run["external_id"], run["details_url"]) == (
        "gate / shop",
        CHECK.external_id,
        CHECK.details_url,
    )
    assert (run["output"]["title"], run["output"]["summary"]) == (CHECK.title, "**BLOCKED**")
    assert checks.annotations[1][1] == {
        "path": "gate.yml",
        "start_line": 2,
        "end_line": 2,
        "annotation_level": "failure",
        "title": "shop/e2/p50",
        "message": "remark 2",
    }
    assert made.html_url == run["html_url"]
    assert len(github.requests) == 1


@pytest.mark.parametrize(("cut", "applied"), list(itertools.product(CUTS, (False, True))))
def test_wherever_the_line_is_cut_there_is_one_check(client, github, checks, cut, applied):
    github.fail(POST, applied=applied, **cut)
    assert of(client).create(CHECK).external_id == CHECK.external_id
    assert len(checks.runs) == 1


def test_the_look_passes_over_checks_of_other_runs(client, github, checks):
    for attempt in range(130):
        checks.make(name=NAME, head_sha=HEAD, external_id=f"41.{attempt}.{HEAD}", conclusion="failure")
    checks.make(name="gate / other", head_sha=HEAD, external_id=CHECK.external_id, conclusion="failure")
    checks.make(name=NAME, head_sha=HEAD, external_id=CHECK.external_id, conclusion="success", slug="stranger")
    github.fail(POST, status=502)
    of(client).create(CHECK)
    assert len(checks.runs) == 133
    assert checks.runs[-1]["conclusion"] == "failure"


def test_every_attempt_has_a_check_of_its_own(client, checks):
    for attempt in (1, 2):
        of(client).create(replace(CHECK, external_id=f"42.{attempt}.{HEAD}"))
    assert [run["external_id"] for run in checks.runs] == [f"42.1.{HEAD}", f"42.2.{HEAD}"]


@pytest.mark.parametrize("count", [49, 50, 51, 100, 101, 200])
def test_annotations_come_fifty_at_a_time_and_in_order(client, github, checks, count):
    check = replace(CHECK, annotations=remarks(count))
    of(client).annotate(of(client).create(check), check)
    assert [each["start_line"] for each in checks.annotations[1]] == list(range(1, count + 1))
    assert github.count(PATCH) == (count - 1) // 50
    assert checks.runs[0]["output"]["summary"] == "**BLOCKED**"


@pytest.mark.parametrize(("cut", "applied"), list(itertools.product(CUTS, (False, True))))
def test_annotations_are_not_doubled_by_a_lost_answer(client, github, checks, cut, applied):
    check = replace(CHECK, annotations=remarks(120))
    made = of(client).create(check)
    github.fail(PATCH, applied=applied, **cut)
    of(client).annotate(made, check)
    assert len(checks.annotations[1]) == 120


def test_characters_that_the_checks_api_refuses_are_replaced(client, checks):
    odd = replace(
        CHECK, title="🔥", summary="é 🔥 \ufffd", text="🔥", annotations=(Annotation("a", 1, "warning", "🔥", "🔥"),)
    )
    of(client).create(odd)
    assert checks.runs[0]["output"]["summary"] == "é \ufffd \ufffd"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 403, "message": INTEGRATION}, Reason.FORBIDDEN),
        ({"status": 404}, Reason.ABSENT),
        ({"status": 422, "message": "No commit found for SHA"}, Reason.REFUSED),
        ({"status": 401}, Reason.UNAUTHORIZED),
        ({"status": 500}, Reason.UNREACHABLE),
        ({"status": 429, "headers": {"Retry-After": "3600"}}, Reason.LIMITED),
    ],
)
def test_what_github_does_not_take_has_a_reason_and_leaves_nothing(client, github, checks, fault, reason):
    github.fail(POST, times=99, **fault)
    with pytest.raises(ApiError) as caught:
        of(client).create(CHECK)
    assert caught.value.reason is reason
    assert checks.runs == []
    if reason is Reason.FORBIDDEN:
        assert "checks: write" in caught.value.cure


def test_a_status_says_the_same(client, checks):
    of(client).set_status(CHECK)
    (status,) = checks.statuses
    assert (status["state"], status["context"]) == ("failure", "gate / shop")
    assert (status["description"], status["target_url"]) == (CHECK.title, CHECK.details_url)


@pytest.mark.parametrize(("cut", "applied"), list(itertools.product(CUTS, (False, True))))
def test_a_status_is_set_once(client, github, checks, cut, applied):
    of(client).set_status(replace(CHECK, conclusion="success"))
    github.fail("POST .*statuses", applied=applied, **cut)
    of(client).set_status(CHECK)
    assert [status["state"] for status in checks.statuses] == ["success", "failure"]


# ledgers on a commit --------------------------------------------------------------------------------------------------


def stand(checks: FakeChecks, text: str, *, sha: str = HEAD, name: str = NAME, slug: str = "github-actions") -> None:
    checks.make(
        slug, name=name, head_sha=sha, conclusion="failure", output={"title": "t", "summary": "s", "text": text}
    )


def found(client: Client, sha: str = HEAD) -> list[int]:
    return [ledger.run_id for ledger in find_ledgers(client.api, client.repository, sha, "shop")]


def ledger(run_id: int, **changes: object) -> str:
    return "words\n\n" + written(LEDGER.model_copy(update={"run_id": run_id, **changes}))


def test_ledgers_come_newest_first_and_only_those_of_this_suite_and_commit(client, checks):
    for run_id in (41, 43, 42):
        stand(checks, ledger(run_id))
    stand(checks, ledger(50, suite="other"), name=check_name("other"))
    stand(checks, ledger(51, sha=BASE), sha=BASE)
    stand(checks, "no ledger here")
    assert found(client) == [42, 43, 41]
    assert found(client, BASE) == [51]
    assert found(client, "d" * 40) == []


def test_the_last_check_alone_says_what_can_be_accepted(client, checks):
    assert last_ledger(client.api, client.repository, HEAD, "shop") is None
    stand(checks, ledger(41))
    stand(checks, "not measured", slug="evil")
    newest = last_ledger(client.api, client.repository, HEAD, "shop")
    assert newest is not None
    assert newest.run_id == 41
    stand(checks, "the preview was never ready: nothing was measured")
    with pytest.raises(NotMeasured, match="measured nothing"):
        last_ledger(client.api, client.repository, HEAD, "shop")
    stand(checks, ledger(43)[:-20])
    with pytest.raises(NotMeasured, match="cut or changed"):
        last_ledger(client.api, client.repository, HEAD, "shop")


def test_a_strangers_app_writes_no_ledger(client, checks):
    stand(checks, ledger(41))
    stand(checks, ledger(99), slug="evil")
    stand(checks, "<!-- gate:ledger -->\n```json\n{}\n```\n", slug="evil")
    assert found(client) == [41]
    stand(checks, ledger(60), slug="perf-app")
    ours = find_ledgers(client.api, client.repository, HEAD, "shop", app="perf-app")
    assert [each.run_id for each in ours] == [60]


@pytest.mark.parametrize("text", [ledger(99)[:-20], ledger(99, sha=BASE), ledger(99, suite="other")])
def test_a_damaged_or_foreign_newest_ledger_is_not_passed_over(client, checks, text):
    stand(checks, ledger(41))
    stand(checks, text)
    with pytest.raises(NotMeasured, match="record in the check run"):
        found(client)
    stand(checks, ledger(100))
    assert found(client) == [100, 41], "a sound newer one settles it"


def test_check_runs_that_cannot_be_read_are_not_none(client, github, checks):
    github.fail("check-runs", status=500, times=99)
    with pytest.raises(ApiError):
        found(client)
