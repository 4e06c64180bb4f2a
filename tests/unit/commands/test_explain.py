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
