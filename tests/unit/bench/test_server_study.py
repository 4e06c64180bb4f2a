"""The parts of the study of real servers that need no server: order, journal, truth, figures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from bench.decision.servers import __main__ as command
from bench.decision.servers import checks as making
from bench.decision.servers import journal, report
from bench.decision.servers.cases import BLOCKS, CASES, CHANNELS, ENDPOINTS, UNCHANGED, WAYS, schedule, wait_factors
from bench.decision.servers.lanes import ALONE, Lane, add_up, parse_lane
from bench.decision.servers.study import Study
from bench.decision.servers.suite import BUDGET_S, RATE_RPS, REFRESH_EVERY, STORE_EVERY, STORED_RUNS, suite_text
from gate.config.read import read_suite
from gate.measure.layout import AtHand, lay_out_duet
from gate.measure.plan import compared, group_endpoints
from gate.stats.beliefs import assumed
from gate.stats.duet import Deployed

SETTINGS = {"seed": 1, "pairs": 1, "seconds": 7.0, "stored_seconds": 5.0, "rate": 100.0, "lane": "1/1"}


def test_every_stratum_has_300_unchanged_checks_and_30_of_each_slow_case():
    counted = Counter((c.channel, c.way, c.case.name) for c in schedule(1))
    assert len(counted) == len(CHANNELS) * len(WAYS) * len(CASES)
    assert all(n == (300 if name == UNCHANGED.name else 30) for (_, _, name), n in counted.items())


def test_a_study_that_is_cut_short_has_seen_every_case_alike():
    checks = schedule(1)
    for done in range(0, len(checks), len(checks) // BLOCKS):
        counted = Counter((c.channel, c.way, c.case.name) for c in checks[:done])
        blocks = done * BLOCKS // len(checks)
        assert all(n == blocks * (10 if name == UNCHANGED.name else 1) for (_, _, name), n in counted.items())


def test_the_order_belongs_to_the_seed_and_numbers_never_change():
    assert schedule(1) == schedule(1) != schedule(2)
    assert [c.number for c in schedule(1)] == list(range(1_680))


def test_what_is_slowed_fits_the_case():
    drawn = Counter()
    for check in schedule(1):
        if check.case is UNCHANGED:
            assert check.slowed == ()
        elif check.case.is_everywhere:
            assert check.slowed == ENDPOINTS
        else:
            drawn.update(check.slowed)
    assert drawn.keys() == set(ENDPOINTS)
    assert min(drawn.values()) > 0.7 * drawn.total() / len(ENDPOINTS)


def test_the_wait_makes_up_for_work_and_network():
    """A fifth of 70 ms are 14 ms, which a wait of 25 ms gains when it is 1.56 times as long."""
    check = next(c for c in schedule(1) if c.case.name == "one+20%")
    factors = wait_factors(check, dict.fromkeys(ENDPOINTS, 0.070), 0.025)
    assert factors == {check.slowed[0]: pytest.approx(1.56)}


def test_the_suite_is_one_that_the_gate_takes():
    suite = read_suite(suite_text(12.0, 50.0).encode(), "gate.yml", lambda name: b"")
    assert group_endpoints(suite) == [ENDPOINTS]
    assert compared(suite) == ENDPOINTS
    assert suite.baselines.window == STORED_RUNS


# --- lanes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [1, 2, 3, 4])
def test_lanes_make_every_check_once_and_have_the_same_share_of_each_case(of: int):
    lanes = [Lane(number + 1, of) for number in range(of)]
    made = [[check for check in schedule(1) if lane.has(check)] for lane in lanes]
    assert sorted(c.number for share in made for c in share) == [c.number for c in schedule(1)]
    for share in made:
        counted = Counter((c.channel, c.way) for c in share if c.case is UNCHANGED)
        assert len(counted) == len(CHANNELS) * len(WAYS)
        assert min(counted.values()) > 0.8 * 300 / of


def test_no_two_lanes_use_one_seed():
    seeds = [Lane(number, 3).seed(1, count) for number in (1, 2, 3) for count in range(1_000)]
    assert len(set(seeds)) == len(seeds)


def test_a_lane_is_read_as_it_is_written():
    assert parse_lane("2/3") == Lane(2, 3)
    assert parse_lane(str(ALONE)) == ALONE


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "1/0", "-1/3", "1/3/", "one", ""])
def test_what_is_no_lane_is_refused(text: str):
    with pytest.raises(ValueError, match="is no lane"):
        parse_lane(text)


def of_lane(name: str, lane: str, number: int = 0, **settings: Any) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    return name, {**SETTINGS, "lane": lane, **settings}, [{"kind": "check", "number": number, "gate": "a"}]


def test_lanes_of_one_study_add_up():
    settings, lanes = add_up([of_lane("one", "1/2", 0), of_lane("two", "2/2", 1)])
    assert settings["lane"] == "1/2"
    assert [[line["number"] for line in lines] for lines in lanes] == [[0], [1]]


def test_a_state_without_a_lane_is_refused():
    with pytest.raises(journal.JournalError, match="begin it anew"):
        add_up([("one", {"seed": 1, "pairs": 1}, [])])


def test_a_lane_that_has_not_begun_adds_nothing():
    empty = ("one", {**SETTINGS, "lane": "1/2"}, [])
    assert add_up([empty, of_lane("two", "2/2")])[1][0] == []


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (of_lane("two", "2/2", rate=50.0), "two and one differ in rate: 50.0 and 100.0"),
        (of_lane("two", "2/3"), "two and one differ in lane: 'of 3' and 'of 2'"),
        (of_lane("two", "1/2"), "two and one are both lane 1/2"),
        (("two", {**SETTINGS, "lane": "2/2"}, [{"kind": "check", "gate": "b"}]), "two measured another gate"),
    ],
)
def test_what_is_not_of_one_study_is_not_added_up(second: Any, message: str):
    with pytest.raises(journal.JournalError, match=message):
        add_up([of_lane("one", "1/2"), second])


def test_waiting_for_idle_processors_is_for_one_lane(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        command.main(["--state", str(tmp_path), "--checks", "1", "--lane", "1/2", "--idle", "0.5"])
    assert "other lanes" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--checks", "1"], ["--report"], ["--checks", "1", "--report", "folder"]])
def test_a_study_without_a_folder_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert "--state is missing" in capsys.readouterr().err


def test_figures_hang_on_the_code_that_measures_and_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(making.gate, "__file__", str(tmp_path / "__init__.py"))
    for package in (*making.CODE, "report"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "one.py").write_text("1\n")
    before = making.code_hash()
    (tmp_path / "report" / "one.py").write_text("2\n")
    assert making.code_hash() == before
    seen = {before}
    for package in making.CODE:
        (tmp_path / package / "one.py").write_text("2\n")
        seen.add(making.code_hash())
    assert len(seen) == 1 + len(making.CODE)


def test_the_packages_that_measure_and_decide_are_there():
    package = Path(making.gate.__file__).parent
    assert all((package / name).is_dir() for name in making.CODE)


def test_a_duet_by_default_is_measured_in_stages():
    """With less it would have rounds without a look, which no user's budget of minutes leads to."""
    suite = read_suite(suite_text(BUDGET_S["duet"], RATE_RPS).encode(), "gate.yml", lambda name: b"")
    beliefs = assumed(len(ENDPOINTS), one_host=True)
    assert lay_out_duet(suite, AtHand((Deployed(0, 0),)), beliefs).name == "short 1+0"


# --- the journal -----------------------------------------------------------------------------------


def test_a_study_goes_on_where_it_was(tmp_path: Path):
    with journal.opened(tmp_path, SETTINGS) as book:
        book.append({"kind": "check", "number": 3})
    with journal.opened(tmp_path, SETTINGS) as book:
        assert book.lines == [{"kind": "check", "number": 3}]
        book.append({"kind": "check", "number": 4})
    assert journal.read(tmp_path) == (SETTINGS, [{"kind": "check", "number": n} for n in (3, 4)])


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_line_that_was_not_finished_is_as_if_not_begun(tmp_path: Path, cut: int):
    with journal.opened(tmp_path, SETTINGS) as book:
        book.append({"number": 1})
        book.append({"number": 2, "case": "unchanged"})
    path = tmp_path / "checks.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    assert journal.read(tmp_path)[1] == [{"number": 1}]
    with journal.opened(tmp_path, SETTINGS) as book:
        book.append({"number": 3})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"number": 1}, {"number": 3}]


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path):
    with journal.opened(tmp_path, SETTINGS) as book:
        book.append({"number": 1})
    path = tmp_path / "checks.jsonl"
    path.write_bytes(path.read_bytes() + b"{oops\n")
    with pytest.raises(journal.JournalError, match=r"checks\.jsonl, line 2"):
        journal.read(tmp_path)


def test_another_study_does_not_go_on_here(tmp_path: Path):
    with journal.opened(tmp_path, SETTINGS):
        pass
    with (
        pytest.raises(journal.JournalError, match="another --state"),
        journal.opened(tmp_path, {**SETTINGS, "seed": 2}),
    ):
        pass


def test_two_processes_do_not_write_one_journal(tmp_path: Path):
    with (
        journal.opened(tmp_path, SETTINGS),
        pytest.raises(journal.JournalError, match="another process"),
        journal.opened(tmp_path, SETTINGS),
    ):
        pass


def test_a_study_that_was_not_begun_is_told(tmp_path: Path):
    with pytest.raises(journal.JournalError, match="no study yet"):
        journal.read(tmp_path)


# --- the figures -----------------------------------------------------------------------------------


def check(number: int, case: str = "unchanged", **more: Any) -> dict[str, Any]:
    times = {"preview": dict.fromkeys(ENDPOINTS, 30.0), "base": dict.fromkeys(ENDPOINTS, 30.0)}
    line = {"kind": "check", "number": number, "channel": "loopback", "way": "duet", "case": case, "slowed": []}
    line |= {"exit_code": 0, "reasons": [], "blamed": [], "seconds": 15.0, "requests": 2_400, "gate": "a", "added": {}}
    line |= {"lanes": 1, "servers_ratio": 0.2, "gate_ratio": 0.05, "idle_ratio": 0.7, "medians_ms": times}
    return line | more


def slow(number: int, **more: Any) -> dict[str, Any]:
    return check(number, "one+20%", **{"slowed": ["search"], "exit_code": 1, "blamed": ["search"], **more})


def figures_by_name(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {row.figure: row for row in report.figures(SETTINGS, [lines])}


def test_blocked_and_not_measured_are_counted_apart_and_nothing_is_dropped():
    lines = [check(n) for n in range(295)]
    lines += [check(300 + n, exit_code=1, blamed=["search"]) for n in range(3)]
    lines += [check(400, exit_code=3), check(401, exit_code=None)]
    rows = figures_by_name(lines)
    blocked = rows["duet, loopback: unchanged, blocked"]
    assert (blocked.value, blocked.n, blocked.goal, blocked.met) == (3, 300, "<= 3", True)
    assert rows["duet, loopback: unchanged, not measured (exit 3)"].value == 1
    assert rows["checks that ended in neither verdict (crash, hung)"].met is False
    rows = figures_by_name([*lines[1:], check(500, exit_code=1, blamed=["detail"])])
    assert rows["duet, loopback: unchanged, blocked"].met is False


def test_a_goal_is_not_held_against_part_of_the_study():
    rows = figures_by_name([check(n) for n in range(20)])
    assert rows["duet, loopback: unchanged, blocked"].goal is None


def test_both_channels_together_are_held_against_the_goal_as_shares():
    lines = [check(n, channel="proxy" if n % 2 else "loopback") for n in range(296)]
    lines += [check(300 + n, exit_code=1, blamed=["search"]) for n in range(4)]
    lines += [slow(400 + n, channel="proxy", **({} if n else {"exit_code": 0, "blamed": []})) for n in range(30)]
    rows = figures_by_name(lines)
    blocked = rows["duet, both channels: unchanged, blocked"]
    assert (blocked.value, blocked.n, blocked.goal, blocked.met) == (0.0133, 300, "<= 0.01", False)
    caught = rows["duet, both channels: one+20%, caught"]
    assert (caught.value, caught.n, caught.goal, caught.met) == (0.9667, 30, ">= 0.9", True)
    assert "duet, both channels: one+20%, caught" not in figures_by_name(lines[:-1])


def test_a_slowdown_is_caught_by_blaming_the_endpoint_that_has_it():
    lines = [slow(n) for n in range(26)]
    lines += [slow(30, blamed=["detail"]), slow(31, exit_code=3), slow(32, exit_code=0, blamed=[])]
    lines += [slow(33, blamed=["detail", "search"])]
    rows = figures_by_name(lines)
    caught = rows["duet, loopback: one+20%, caught"]
    assert (caught.value, caught.n, caught.met) == (27, 30, True)
    assert rows["duet, loopback: one+20%, blamed another as well"].value == 2
    assert figures_by_name([*lines[1:], slow(34, exit_code=0)])["duet, loopback: one+20%, caught"].met is False


def test_the_truth_is_that_of_both_logs():
    times = {"preview": {"search": 36.0}, "base": {"search": 30.0}}
    (line,) = report.with_truth([slow(1, medians_ms=times)])
    assert line["truth"] == {"search": pytest.approx(0.2)}


def test_a_network_of_40_ms_makes_the_truth_smaller():
    times = {"preview": {"search": 44.0}, "base": {"search": 30.0}}
    (line,) = report.with_truth([slow(1, medians_ms=times, added={"p50_s": 0.020})])
    assert line["truth"] == {"search": pytest.approx(14 / 70)}


def test_the_truth_of_stored_runs_is_beside_those_in_the_window():
    def main(duration_ms: float, **more: Any) -> dict[str, Any]:
        medians = {"main": {"search": duration_ms}}
        return {"kind": "refresh", "channel": "loopback", "exit_code": 0, "medians_ms": medians, **more}

    stale, other, failed = main(1.0), main(500.0, channel="proxy"), main(500.0, exit_code=3)
    lines = [stale, *[main(30.0)] * STORED_RUNS, other, failed]
    lines += [slow(1, way="stored", medians_ms={"preview": {"search": 33.0}})]
    (line,) = report.with_truth([*lines, main(500.0)])
    assert line["truth"] == {"search": pytest.approx(0.1)}


def test_each_lane_has_stored_runs_of_its_own():
    def lane(main_ms: float, preview_ms: float, number: int) -> list[dict[str, Any]]:
        refresh = {"kind": "refresh", "channel": "loopback", "exit_code": 0, "gate": "a"}
        refresh |= {"medians_ms": {"main": {"search": main_ms}}}
        medians = {"preview": {"search": preview_ms}}
        return [refresh] * STORED_RUNS + [slow(number, way="stored", medians_ms=medians, lanes=2)]

    lanes = [lane(30.0, 36.0, 0), lane(60.0, 72.0, 1)]
    rows = {row.figure: row for row in report.figures({**SETTINGS, "lane": "1/2"}, lanes)}
    really = rows["stored, loopback: one+20%, really"]
    assert really.n == 2
    assert really.interval == (20.0, 20.0)
    assert rows["lanes that checks were made in side by side"].value == 2


def test_a_gate_that_died_before_it_asked_everything_is_counted_all_the_same():
    died = check(1, exit_code=70, requests=9, medians_ms={"preview": {"search": 30.0, "health": 30.0}, "base": {}})
    (line,) = report.with_truth([died])
    assert line["truth"] == {}
    assert figures_by_name([died])["checks that ended in neither verdict (crash, hung)"].value == 1


def test_everything_slower_that_was_not_confirmed_is_counted_apart():
    lines = [check(n, "all+20%", slowed=list(ENDPOINTS), exit_code=3, reasons=["everything-slower"]) for n in range(2)]
    lines += [check(2, "all+20%", slowed=list(ENDPOINTS), exit_code=1, blamed=["search"], reasons=["regressed"])]
    rows = figures_by_name(lines)
    assert rows["duet, loopback: all+20%, caught"].value == 1
    assert rows["duet, loopback: all+20%, held as everything slower"].value == 2
    assert rows["duet, loopback: all+20%, blamed another as well"].value == 0


def test_two_gates_in_one_journal_are_told():
    rows = figures_by_name([check(1), check(2, gate="b")])
    assert rows["versions of the gate's code in these figures"].met is False


@pytest.mark.parametrize(("count", "n"), [(0, 300), (3, 300), (27, 30), (30, 30), (0, 0)])
def test_intervals_are_exact(count: int, n: int):
    if n == 0:
        assert report.interval(count, n) == (0.0, 1.0)
        return
    exact = binomtest(count, n).proportion_ci(0.95, method="exact")
    assert report.interval(count, n) == (pytest.approx(exact.low, abs=1e-4), pytest.approx(exact.high, abs=1e-4))


def test_duets_come_first_and_main_is_stored_while_they_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs of main that were made in one go would know nothing of what an hour does to a machine."""
    made: list[str] = []
    line = {"exit_code": 0, "seconds": 1.0, "idle_ratio": 1.0, "blamed": [], "said": ""}

    def check(_site, planned, _seen_s, _seed):
        made.append(planned.way)
        return line | {"kind": "check", "number": planned.number, "way": planned.way, "channel": planned.channel}

    def refresh(_site, channel, _number, _seed):
        made.append("main")
        return line | {"kind": "refresh", "channel": channel}

    monkeypatch.setattr(making, "check", check)
    monkeypatch.setattr(making, "refresh", refresh)
    monkeypatch.setattr(making, "look", lambda *_: {})
    wanted = [planned for planned in schedule(1) if planned.channel == "loopback"]
    with journal.opened(tmp_path, {}) as book:
        Study(making.Site(tmp_path, 0.0, 1), book, 1, ALONE, 0.0).go_on(wanted, None, None)
    duets, stored = (sum(planned.way == way for planned in wanted) for way in ("duet", "stored"))
    first_stored = made.index("stored")
    assert (made.count("duet"), made.count("stored")) == (duets, stored)
    assert made[:first_stored].count("duet") == duets
    runs = [place for place, what in enumerate(made[:first_stored]) if what == "main"]
    assert len(runs) == STORED_RUNS
    assert np.diff(runs).min() > STORE_EVERY
    assert made[first_stored:].count("main") == (stored - 1) // REFRESH_EVERY
