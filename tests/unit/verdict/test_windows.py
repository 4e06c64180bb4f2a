"""Stored runs from before a lasting change of main are no baseline of what came after it."""

from __future__ import annotations

import datetime as dt

import numpy as np

from gate.record.run import AcceptedChange
from gate.verdict import stored
from tests.builders import SOUND, TODAY, World, history_of, outcomes_of, row_of, run_of, suite_of, verdict_of

SUITE = suite_of()
SLOWER = World(slower={"list": 1.4})


def main(before, after):
    """Runs of main, slower from one of them on."""
    worlds = [SOUND] * before + [SLOWER] * after
    return [
        run_of(SUITE, f"b{n}", world, created=TODAY - dt.timedelta(days=len(worlds) - n))
        for n, world in enumerate(worlds)
    ]


def test_a_pull_request_on_a_slower_main_is_not_blocked_for_it():
    verdict = verdict_of(SUITE, run_of(SUITE, world=SLOWER), main(10, 6))
    assert verdict.verdict == "APPROVED"


def test_a_slowdown_on_top_of_it_is_blocked():
    verdict = verdict_of(SUITE, run_of(SUITE, world=World(slower={"list": 1.4 * 1.6})), main(10, 6))
    assert verdict.verdict == "BLOCKED"
    assert outcomes_of(verdict)["list/p50"] == "regressed"
    row = next(row for row in verdict.rows if row.id == "shop/list/p50")
    assert row.trail is not None
    assert row.trail.n == 6
    (notice,) = row.notices
    assert notice.message.startswith("compared with the 6 stored run(s) since 2026-11-14, when main changed by +")


def test_without_windows_the_step_would_pass_for_noise_and_for_the_pull_request(monkeypatch):
    runs, candidate = main(10, 6), run_of(SUITE, world=SLOWER)
    within = row_of(verdict_of(SUITE, candidate, runs), "list/p50")
    every = np.ones((len(SUITE.endpoints), 2, len(runs)), dtype=bool)
    monkeypatch.setattr(stored, "in_window", lambda _history, _names: every)
    mixed = row_of(verdict_of(SUITE, candidate, runs), "list/p50")
    assert abs(within.change) < 0.05
    assert mixed.change > 0.2, "what main did long ago is told of an innocent pull request"
    assert mixed.detectable > 3 * within.detectable


def test_an_accepted_change_begins_the_window_at_once():
    runs, candidate = main(10, 1), run_of(SUITE, world=SLOWER)
    row = row_of(verdict_of(SUITE, candidate, runs), "list/p50")
    assert row.change is not None
    assert row.change > 0.25
    meant = [AcceptedChange(row=f"shop/list/{metric}", reason="prices are exact now") for metric in ("p50", "p95")]
    runs[-1] = runs[-1].model_copy(update={"accepted": meant})
    verdict = verdict_of(SUITE, candidate, runs)
    row = row_of(verdict, "list/p50")
    assert verdict.verdict == "APPROVED"
    assert row.change is not None
    assert row.change < 0.15
    assert row.trail is not None
    assert row.trail.n == 1


def test_runners_that_became_slower_for_good_make_no_suspect_of_every_pull_request():
    """Five runs at the new level are enough to compare what all endpoints share with those alone."""
    slower = World(slower={"*": 1.4})
    before, suspect = history_of(SUITE, 12), run_of(SUITE, world=slower)
    after = [
        run_of(SUITE, f"s{n}", slower, created=TODAY - dt.timedelta(hours=12 - n), commit=f"slow {n}") for n in range(5)
    ]
    assert verdict_of(SUITE, suspect, before).exit_code == 3
    verdict = verdict_of(SUITE, suspect, [*before, *after])
    assert verdict.exit_code == 0
    assert row_of(verdict, "*/p50").trail.n == len(after)
