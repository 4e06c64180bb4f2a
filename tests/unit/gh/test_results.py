"""Outputs of one suite and of several: an approval of all needs every one of them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_port import outputs_in

from gate.gh.telling.results import added_up, nothing_judged, of_verdict
from gate.gh.telling.workflow import OUTPUTS, write_outputs
from gate.verdict.values import Reason
from tests.verdicts import approved, blocked, not_measured, row, slower, verdict


def outputs(judged, suite: str = "shop"):
    return of_verdict(
        judged, f"{suite}/comment.md", f"{suite}/verdict.json", [f"{suite}/run-1.json", f"{suite}/run-2.json"]
    )


ENDED = {
    "approved": outputs(approved()),
    "blocked": outputs(blocked()),
    "not measured": outputs(not_measured()),
    "not in effect": outputs(blocked().model_copy(update={"in_effect": False, "exit_code": 0})),
    "refused": nothing_judged(2),
    "unusable baselines": nothing_judged(5),
}


def test_rows_are_counted_by_outcome():
    judged = verdict(slower(), row("a/p50", "improved"), row("b/p50"), row("c/p50"), row("d/p50", "not_measured"))
    found = outputs(judged)
    assert [found[name] for name in ("regressed", "improved", "unchanged", "inconclusive", "not-measured")] == [
        1,
        1,
        2,
        0,
        1,
    ]
    assert (found["verdict"], found["exit-code"]) == ("BLOCKED", 1)
    assert found["run-files"] == "shop/run-1.json\nshop/run-2.json"


@pytest.mark.parametrize("code", ["unconfirmed", "everything-slower"])
def test_what_others_can_confirm_is_counted_and_beside_a_base_it_cannot(code):
    suspicion = Reason(code=code, rows=["shop/a/p50", "shop/b/p95"], message="in one run")
    told = blocked().model_copy(update={"reasons": [suspicion], "way": "stored"})
    assert outputs(told)["suspected"] == 2
    assert outputs(told.model_copy(update={"way": "duet"}))["suspected"] == 0
    assert outputs(blocked().model_copy(update={"way": "stored"}))["suspected"] == 0


def test_every_output_is_there_and_can_be_written(tmp_path):
    for number, parts in enumerate(itertools.combinations_with_replacement(ENDED.values(), 3)):
        total = added_up(parts)
        assert set(total) == {output.name for output in OUTPUTS}
        path = tmp_path / str(number)
        write_outputs(path, total)
        assert outputs_in(path.read_text()) == {name: str(value) for name, value in total.items()}


def test_counts_add_up_and_paths_stand_one_on_a_line():
    total = added_up([outputs(blocked(), "shop"), nothing_judged(2), outputs(approved(), "api")])
    assert (total["regressed"], total["unchanged"]) == (1, 3)
    assert total["report"] == "shop/comment.md\napi/comment.md"
    assert str(total["run-files"]).count("\n") == 3


@pytest.mark.parametrize(
    ("names", "verdict_is", "exit_code"),
    [
        (["approved", "approved"], "APPROVED", 0),
        (["approved", "blocked"], "BLOCKED", 1),
        (["blocked", "not measured"], "BLOCKED", 3),
        (["approved", "not in effect"], "APPROVED", 0),
        (["not in effect"], "", 0),
        (["approved", "refused"], "", 2),
        (["approved", "unusable baselines"], "", 5),
        ([], "", 0),
    ],
)
def test_the_verdict_of_all(names, verdict_is, exit_code):
    total = added_up([ENDED[name] for name in names])
    assert (total["verdict"], total["exit-code"]) == (verdict_is, exit_code)


@given(st.lists(st.sampled_from(sorted(ENDED)), min_size=1, max_size=5))
def test_approved_means_that_no_suite_failed(names):
    total = added_up([ENDED[name] for name in names])
    is_approved = "approved" in names and set(names) <= {"approved", "not in effect"}
    assert (total["verdict"] == "APPROVED") == is_approved
    assert (total["exit-code"] == 0) == (set(names) <= {"approved", "not in effect"})
    assert added_up([total]) == total
