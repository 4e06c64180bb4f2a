"""What changed since the last run: said where it is known, silent where it is not."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.report.since import MAX_LINE, hidden_line, read_line, since, snapshot
from tests.verdicts import approved, blocked, not_measured, row, slower, verdict

OLD, NEW = "a" * 40, "b" * 40
OUTCOMES = st.sampled_from(["improved", "unchanged", "regressed", "inconclusive", "no_baseline", "not_measured"])


def told(before, now) -> str:
    return since(snapshot(before, OLD), snapshot(now, NEW))


def line_of(content: bytes) -> str:
    return f"<!-- gate:snapshot {base64.b64encode(zlib.compress(content)).decode()} -->"


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_.-]{0,20}/p50", fullmatch=True), OUTCOMES, max_size=30))
def test_a_snapshot_comes_back_and_its_line_is_one_hidden_comment(outcomes):
    rows = [row(name, outcome, blocks=outcome == "regressed") for name, outcome in outcomes.items()]
    kept = snapshot(verdict(*rows), OLD)
    line = hidden_line(kept)
    assert read_line(line) == kept
    assert (line.count("-->"), line.count("--"), line.count("\n")) == (1, 2, 0)


def test_a_line_that_would_be_too_long_is_left_out():
    assert hidden_line(snapshot(verdict(*(row(f"endpoint{n}/p50") for n in range(300))), OLD))
    names = [f"{n:x}" * 10 for n in range(10**6, 10**6 + 3000)]
    long = hidden_line(snapshot(verdict(*(row(f"{name}/p50") for name in names)), OLD))
    assert long == ""


@given(st.text(max_size=60))
def test_a_foreign_line_is_ignored(text):
    assert read_line(text) is None
    assert read_line(f"<!-- gate:snapshot {text} -->") is None


def test_a_damaged_line_is_ignored_wherever_it_is_damaged():
    line = hidden_line(snapshot(blocked(), OLD))
    for position in range(len(line)):
        assert read_line(line[:position] + line[position + 1 :]) is None
        other = "A" if line[position] != "A" else "B"
        assert read_line(line[:position] + other + line[position + 1 :]) in (None, snapshot(blocked(), OLD))


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "gate.snapshot/2"},
        {"more": 1},
        {"commit": "main"},
        {"rows": {"a/p50": "fine"}},
        {"rows": [1]},
        {"title": "x" * 101},
        {"blocking": "all"},
    ],
)
def test_a_member_that_is_wrong_makes_it_none(change):
    content = json.loads(snapshot(blocked(), OLD).model_dump_json(by_alias=True))
    assert read_line(line_of(json.dumps(content).encode())) is not None
    assert read_line(line_of(json.dumps(content | change).encode())) is None


def test_a_line_that_unfolds_without_end_is_ignored():
    bomb = line_of(b" " * 3 * 2**20)
    assert len(bomb) <= MAX_LINE
    assert read_line(bomb) is None


def test_verdict_and_rows_are_told_before_and_after():
    assert told(blocked(), approved()) == (
        "Since the last run, at aaaaaaaaaaaa: BLOCKED → APPROVED; search p50 SLOWER → unchanged."
    )
    assert told(approved(), approved()) == "Since the last run, at aaaaaaaaaaaa: APPROVED; no row changed its outcome."
    same = since(snapshot(approved(), OLD), snapshot(approved(), OLD))
    assert same.startswith("Since the last run, at the same commit: ")


def test_an_acceptance_is_told_where_the_outcome_is_the_same():
    let_pass = verdict(row("home/p50"), slower("search/p50", blocks=False))
    assert told(blocked(), let_pass).endswith("BLOCKED → APPROVED; search p50 SLOWER → SLOWER (let pass).")


def test_quiet_changes_new_rows_and_lost_rows_are_counted():
    before = verdict(slower("a/p50"), row("b/p50"), row("c/p50", "inconclusive"), row("gone/p50"))
    now = verdict(row("a/p50"), row("b/p50", "inconclusive"), row("c/p50"), row("new/p50"), row("newer/p50"))
    assert told(before, now).endswith("; a p50 SLOWER → unchanged; rows: 2 more changed, 2 new, 1 gone.")
    assert told(not_measured(), verdict(row())).endswith("BLOCKED - not measured → APPROVED; rows: 1 new.")


def test_few_rows_are_named():
    before = verdict(*(slower(f"e{n}/p50") for n in range(9)))
    now = verdict(*(row(f"e{n}/p50") for n in range(9)))
    said = told(before, now)
    assert said.count("→ unchanged") == 5
    assert said.endswith("rows: 4 more changed.")
