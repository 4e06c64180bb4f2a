"""Which stored runs a candidate may be compared with."""

from __future__ import annotations

import datetime as dt

import pytest

from gate.baseline.select import comparable, select
from gate.config.policy import Baselines
from gate.measure.hashes import endpoint_hash
from gate.record.value import Notice
from tests.builders import ONE_HOST, PREVIEWS, TODAY, history_of, run_of, suite_of

SUITE = suite_of(names=("home",))
CANDIDATE = run_of(SUITE, rounds=1)
RUNS = history_of(SUITE, 6, rounds=1)
RULES = Baselines()


def left_out(stored, rules=RULES):
    selection = select(CANDIDATE, stored, rules)
    return [run.run_id for run in selection.runs], [notice.message for notice in selection.notices]


def test_sound_runs_of_the_same_kind_are_kept_oldest_first():
    assert left_out(RUNS) == ([f"b{number}" for number in range(6)], [])


def test_the_newest_of_the_window_are_kept():
    assert left_out(RUNS, Baselines(window=2))[0] == ["b4", "b5"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"complete": False}, "not measured completely"),
        ({"not_measured": [Notice(code="x", message="y")]}, "not measured completely"),
        ({"run_id": "c0"}, "it is the candidate itself"),
        ({"environment": PREVIEWS}, "another environment (*.preview.example.app, github-hosted/Linux/X64"),
        ({"environment": ONE_HOST.model_copy(update={"cpu": "Other CPU"})}, "another environment"),
        ({"environment": ONE_HOST.model_copy(update={"runner": "github-hosted"})}, "another environment"),
        ({"created": "2026-09-21T11:59:59Z"}, "older than 60 days"),
        ({"created": "2026-11-20T12:10:01Z"}, "stamped later than the candidate"),
    ],
)
def test_an_unfit_run_is_left_out_and_said_so(members, words):
    kept, said = left_out([*RUNS[:-1], RUNS[-1].model_copy(update=members)])
    assert "b5" not in kept
    assert len(kept) == 5
    assert len(said) == 1
    assert said[0].startswith("1 stored run left out: ")
    assert words in said[0]


def test_ages_count_from_the_candidate_and_not_from_today():
    late = run_of(SUITE, "late", rounds=1, created=TODAY + dt.timedelta(days=61))
    assert select(late, RUNS, RULES).runs == ()
    assert select(CANDIDATE, RUNS, RULES).runs == tuple(RUNS)


def test_unfit_runs_take_no_place_in_the_window():
    other = [run.model_copy(update={"environment": PREVIEWS, "run_id": f"p{i}"}) for i, run in enumerate(RUNS)]
    assert left_out([*RUNS, *other], Baselines(window=6))[0] == [run.run_id for run in RUNS]


def test_only_an_endpoint_measured_in_the_same_way_is_comparable():
    own = endpoint_hash(SUITE, "home")
    changed = endpoint_hash(suite_of("endpoints: {home: GET /other}"), "home")
    assert comparable(CANDIDATE, "home", own)
    assert not comparable(CANDIDATE, "home", changed)
    assert not comparable(CANDIDATE, "list", own)
