"""What stored runs say about each row: levels, changes, and from which run on values compare."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from gate.baseline.history import APPLICATION, by_environment, history_of
from gate.baseline.windows import in_window, window_notices, window_start
from gate.record.run import AcceptedChange
from gate.record.value import Notice
from tests.builders import NAMES, PREVIEWS, SOUND, TODAY, World, run_of, suite_of

SUITE = suite_of()
ROWS = [(name, metric) for name in NAMES for metric in ("p50", "p95")]


def days(count, *worlds_from, suite=SUITE, **more):
    """So many runs, one a day; from each index on another world."""
    runs = []
    for number in range(count):
        world = next((world for begin, world in reversed(worlds_from) if number >= begin), SOUND)
        created = TODAY - dt.timedelta(days=count - number)
        runs.append(run_of(suite, f"b{number}", world, rounds=4, created=created, commit=f"main {number}", **more))
    return runs


SLOWER = World(slower={"list": 1.3})
STILL = days(16)
STEPPED = days(16, (9, SLOWER))


def accepting(runs, index, *rows):
    accepted = [AcceptedChange(row=row, reason="a new index") for row in rows]
    return [*runs[:index], runs[index].model_copy(update={"accepted": accepted}), *runs[index + 1 :]]


def test_runs_that_differ_by_their_runner_alone_have_one_level():
    history = history_of(STILL)
    assert set(history.series) == {*ROWS, (APPLICATION, "p50"), (APPLICATION, "p95")}
    assert history.shared == {"p50", "p95"}
    assert all(not series.changes and series.window_start == 0 for series in history.series.values())
    wild = np.median([history.series[name, "p50"].sd for name in NAMES])
    assert wild < 0.6 * history.series[APPLICATION, "p50"].sd, "the runners' 5 % are not in it"


def test_a_row_that_changed_begins_anew_and_no_other_does():
    history = history_of(STEPPED)
    starts = {row: window_start(history, *row) for row in history.series}
    assert starts == dict.fromkeys(starts, 0) | {("list", "p50"): 9, ("list", "p95"): 9}
    (change,) = history.series["list", "p50"].changes
    low, high = change.size.interval()
    assert low < math.log(1.3) < high
    assert high - low < 0.2
    assert history.series["list", "p50"].level == pytest.approx(math.log(0.025 * 1.3), abs=0.05)


@pytest.mark.parametrize(("runs", "start", "codes"), [(11, 0, {"level-unsettled"}), (12, 9, {"new-level"})])
def test_two_runs_at_a_new_level_are_told_and_three_are_believed(runs, start, codes):
    calm = World(run_sd=0.005), World(run_sd=0.005, slower={"list": 1.3})
    history = history_of(days(runs, (0, calm[0]), (9, calm[1])))
    assert window_start(history, "list", "p50") == start
    assert {notice.code for notice in window_notices(history, "list", "p50")} == codes
    assert window_notices(history, "home", "p50") == ()


def test_an_accepted_change_counts_at_once_and_for_its_row_alone():
    history = history_of(accepting(STILL, 15, "shop/list/p95"))
    assert window_start(history, "list", "p95") == 15
    assert window_start(history, "list", "p50") == 0
    assert len(history.series["list", "p95"].current) == 1
    (notice,) = window_notices(history, "list", "p95")
    assert "1 stored run(s)" in notice.message
    assert notice.message.endswith("when a change was accepted: a new index")


def test_a_window_is_what_may_be_compared():
    history = history_of(STEPPED)
    mask = in_window(history, ["home", "list", "nowhere"])
    assert mask.sum(axis=-1).tolist() == [[16, 16], [7, 7], [16, 16]]
    assert mask[1, 0].tolist() == [index >= 9 for index in range(16)]


def test_a_slower_application_changes_its_own_series_and_no_row():
    history = history_of(days(16, (8, World(slower={"*": 1.6}))))
    assert [change.run for change in history.series[APPLICATION, "p50"].changes] == [8]
    assert all(window_start(history, *row) == 0 for row in ROWS)


@pytest.mark.parametrize("names", [NAMES[:1], NAMES[:2]])
def test_with_one_or_two_endpoints_nothing_is_taken_out(names):
    history = history_of(days(10, suite=suite_of(names=names)))
    assert history.shared == frozenset()
    assert set(history.series) == {(name, metric) for name in names for metric in ("p50", "p95")}
    assert history.series["home", "p50"].sd > 0.02, "the runners are in it"


def test_with_three_endpoints_it_is_taken_out_where_runners_differ():
    suite = suite_of(names=NAMES[:3])
    calm, wild = World(runner_sd=0.01), World(runner_sd=0.2)
    assert history_of(days(12, (0, calm), suite=suite)).shared == frozenset()
    assert history_of(days(12, (0, wild), suite=suite)).shared == {"p50", "p95"}


def test_an_endpoint_that_is_measured_in_another_way_begins_a_new_series():
    changed = suite_of("endpoints: {home: GET /other, list: GET /list, detail: GET /detail}\n")
    before = suite_of(names=("home", "list", "detail"))
    runs = [*days(8, suite=before), *days(12, suite=changed)[8:]]
    history = history_of(runs)
    assert history.series["home", "p50"].runs == (8, 9, 10, 11)
    assert history.series["list", "p50"].runs == tuple(range(12))
    old = {name: record.config_hash for name, record in runs[0].endpoints.items()}
    assert history_of(runs, old).series["home", "p50"].runs == tuple(range(8))


def test_a_run_that_was_not_measured_gives_no_value_and_keeps_its_place():
    broken = STEPPED[3].model_copy(update={"not_measured": [Notice(code="x", message="y")]})
    history = history_of([*STEPPED[:3], broken, *STEPPED[4:]])
    assert 3 not in history.series["home", "p50"].runs
    assert window_start(history, "list", "p50") == 9


def test_environment_classes_are_kept_apart():
    other = [run.model_copy(update={"environment": PREVIEWS}) for run in STILL[:3]]
    classes = by_environment([*other, *STILL, *other])
    assert [len(runs) for runs in classes.values()] == [16, 6]
    with pytest.raises(ValueError, match="one environment class"):
        history_of([*other, *STILL])


def test_the_same_runs_have_the_same_history():
    assert history_of(STEPPED) == history_of(list(STEPPED))


def test_a_lasting_change_of_one_endpoint_does_not_leak_into_the_others():
    """Four of them stay; without levels in segments the median of few would follow the one that moved."""
    suite = suite_of(names=NAMES[:5])
    quiet = World(runner_sd=0.2, run_sd=0.005)
    moved = World(runner_sd=0.2, run_sd=0.005, slower={"list": 1.5})
    apart = history_of(days(20, (0, quiet), (10, moved), suite=suite))
    series = apart.series["home", "p50"]
    assert abs(np.mean(series.values(10)) - np.mean(series.values(0, 10))) < 0.015


def test_no_runs_have_no_history():
    assert history_of([]).series == {}
    assert window_start(history_of([]), "home", "p50") == 0
