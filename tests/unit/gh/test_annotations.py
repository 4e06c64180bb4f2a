"""Annotations: what blocks is a failure, what is told is a warning, each at the line of its endpoint."""

from __future__ import annotations

from gate.gh.telling.annotations import MOST, annotated, lines_of
from gate.report.escape import MAX_SENTENCE
from tests.verdicts import approved, blocked, not_measured, row, slower, verdict

SUITE = b"""\
suite: shop
endpoints:
  home: GET /
  search:
    request: GET /search
scenarios:
  rush: {load: {rate: 20/s, for: 10s}, mix: {home: 1}}
"""


def test_lines_are_those_of_the_keys():
    assert lines_of(SUITE) == {"home": 3, "search": 4, "rush": 7}
    assert lines_of(SUITE.replace(b"\n", b"\r\n")) == {"home": 3, "search": 4, "rush": 7}
    assert lines_of(b"endpoints: {x: GET /}\nscenarios: {x: {}}\n") == {"x": 1}
    for unreadable in (b"", b"\xff\xfe", b"- a\n", b"endpoints: [x"):
        assert lines_of(unreadable) == {}


def test_what_blocks_comes_first_and_says_by_how_much():
    told = verdict(
        row("home/p50"),
        slower("cart/p50", blocks=False),
        slower("search/p95"),
        row("search/limit:p95", "missed", blocks=True, change=0.0),
        row("list/p50", "not_measured", change=None),
    )
    found = annotated(told, "perf/gate.yml", {"search": 4})
    assert [(each.level, each.title, each.line) for each in found] == [
        ("failure", "shop/search/p95", 4),
        ("failure", "shop/search/limit:p95", 4),
        ("warning", "shop/cart/p50", 1),
        ("warning", "shop/list/p50", 1),
    ]
    assert found[0].message == "search p95 is 43 % slower than main (143 ms, was 100 ms)"
    assert found[1].message == "search misses its objective: p95 is 100 ms, the limit is 50 ms"
    assert found[3].message == "list p50: NOT MEASURED"
    assert {each.path for each in found} == {"perf/gate.yml"}


def test_a_row_that_a_reason_names_is_a_failure():
    everything = row("*/p50", "regressed", change=0.6)
    told = blocked().model_copy(update={"rows": [everything]})
    told = told.model_copy(
        update={"reasons": [told.reasons[0].model_copy(update={"code": "everything-slower", "rows": ["shop/*/p50"]})]}
    )
    assert [each.level for each in annotated(told, "gate.yml", {})] == ["failure"]


def test_a_reason_without_rows_is_told_once():
    (only,) = annotated(not_measured(), "gate.yml", {})
    assert (only.level, only.line) == ("failure", 1)
    assert only.message == "the preview was not ready within 300 s; see its log"
    assert annotated(approved(), "gate.yml", {}) == ()


def test_text_is_one_harmless_line_and_there_are_not_too_many():
    hostile = not_measured("a\n::error::b\x1b[0m \u202e" + "x" * 5000)
    (only,) = annotated(hostile, "gate.yml", {})
    assert len(only.message) == MAX_SENTENCE
    assert only.message.isprintable()
    many = verdict(*(slower(f"e{n}/p50") for n in range(MOST + 50)))
    assert len(annotated(many, "gate.yml", {})) == MOST
