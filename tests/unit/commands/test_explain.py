"""`gate explain`: everything behind one row, from the verdict file alone."""

from __future__ import annotations

import json
import re

import pytest

from gate.cli import main
from gate.stats.limits import limit_at, stored_scores
from tests.builders import World, history_of, run_of, suite_of, verdict_of

SUITE = suite_of()


@pytest.fixture
def verdict_file(tmp_path):
    verdict = verdict_of(SUITE, run_of(SUITE, world=World(slower={"search": 1.5})), history_of(SUITE, 10))
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(verdict.model_dump(mode="json", by_alias=True)))
    return path, verdict


def test_a_row_is_told_with_all_that_decided_it(verdict_file, capsys):
    path, verdict = verdict_file
    assert main(["explain", "search/p50", "--verdict", str(path)]) == 0
    told = capsys.readouterr().out
    row = next(row for row in verdict.rows if row.id == "shop/search/p50")
    assert told.startswith("shop/search/p50: regressed\n")
    score, limit = map(float, re.search(r"score +([\d.]+); blocks from ([\d.]+)", told).groups())
    assert (score, limit) == (pytest.approx(row.trail.score, abs=1e-3), pytest.approx(row.trail.limit, abs=1e-3))
    assert limit == pytest.approx(limit_at(0.0085, stored_scores("one", 8, 10)), abs=1e-3)
    assert score > limit
    for part in row.trail.se_parts:
        assert part in told
    assert "blocks       yes" in told


def test_every_row_can_be_told_by_its_whole_name(verdict_file, capsys):
    path, verdict = verdict_file
    for row in verdict.rows:
        assert main(["explain", row.id, "--verdict", str(path)]) == 0
        assert capsys.readouterr().out.startswith(f"{row.id}: {row.outcome}\n")


def test_a_row_that_is_not_there_is_answered_with_those_near_it(verdict_file, capsys):
    path, _ = verdict_file
    assert main(["explain", "search/p99", "--verdict", str(path)]) == 2
    assert "shop/search/p50" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["explain", "search/p50", "--verdict", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


OBJECTIVES = suite_of(
    "endpoints:\n"
    + "".join(f"  {name}: GET /{name}\n" for name in ("home", "list", "detail", "cart", "orders"))
    + "  search: {request: GET /search, objectives: {p95: 20ms, mean: 20ms, error_rate: 0.1%, bytes: 9kB}}\n"
)


@pytest.fixture
def told(tmp_path, capsys):
    run = run_of(OBJECTIVES, world=World(failing={"search": {0: 6, 5: 20}}))
    verdict = verdict_of(OBJECTIVES, run, history_of(OBJECTIVES, 10))
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(verdict.model_dump(mode="json", by_alias=True)))

    def of(metric: str):
        assert main(["explain", f"search/{metric}", "--verdict", str(path)]) == 0
        return capsys.readouterr().out, next(row for row in verdict.rows if row.id == f"shop/search/{metric}")

    return of


def test_errors_are_told_with_both_sides_and_what_would_flip_them(told):
    text, row = told("errors")
    assert "failed       26 of 400 (6.5 %) of the candidate, 0 of 4,000 (0.0 %) of the baseline" in text
    assert f"400 requests; dispersion of errors {row.trail.design_effect:.3g}, so they count as" in text
    assert "conditional binomial test over the dispersion of errors" in text
    assert f"p            {row.trail.p:.3g} alone, {row.trail.p_adjusted:.3g} over all rows" in text
    assert "9 tests of errors and objectives share 15 % of the promise, by Holm" in text
    assert f"regressed up to p {row.trail.p_limit:.3g} alone" in text
    assert "more of them, by half a point or more, which may be chance" in text
    assert re.search(r"would flip   regressed from [0-9]+ of 400 failed, and half a point more", text)


def test_an_objective_is_told_with_what_it_rests_on(told):
    text, row = told("limit:p95")
    assert row.outcome == "missed"
    assert "objective    p95 at most 20 ms" in text
    assert "one-sided 95 % bounds" in text
    assert re.search(
        r"data         374 requests in 8 blocks; design effect [\d.]+, so they count as \d+ independent", text
    )
    beyond = row.trail.counts["candidate"].count
    assert f"beyond       {beyond} of 374" in text
    assert "; the limit allows 5.0 %" in text
    assert re.search(
        r"would flip   missed from \d+ of 374 beyond the limit; met up to \d+ of 374 beyond the limit", text
    )


def test_an_objective_that_needs_more_data_says_that_it_cannot_be_met(told):
    text, row = told("limit:error_rate")
    assert row.trail.share == 0.001
    assert "failed       26 of 400 (6.5 %); the limit allows 0.1 %" in text
    assert "neither shown to be missed nor shown to be met" in text
    assert "met up to" not in text
    assert "not to be met with so little data" in text


def test_a_mean_is_told_in_its_own_unit(told):
    text, row = told("limit:mean")
    assert "data         8 blocks" in text
    assert "freedom      7 degrees" in text
    assert re.search(r"would flip   missed from [\d.]+ ms; met up to [\d.]+ ms", text)
    assert row.candidate > 0.02


def test_a_check_is_seen_or_not_seen(told):
    text, _ = told("limit:bytes")
    assert "p            none: seen or not seen" in text
    assert "family" not in text


def test_a_row_that_one_run_only_suspects_is_not_said_to_block_from_anywhere(tmp_path, capsys):
    suite = suite_of("policy: {on_suspect: confirm}\n")
    verdict = verdict_of(suite, run_of(suite, world=World(slower={"search": 1.5})), history_of(suite, 10))
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(verdict.model_dump(mode="json", by_alias=True)))
    main(["explain", "search/p50", "--verdict", str(path)])
    told = capsys.readouterr().out
    assert "suspected from" in told
    assert "blocks from" not in told
    assert "gate run --after" in told
    main(["explain", "cart/p50", "--verdict", str(path)])
    assert "suspected from" in capsys.readouterr().out
