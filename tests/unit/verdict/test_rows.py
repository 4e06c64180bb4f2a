"""Outcomes of comparisons: tolerance, floor, waivers, what would have been seen."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from tests.builders import NAMES, TODAY, World, history_of, outcomes_of, row_of, run_of, suite_of, verdict_of

SUITE = suite_of()
MAIN = history_of(SUITE, 10)
SLOW = World(slower={"search": 1.5})


def with_policy(text: str):
    return suite_of(f"policy: {{{text}}}\n")


def slow_search(suite):
    return verdict_of(suite, run_of(suite, world=SLOW), MAIN)


def test_a_slowdown_blocks_only_beyond_the_tolerance():
    assert slow_search(SUITE).exit_code == 1
    verdict = slow_search(with_policy("tolerance: {p50: 60%, p95: 60%}"))
    assert verdict.exit_code == 0
    assert [notice.code for notice in row_of(verdict, "search/p50").notices] == ["within-tolerance"]


def test_a_slowdown_blocks_only_beyond_the_absolute_floor():
    """Search takes 35 ms, so half more is 17 ms more."""
    assert slow_search(with_policy("absolute_floor: 10ms")).exit_code == 1
    assert slow_search(with_policy("absolute_floor: 40ms")).exit_code == 0


def test_no_smaller_slowdown_is_called_visible_than_the_policy_could_block():
    for text in ("tolerance: {p50: 60%, p95: 60%}", "absolute_floor: 40ms"):
        suite = with_policy(text)
        for row in slow_search(suite).rows:
            if row.metric in ("p50", "p95") and row.endpoint != "*":
                least = max(suite.tolerance_of(row.endpoint, row.metric), suite.policy.absolute_floor_s / row.baseline)
                assert row.detectable >= least * (1 - 1e-6)


def test_a_row_shows_interval_and_trail_that_fit_its_change():
    for row in verdict_of(SUITE, run_of(SUITE), MAIN).rows:
        if row.trail is not None and row.metric in ("p50", "p95"):
            assert row.change_lo < row.change < row.change_hi
            assert row.change == pytest.approx(math.expm1(row.trail.effect))
            assert row.trail.se == pytest.approx(math.hypot(*row.trail.se_parts.values()))
            assert row.trail.p <= row.trail.p_adjusted <= 1


def waived(until: str, ceiling: str):
    rows = [
        f"{{row: shop/search/{metric}, ceiling: {ceiling}, until: {until}, reason: known}}" for metric in ("p50", "p95")
    ]
    return slow_search(with_policy(f"waivers: [{', '.join(rows)}]"))


@pytest.mark.parametrize(
    ("until", "ceiling", "code", "said"),
    [
        ("2026-11-20", "80%", 0, "waived"),  # the day of the candidate is its last
        ("2026-11-19", "80%", 1, "waiver-over"),
        ("2027-01-01", "20%", 1, "waiver-exceeded"),
    ],
)
def test_a_waiver_counts_until_its_day_and_up_to_its_ceiling_and_says_if_not(until, ceiling, code, said):
    verdict = waived(until, ceiling)
    assert verdict.exit_code == code
    row = row_of(verdict, "search/p50")
    assert (row.outcome, row.blocks) == ("regressed", code == 1)
    assert [notice.code for notice in row.notices] == [said]
    assert "known" in row.notices[0].message


def test_a_waiver_of_another_row_excuses_nothing():
    suite = with_policy("waivers: [{row: shop/home/p50, ceiling: 500%, until: 2027-01-01, reason: known}]")
    verdict = slow_search(suite)
    assert verdict.exit_code == 1
    assert row_of(verdict, "home/p50").notices == []


def test_few_baselines_block_only_by_a_change_of_half_or_more():
    for count in (1, 2):
        main = history_of(SUITE, count)
        small, large = (verdict_of(SUITE, run_of(SUITE, world=World(slower={"search": f})), main) for f in (1.3, 2.2))
        assert (small.exit_code, large.exit_code) == (0, 1)
        assert "few-baselines" in [notice.code for notice in row_of(small, "search/p50").notices]


def test_a_changed_endpoint_has_no_baseline_and_the_others_keep_theirs():
    changed = suite_of("endpoints:\n" + "".join(f"  {n}: GET /{n}{'?v=2' if n == 'cart' else ''}\n" for n in NAMES))
    rows = outcomes_of(verdict_of(changed, run_of(changed), MAIN))
    assert {rows[f"cart/{metric}"] for metric in ("p50", "p95", "errors")} == {"no_baseline"}
    assert "no_baseline" not in {outcome for name, outcome in rows.items() if not name.startswith("cart/")}


def test_a_candidate_without_baseline_shows_what_was_measured():
    verdict = verdict_of(SUITE, run_of(SUITE))
    row = row_of(verdict, "home/p50")
    assert (row.outcome, row.baseline) == ("no_baseline", None)
    assert row.candidate == pytest.approx(0.020, rel=0.3)


def test_blocks_that_the_generator_sent_late_are_not_used():
    late = World(late={"search": frozenset(range(5))}, slower={"search": 1.5})
    assert outcomes_of(verdict_of(SUITE, run_of(SUITE, world=late), MAIN))["search/p50"] == "regressed"
    too_late = World(late={"search": frozenset(range(6))}, slower={"search": 1.5})
    verdict = verdict_of(SUITE, run_of(SUITE, world=too_late), MAIN)
    assert outcomes_of(verdict)["search/p50"] == "not_measured"
    assert verdict.exit_code == 3


def test_a_duet_needs_no_stored_run_and_names_who_is_slower():
    run = run_of(SUITE, world=SLOW, base=World())
    verdict = verdict_of(SUITE, run)
    assert (verdict.way, verdict.exit_code) == ("duet", 1)
    assert {row.endpoint for row in verdict.rows if row.blocks} == {"search"}


def test_several_candidate_runs_see_what_one_cannot():
    suite, world = suite_of(), World(slower={"search": 1.16})
    one = verdict_of(suite, run_of(suite, "c0", world), MAIN)
    four = verdict_of(suite, [run_of(suite, f"c{n}", world) for n in range(4)], MAIN)
    assert row_of(four, "search/p50").detectable < row_of(one, "search/p50").detectable
    assert four.exit_code == 1


def test_a_slow_runner_that_all_endpoints_share_blames_none():
    verdict = verdict_of(SUITE, run_of(SUITE, world=World(slower={"*": 1.6})), MAIN)
    assert not any(row.blocks for row in verdict.rows)
    assert [reason.code for reason in verdict.reasons] == ["everything-slower"]


def test_when_most_endpoints_became_faster_the_rest_are_not_called_slower():
    faster = World(slower=dict.fromkeys(NAMES[:5], 0.6))
    verdict = verdict_of(SUITE, run_of(SUITE, world=faster), MAIN)
    assert not any(row.outcome == "regressed" for row in verdict.rows)
    assert any(notice.code == "ambiguous-factor" for row in verdict.rows for notice in row.notices)


def with_bad_runs(count: int):
    """Ten runs of main; in so many of them search was far slower for no reason, and back in the next."""
    return [
        run_of(SUITE, f"b{n}", World(slower={"search": 1.8}), created=run_time(n), commit=f"main {n}")
        if n in (3, 7)[:count]
        else run
        for n, run in enumerate(MAIN)
    ]


def run_time(number: int):
    return TODAY - dt.timedelta(days=len(MAIN) - number)


def test_one_bad_run_of_main_hides_no_later_slowdown_and_two_are_told():
    assert slow_search(SUITE).exit_code == 1
    candidate = run_of(SUITE, world=SLOW)
    assert verdict_of(SUITE, candidate, with_bad_runs(1)).exit_code == 1
    twice = verdict_of(SUITE, candidate, with_bad_runs(2))
    row = row_of(twice, "search/p50")
    assert row.outcome == "inconclusive"
    assert "seen-on-main" in [notice.code for notice in row.notices]


@pytest.mark.parametrize("policy", ["", "policy: {on_suspect: confirm}\n"])
def test_a_score_that_is_no_number_passes_nothing(monkeypatch, policy):
    suite = suite_of(policy)
    monkeypatch.setattr("gate.verdict.stored_rows.score_slower", lambda *_: math.nan)
    verdict = verdict_of(suite, run_of(suite), history_of(suite, 10))
    assert (verdict.exit_code, verdict.measured) == (3, False)
    assert row_of(verdict, "search/p50").outcome == "not_measured"


def test_what_main_has_shown_lately_is_the_least_that_a_row_says_it_would_have_caught():
    bad = [
        run_of(SUITE, run.run_id, SLOW, created=run_time(n), commit=f"main {n}") if n == len(MAIN) - 2 else run
        for n, run in enumerate(MAIN)
    ]
    calm, after = (row_of(verdict_of(SUITE, run_of(SUITE), main), "search/p50") for main in (MAIN, bad))
    assert calm.detectable < 0.2
    assert after.detectable > SLOW.slower["search"] - 1


def test_a_harmless_row_does_not_say_that_main_was_as_slow():
    verdict = verdict_of(SUITE, run_of(SUITE), with_bad_runs(2))
    assert not any(notice.code == "seen-on-main" for row in verdict.rows for notice in row.notices)
