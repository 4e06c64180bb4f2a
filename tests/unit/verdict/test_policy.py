"""What blocks, what is only told, and that nothing unmeasured is approved."""

from __future__ import annotations

import pytest

from tests.builders import PREVIEWS, World, history_of, outcomes_of, row_of, run_of, scenario_of, suite_of, verdict_of

SUITE = suite_of()
MAIN = history_of(SUITE, 10)
MET = "endpoints: {home: {request: GET /, objectives: {p95: 500ms}}, list: GET /list}\n"


def codes(verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_the_gravest_reason_comes_first():
    world = World(failing={"cart": 50}, slower={"search": 1.6})
    suite = suite_of("scenarios: {burst: {load: {count: 500}, mix: {home: 1}, objectives: {p50: 1ms}}}\n")
    run = run_of(suite, world=world, scenarios={"burst": scenario_of(suite, "burst")})
    assert codes(verdict_of(suite, run, MAIN)) == ["unexpected-answers", "regressed", "missed"]


def test_without_baseline_base_or_objective_there_is_nothing_to_judge_by():
    verdict = verdict_of(SUITE, run_of(SUITE))
    assert (codes(verdict), verdict.exit_code) == (["nothing-to-judge"], 3)


def test_right_answers_alone_are_no_judgement_of_speed():
    """Stored runs with too few blocks have no latency to compare with; that their answers were right is not enough."""
    verdict = verdict_of(SUITE, run_of(SUITE), history_of(SUITE, 5, rounds=2))
    rows = outcomes_of(verdict)
    assert (rows["home/errors"], rows["home/p50"]) == ("unchanged", "no_baseline")
    assert (codes(verdict), verdict.exit_code) == (["nothing-to-judge"], 3)


def test_one_objective_that_is_met_is_enough_while_there_is_no_baseline():
    suite = suite_of(MET)
    assert verdict_of(suite, run_of(suite)).exit_code == 0


def test_objectives_that_nobody_could_decide_are_not_enough():
    suite = suite_of("endpoints: {home: {request: GET /, objectives: {p99: 500ms}}}\n")
    verdict = verdict_of(suite, run_of(suite, rounds=3))
    assert outcomes_of(verdict)["home/limit:p99"] == "inconclusive"
    assert (codes(verdict), verdict.exit_code) == (["not-measured"], 3)
    assert verdict_of(suite, run_of(suite, rounds=3), history_of(suite, 5)).exit_code == 0, "compared all the same"


def test_an_endpoint_that_was_not_measured_blocks_even_where_an_objective_is_met():
    suite = suite_of(MET)
    late = World(late={"list": frozenset(range(8))})
    verdict = verdict_of(suite, run_of(suite, world=late))
    assert row_of(verdict, "home/limit:p95").outcome == "met"
    assert (codes(verdict), verdict.exit_code) == (["not-measured"], 3)


def test_a_scenario_that_was_not_measured_blocks_unless_it_is_advisory():
    text = "scenarios: {burst: {load: {count: 20}, mix: {home: 1}, objectives: {success: 100%%}%s}}\n"
    for more, code in (("", 3), (", advisory: true", 0)):
        suite = suite_of(text % more)
        verdict = verdict_of(suite, run_of(suite), MAIN)
        assert row_of(verdict, "burst/limit:success").outcome == "not_measured"
        assert verdict.exit_code == code


@pytest.mark.parametrize(("policy", "code"), [("approve", 0), ("block", 3)])
def test_a_missing_baseline_is_the_policys_to_judge(policy, code):
    suite = suite_of(MET + f"policy: {{on_missing_baseline: {policy}}}\n")
    assert verdict_of(suite, run_of(suite)).exit_code == code
    changed = suite_of(MET.replace("GET /list", "GET /other") + f"policy: {{on_missing_baseline: {policy}}}\n")
    assert verdict_of(changed, run_of(changed), history_of(suite, 5)).exit_code == code


@pytest.mark.parametrize(("policy", "code"), [("approve", 0), ("block", 3)])
def test_inconclusive_rows_are_the_policys_to_judge(policy, code):
    suite = suite_of(f"policy: {{on_inconclusive: {policy}}}\n")
    verdict = verdict_of(suite, run_of(suite, world=World(slower={"search": 1.08})), MAIN)
    assert "inconclusive" in outcomes_of(verdict).values()
    assert verdict.exit_code == code


@pytest.mark.parametrize(("policy", "code"), [("block", 3), ("approve", 0)])
def test_everything_slower_is_suspected_and_the_policys_to_judge(policy, code):
    suite = suite_of(f"policy: {{on_global_suspect: {policy}}}\n")
    verdict = verdict_of(suite, run_of(suite, world=World(slower={"*": 1.6})), MAIN)
    assert outcomes_of(verdict)["*/p50"] == "regressed"
    assert verdict.exit_code == code


def test_two_hosts_that_differ_as_a_whole_blame_no_endpoint():
    verdict = verdict_of(
        SUITE, run_of(SUITE, world=World(slower={"*": 1.15}), base=World(), one_host=False, environment=PREVIEWS)
    )
    assert not any(row.blocks for row in verdict.rows)
    told = {notice.code for row in verdict.rows for notice in row.notices}
    assert "different-environment" in told
    assert "unchanged" not in {row.outcome for row in verdict.rows if row.metric in ("p50", "p95")}


def test_a_ratchet_lets_pass_what_main_misses_as_well_and_blocks_what_is_worse():
    text = "endpoints: {home: {request: GET /, objectives: {p95: 20ms}, tolerance: {p50: 500%, p95: 500%}}}\n"
    strict, ratchet = suite_of(text), suite_of(text + "policy: {objectives: ratchet}\n")
    main = history_of(strict, 10)
    assert verdict_of(strict, run_of(strict), main).exit_code == 1
    assert verdict_of(ratchet, run_of(ratchet), main).exit_code == 0
    assert verdict_of(ratchet, run_of(ratchet, world=World(slower={"home": 1.5})), main).exit_code == 1
    assert verdict_of(ratchet, run_of(ratchet)).exit_code == 1, "nothing to be no worse than"


@pytest.mark.parametrize("count", [1, 2])
def test_an_application_three_times_slower_is_not_approved_from_one_or_two_stored_runs(count):
    verdict = verdict_of(SUITE, run_of(SUITE, world=World(slower={"*": 3.0})), history_of(SUITE, count))
    assert verdict.exit_code != 0


def two_hosts(run_id: str, world: World):
    return verdict_of(SUITE, run_of(SUITE, run_id, world, base=World(), one_host=False, environment=PREVIEWS))


def test_a_much_slower_host_blames_no_endpoint_for_its_own_noise():
    blamed = [row.id for n in range(40) for row in two_hosts(f"d{n}", World(slower={"*": 1.6})).rows if row.blocks]
    assert blamed == []


def test_an_endpoint_far_slower_than_its_slower_host_is_found():
    verdict = two_hosts("d0", World(slower={"*": 1.5, "search": 1.9}))
    assert {row.endpoint for row in verdict.rows if row.blocks} == {"search"}
    row = row_of(verdict, "search/p50")
    assert row.change == pytest.approx(0.9, abs=0.25), "beyond what all share"
    assert "beyond-the-shared" in [notice.code for notice in row.notices]
