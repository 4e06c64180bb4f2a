"""Recorded measurements become run files that say no more than was recorded, and the gate judges them as published."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from bench.decision.duet_replay import DuetReplay, read_restarts
from bench.decision.fastify import read_history
from bench.decision.kept import Kept
from bench.decision.local_duets import pairs_of
from bench.decision.peers.catalogue import ON_RUNNERS
from bench.decision.peers.recorded import OnHistory, duet_figures
from bench.decision.recorded import Tally, compare_files, suite_of, verdict_bytes, verdict_of
from bench.decision.stored_replay import Case, Replay, cases, run_file, seen_in
from bench.figures import RESULTS
from gate.record.codec import decode_run, encode_run

SMALL = 4
"""Of the restarts and pull requests that the studies replay."""


@pytest.fixture(scope="module")
def history():
    return read_history()


@pytest.fixture(scope="module")
def replay(history):
    return Replay(history[100:140], seed=1)


@pytest.fixture(scope="module")
def restarts():
    return read_restarts()


def test_runs_of_another_load_and_copies_are_left_out(history):
    """282 runs, of which 1, 2 and 44 to 47 had other requests in flight, and 226 and 239 repeat the run before."""
    assert {1, 2, 44, 45, 46, 47, 226, 239}.isdisjoint(run.number for run in history)
    assert len(history) == 282 - 8
    assert [run.created for run in history] == sorted(run.created for run in history)


def test_a_stored_run_holds_what_was_recorded_and_claims_no_more(history):
    run = decode_run(encode_run(run_file(history[50])))
    assert run.endpoints.keys() == history[50].latency_s.keys()
    for name, latency_s in history[50].latency_s.items():
        blocks = run.endpoints[name].arms["candidate"].blocks
        assert [math.exp(block.log_trimmed_mean) for block in blocks] == pytest.approx([latency_s] * len(blocks))
        assert {(block.log_p50, block.log_p95) for block in blocks} == {(None, None)}


def test_a_slowdown_is_of_one_server_alone(history):
    was, now = run_file(history[50]), run_file(history[50], slowed="koa", factor=1.2)
    ratios = {
        name: now.endpoints[name].arms["candidate"].blocks[0].mean_s / record.arms["candidate"].blocks[0].mean_s
        for name, record in was.endpoints.items()
    }
    assert ratios == {name: pytest.approx(1.2 if name == "koa" else 1.0) for name in ratios}


def test_only_servers_of_an_unchanged_version_are_gated(history):
    found = list(cases(history, 10))
    assert len(found) == len(history) - 10
    for case in found:
        before, now = case.stored[-1], case.candidates[0]
        assert len(case.stored) == 10
        assert max(run.created for run in case.stored) < now.created
        changed = {name for name in now.version if now.version[name] != before.version.get(name)}
        assert set(case.gated) == now.version.keys() - changed
    strict = list(cases(history, 10, same_for=10))
    for case in strict:
        runs = (*case.stored, *case.candidates)
        assert all(len({run.version[name] for run in runs}) == 1 for name in case.gated)
    assert sum(len(case.gated) for case in strict) < sum(len(case.gated) for case in found)


def test_in_process_and_by_the_command_the_verdict_is_the_same(replay, restarts, tmp_path):
    """Stored runs with a slowed server, and a duet of two pairs of deployments."""
    case = replay.cases(10)[3]
    victim = replay.victim(case)
    candidates, stored = replay.files(case, victim, 1.5)
    verdict = verdict_of(suite_of(case.suite_text()), candidates, stored)
    assert victim in seen_in(verdict).slower
    (tmp_path / "stored").mkdir()
    assert compare_files(tmp_path / "stored", case.suite_text(), candidates, stored) == verdict_bytes(verdict)

    duets = DuetReplay({number: restarts[number] for number in (0, 1)})
    runs = [duets.run_file(number, frozenset({"io"}), 1.5) for number in (0, 1)]
    verdict = verdict_of(suite_of(duets.suite_text), tuple(runs))
    assert {row.endpoint for row in verdict.rows if row.blocks} == {"io"}
    (tmp_path / "duet").mkdir()
    assert compare_files(tmp_path / "duet", duets.suite_text, runs) == verdict_bytes(verdict)


def test_missing_metrics_are_told_and_never_approved(replay):
    """The replay counts rows that block, because the history has no p95 and the gate does not approve without."""
    case = replay.cases(10)[0]
    verdict = verdict_of(suite_of(case.suite_text()), *replay.files(case))
    assert verdict.verdict == "BLOCKED"
    assert {row.outcome for row in verdict.rows if row.metric == "p95"} == {"not_measured"}
    assert {row.metric for row in verdict.rows if row.trail is not None} == {"p50", "errors"}


def test_large_slowdowns_in_the_history_are_caught_and_no_change_mostly_passes(replay):
    some = replay.cases(10)[:: len(replay.cases(10)) // SMALL]
    assert sum(bool(replay.judge(case).slower) for case in some) <= 1
    assert all(replay.victim(case) in replay.judge(case, replay.victim(case), 2.5).slower for case in some)


def test_more_runs_are_made_for_suspects_only(replay):
    case = replay.cases(10, measured=3)[0]
    assert replay.judge_confirmed(case)[1] is False
    seen, again = replay.judge_confirmed(case, replay.victim(case), 2.5)
    assert again
    assert replay.victim(case) in seen.slower


def test_blocks_of_a_duet_are_those_of_the_raw_latencies(restarts):
    """By numpy: 24 blocks of 50, medians, 95th percentiles and 10 %-trimmed means of the logs."""
    run = DuetReplay({7: restarts[7]}).run_file(7, frozenset({"db"}), 1.1)
    for name, factor in (("db", 1.1), ("io", 1.0)):
        logs = np.log(factor * np.array(restarts[7][name]["A2"])).reshape(24, 50)
        blocks = run.endpoints[name].arms["candidate"].blocks
        assert [block.log_p50 for block in blocks] == pytest.approx(np.median(logs, axis=1))
        assert [block.log_p95 for block in blocks] == pytest.approx(np.quantile(logs, 0.95, axis=1))
        trimmed = np.sort(logs, axis=1)[:, 5:45].mean(axis=1)
        assert [block.log_trimmed_mean for block in blocks] == pytest.approx(trimmed)
    assert run.one_host


def test_every_restart_is_once_the_first_and_once_the_fresh_pair():
    pairs = pairs_of(list(range(40)), seed=1)
    assert [first for first, _ in pairs] == list(range(40))
    assert sorted(second for _, second in pairs) == list(range(40))
    assert all(first != second for first, second in pairs)


def test_real_duets_of_the_same_code_pass_and_slower_ones_do_not(restarts):
    duets = DuetReplay({number: restarts[number] for number in range(SMALL + 1)})
    for number in range(SMALL):
        assert duets.blocked((number, number + 1)) == frozenset()
        assert "io" in duets.blocked((number, number + 1), frozenset({"io"}), 1.5)


def test_peers_judge_gated_servers_and_only_those(replay):
    rule = OnHistory(next(peer for peer in ON_RUNNERS if "github-action-benchmark 110%" in peer.name))
    case = replay.cases(1)[0]
    last, new = case.stored[-1], case.candidates[0]
    wanted = any(new.latency_s[name] > 1.1 * last.latency_s[name] for name in case.gated)
    assert rule.is_hit(case, None, 1.0) == wanted
    same = Case(case.stored, (last,), case.gated)
    assert not rule.is_hit(same, None, 1.0)
    assert rule.is_hit(same, case.gated[0], 1.11)
    assert not rule.is_hit(same, case.gated[0], 1.09)


def test_peers_see_the_requests_and_blocks_of_a_duet(restarts):
    """Twice as slow is seen by every rule but the one with a score over all metrics."""
    duets = DuetReplay({number: restarts[number] for number in range(2)})
    figures = duet_figures(duets, (0, 1), (2.0,), "", "")
    assert len(figures) == 4
    assert {figure.n for figure in figures} == {2 * 4}
    assert {figure.value for figure in figures if "score" not in figure.figure} == {100.0}


def test_shares_come_with_their_interval():
    """Clopper-Pearson 95 % of 0 of 40 and 4 of 40 (R: binom.test)."""
    none, four = (Tally(count, 40).figure("", "") for count in (0, 4))
    assert none.interval == (0.0, 8.81)
    assert four.interval == (2.79, 23.66)
    assert four.value == 10.0


def test_finished_counts_are_kept_until_the_code_changes(tmp_path, monkeypatch):
    made = []
    for _ in range(2):
        assert Kept("some", tmp_path).counts("row", lambda: made.append(1) or [3, 4]) == [3, 4]
    assert len(made) == 1
    monkeypatch.setattr("bench.decision.kept._digest", lambda: "other")
    assert Kept("some", tmp_path).counts("row", lambda: [5]) == [5]


@pytest.mark.parametrize(("study", "name"), [("histories", "D11"), ("local_duets", "D12")])
def test_published_figures_carry_their_goals(study, name):
    rows = json.loads((RESULTS / f"{study}.json").read_text())
    goals = [row["goal"] for row in rows if row["id"] == name and row["goal"]]
    assert goals
    assert all(row["interval"][0] <= row["value"] <= row["interval"][1] for row in rows)
