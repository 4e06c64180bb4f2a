"""What one run makes suspect is decided by runs on other runners, and by those alone."""

from __future__ import annotations

import datetime as dt

import pytest

from gate.baseline.select import select
from gate.commands.judging import suspicion_of
from gate.errors import UsageError
from gate.record.run import Run
from gate.verdict.stored import suspected
from gate.verdict.values import Verdict
from tests.builders import NAMES, SOUND, TODAY, World, going_on, history_of, row_of, run_of, suite_of, verdict_of

CONFIRM = "policy: {on_suspect: confirm}\n"
SLOWER = World(slower={"cart": 1.35})
SUITE = suite_of(CONFIRM)
MAIN = history_of(SUITE, 10)


def first(world: World = SLOWER, suite=SUITE) -> Run:
    return run_of(suite, "c0", world)


def later(number: int, world: World = SLOWER, suite=SUITE, **more) -> Run:
    """A run that goes on from the first."""
    run = run_of(suite, f"d{number}", world, created=TODAY + dt.timedelta(minutes=9 + number), **more)
    return going_on(run, "c0", ["cart"])


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def told(verdict: Verdict, row: str) -> set[str]:
    return {notice.code for notice in row_of(verdict, row).notices}


def test_a_run_in_which_nothing_is_suspected_is_approved_at_once():
    verdict = verdict_of(SUITE, first(SOUND), MAIN)
    assert (verdict.exit_code, codes(verdict)) == (0, [])
    assert {row.trail.standing for row in verdict.rows if row.metric in ("p50", "p95") and row.endpoint != "*"} == {
        "cleared"
    }


def test_one_run_that_suspects_something_decides_nothing():
    verdict = verdict_of(SUITE, first(), MAIN)
    assert (verdict.exit_code, verdict.measured, codes(verdict)) == (3, False, ["unconfirmed"])
    assert set(verdict.reasons[0].rows) == {"shop/cart/p50", "shop/cart/p95"}
    assert "gate run --after" in verdict.reasons[0].cure
    assert row_of(verdict, "cart/p50").outcome == "inconclusive"


def test_that_cannot_be_approved_by_policy():
    suite = suite_of("policy: {on_suspect: confirm, on_inconclusive: approve, on_global_suspect: approve}\n")
    assert verdict_of(suite, first(suite=suite), history_of(suite, 10)).exit_code == 3


def test_without_the_policy_one_run_decides():
    suite = suite_of()
    verdict = verdict_of(suite, first(suite=suite), history_of(suite, 10))
    assert (verdict.exit_code, codes(verdict)) == (1, ["regressed"])


def test_two_runs_on_other_runners_confirm_it():
    verdict = verdict_of(SUITE, [first(), later(1), later(2)], MAIN)
    assert (verdict.exit_code, codes(verdict)) == (1, ["regressed"])
    row = row_of(verdict, "cart/p50")
    assert row.trail.design == "stored confirm, 10 runs"
    assert "measured-again" in told(verdict, "cart/p50")


def test_two_runs_on_other_runners_clear_it_whatever_the_first_one_saw():
    verdict = verdict_of(SUITE, [first(World(slower={"cart": 3.0})), later(1, SOUND), later(2, SOUND)], MAIN)
    assert (verdict.exit_code, codes(verdict)) == (0, [])
    assert row_of(verdict, "cart/p50").change < 0.1


def test_one_of_the_two_is_not_enough():
    verdict = verdict_of(SUITE, [first(), later(1)], MAIN)
    assert (verdict.exit_code, codes(verdict)) == (3, ["unconfirmed"])
    assert "measured again in 1 run" in verdict.reasons[0].message


def test_runs_that_go_on_from_another_say_nothing_without_it():
    verdict = verdict_of(SUITE, [later(1), later(2)], MAIN)
    assert (verdict.exit_code, codes(verdict)) == (3, ["not-measured"])
    assert "goes on from c0" in verdict.reasons[0].message


def test_they_decide_even_where_the_suite_does_not_ask_for_them():
    suite = suite_of()
    main = history_of(suite, 10)
    runs = [first(World(slower={"cart": 3.0}), suite), later(1, SOUND, suite), later(2, SOUND, suite)]
    assert verdict_of(suite, runs, main).exit_code == 0
    assert verdict_of(suite, [first(suite=suite), later(1, suite=suite)], main).exit_code == 3


def test_a_suspect_that_was_not_measured_again_is_not_passed():
    def without(run: Run) -> Run:
        cart = run.endpoints["cart"]
        empty = {arm: record.model_copy(update={"blocks": []}) for arm, record in cart.arms.items()}
        return run.model_copy(update={"endpoints": {**run.endpoints, "cart": cart.model_copy(update={"arms": empty})}})

    verdict = verdict_of(SUITE, [first(), without(later(1)), without(later(2))], MAIN)
    assert verdict.exit_code == 3
    assert row_of(verdict, "cart/p50").outcome == "not_measured"


def test_a_suspicion_does_not_pass_because_what_it_was_compared_with_is_gone():
    met = "endpoints:\n" + "".join(f"  {name}: {{request: GET /{name}, objectives: {{p95: 9s}}}}\n" for name in NAMES)
    suite = suite_of(CONFIRM + met)
    runs = [first(suite=suite), later(1, suite=suite), later(2, suite=suite)]
    assert verdict_of(suite, first(SOUND, suite)).exit_code == 0, "without stored runs objectives alone may approve"
    verdict = verdict_of(suite, runs)
    assert (verdict.exit_code, codes(verdict)) == (3, ["not-measured"])
    assert "cart was suspected" in verdict.reasons[0].message


def test_what_was_not_suspected_cannot_be_blamed_by_the_runs_that_follow():
    """They measured little of it, and looked for something else."""
    slow = World(slower={"cart": 1.35, "list": 1.5})
    verdict = verdict_of(SUITE, [first(), later(1, slow), later(2, slow)], MAIN)
    assert row_of(verdict, "list/p50").outcome != "regressed"
    assert verdict.exit_code == 1


def test_the_order_of_files_is_all_one():
    runs = [first(), later(1), later(2)]
    assert verdict_of(SUITE, runs, MAIN) == verdict_of(SUITE, runs[:1] + runs[:0:-1], MAIN)


@pytest.mark.parametrize("names", [("home", "cart"), ("home",)])
def test_suites_too_small_to_take_out_what_the_runner_did_are_confirmed_too(names):
    suite = suite_of(CONFIRM, names)
    calm = {"runner_sd": 0.01}
    main = history_of(suite, 10, World(**calm))
    slow = World(slower={names[-1]: 1.35}, **calm)
    runs = [run_of(suite, "c0", slow)]
    assert verdict_of(suite, runs, main).exit_code == 3
    runs += [
        going_on(run_of(suite, f"d{n}", slow, created=TODAY + dt.timedelta(minutes=n)), "c0", names[-1:])
        for n in (1, 2)
    ]
    assert codes(verdict_of(suite, runs, main)) == ["regressed"]


def test_suspects_are_endpoints_that_may_block():
    chosen = select(first(), MAIN, SUITE.baselines).runs
    assert suspected(SUITE, [first()], chosen) == ("cart",)
    assert suspected(SUITE, [first(SOUND)], chosen) == ()
    told_only = suite_of(
        CONFIRM
        + "endpoints:\n"
        + "".join(f"  {name}: {{request: GET /{name}, gate: {str(name != 'cart').lower()}}}\n" for name in NAMES)
    )
    main = history_of(told_only, 10)
    assert suspected(told_only, [first(suite=told_only)], main) == ()


def test_what_may_not_block_is_told_as_one_run_saw_it():
    quiet = "".join(f"  {name}: {{request: GET /{name}, gate: {str(name != 'cart').lower()}}}\n" for name in NAMES)
    suite = suite_of(CONFIRM + "endpoints:\n" + quiet)
    verdict = verdict_of(suite, first(World(slower={"cart": 2.0}), suite), history_of(suite, 10))
    assert (verdict.exit_code, row_of(verdict, "cart/p50").outcome) == (0, "regressed")


@pytest.mark.parametrize(("ceiling", "exit_code"), [("60%", 0), ("10%", 3)])
def test_what_is_waived_up_to_its_ceiling_need_not_be_confirmed(ceiling, exit_code):
    rows = ", ".join(
        f"{{row: shop/cart/{metric}, ceiling: {ceiling}, until: 2027-03-01, reason: known}}"
        for metric in ("p50", "p95")
    )
    suite = suite_of(f"policy: {{on_suspect: confirm, waivers: [{rows}]}}\n")
    verdict = verdict_of(suite, first(suite=suite), history_of(suite, 10))
    assert verdict.exit_code == exit_code
    assert ("waived" in told(verdict, "cart/p50")) == (exit_code == 0)


def test_if_everything_seems_slower_everything_is_measured_again():
    """Another runner tells whether it was the first one's fault."""
    assert suspected(SUITE, [first(World(slower={"*": 1.6}))], MAIN) == NAMES
    new = suite_of(CONFIRM, (*NAMES, "new"))
    assert suspected(new, [first(World(slower={"*": 1.6}), new)], MAIN) == NAMES, "there is nothing to compare it with"


def test_what_cannot_be_gone_on_from_is_refused():
    with pytest.raises(UsageError, match="nothing is suspected in c0 beside 10 stored runs"):
        suspicion_of(SUITE, (first(SOUND),), MAIN)
    with pytest.raises(UsageError, match="d1 is no whole run of its own"):
        suspicion_of(SUITE, (later(1),), MAIN)
    assert suspicion_of(SUITE, (first(),), MAIN).endpoints == ("cart",)


def test_a_run_that_goes_on_from_another_is_no_baseline():
    chosen = select(first(), [*MAIN, later(1, SOUND, environment=MAIN[0].environment)], SUITE.baselines)
    assert len(chosen.runs) == len(MAIN)
