"""Stored runs become beliefs: which of them teach, how much they are worth, and what is told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pytest

from gate.baseline.learnt import Taught, beliefs_for
from gate.config.suite import Suite
from gate.record.run import CalibrationRecord, Run
from gate.record.value import Notice
from gate.stats.beliefs import ASSUMED_SIGMA
from tests.builders import ONE_HOST, PREVIEWS, TODAY, World, history_of, run_of, suite_of

NAMES = ("home", "list", "detail", "search", "cart", "orders")
SUITE = suite_of(names=NAMES)


def duets(count: int, world: World | None = None, base: World | None = None, **more) -> list[Run]:
    """Same-code duets as `gate refresh` with a base stores them."""
    return [
        run_of(
            SUITE,
            f"d{number}",
            world or World(),
            base=base or World(),
            created=TODAY - dt.timedelta(days=count - number),
            environment=more.get("environment", PREVIEWS),
            one_host=more.get("one_host", False),
            rounds=more.get("rounds", 12),
            not_measured=more.get("not_measured", ()),
        )
        for number in range(count)
    ]


def taught(runs: list[Run], suite: Suite = SUITE) -> Taught:
    return beliefs_for(suite, runs, PREVIEWS, one_host=False)


def codes(found: Taught) -> list[str]:
    return [notice.code for notice in found.notices]


def test_without_duets_it_is_assumed_and_the_cure_is_told():
    found = taught(history_of(SUITE, 5, environment=PREVIEWS, one_host=False))
    assert (found.beliefs.sigma_dep == ASSUMED_SIGMA[False]).all()
    assert codes(found) == ["deployments-assumed"]
    assert "0 of the 10" in found.notices[0].message
    assert "gate calibrate" in found.notices[0].cure


def test_ten_duets_are_learnt_from_and_the_rest_is_not_assumed():
    found = taught(duets(12))
    assert (found.beliefs.duets, found.beliefs.hosts_known) == (12, True)
    assert found.beliefs.sigma_dep.max() < ASSUMED_SIGMA[False][0]
    assert codes(found) == ["deployments-learnt"]


def test_a_host_that_is_slower_is_reckoned_with_from_five_on():
    found = taught(duets(6, World(slower={"*": 1.2})))
    assert np.exp(found.beliefs.offset) == pytest.approx(np.full((6, 2), 1.2), rel=0.03)
    assert found.beliefs.hosts_known
    assert codes(found) == ["deployments-assumed"]


def test_a_host_that_is_slower_is_told_before_it_can_be_reckoned_with():
    found = taught(duets(3, World(slower={"*": 1.4})))
    assert not found.beliefs.hosts_known
    assert (found.beliefs.offset == 0).all()
    assert codes(found) == ["deployments-assumed", "hosts-differ"]
    assert "slower on p50" in found.notices[1].message
    assert "3" in found.notices[1].message


def test_main_that_became_slower_once_spoils_nothing():
    runs = [*duets(12), *[run_of_slow()]]
    before, after = taught(runs[:-1]), taught(runs)
    assert after.learnt.left_out >= 1
    assert after.beliefs.sigma_dep == pytest.approx(before.beliefs.sigma_dep, abs=0.004)
    assert "left out" in after.notices[0].message


def run_of_slow() -> Run:
    return run_of(
        SUITE, "slow", World(slower={"list": 1.5}), base=World(), environment=PREVIEWS, one_host=False, rounds=12
    )


@pytest.mark.parametrize(
    "more",
    [
        {"environment": ONE_HOST},
        {"one_host": True},
        {"not_measured": (Notice(code="cancelled", message="cancelled"),)},
        {"rounds": 2},
    ],
    ids=lambda more: next(iter(more)),
)
def test_duets_that_say_nothing_of_these_deployments_do_not_teach(more):
    assert taught(duets(12, **more)).learnt is None


def test_an_endpoint_that_is_asked_otherwise_now_is_not_judged_by_what_it_was():
    other = suite_of("endpoints:\n" + "".join(f"  {name}: GET /{name}/new\n" for name in NAMES))
    assert taught(duets(12), other).learnt is None
    one = suite_of("endpoints:\n" + "".join(f"  {n}: GET /{n}{'/new' * (n == 'cart')}\n" for n in NAMES))
    found = taught(duets(12, World(slower={"*": 1.2})), one)
    assert found.beliefs.duets == 12
    cart, rest = NAMES.index("cart"), NAMES.index("list")
    assert found.beliefs.offset_variance[cart, 0] >= found.beliefs.offset_variance[rest, 0]


def calibrated(pairs: Iterator[tuple[int, int]]) -> list[Run]:
    """Duets between numbered deployments of one commit."""
    chosen = list(pairs)
    return [
        run.model_copy(update={"calibration": CalibrationRecord(candidate=f"{a:012x}", base=f"{b:012x}")})
        for run, (a, b) in zip(duets(len(chosen)), chosen, strict=True)
    ]


def test_few_deployments_measured_often_count_as_few():
    """Three deployments in all six orders, twice: what they differ by was seen twice, not twelve times."""
    ring = [(a, b) for a in range(3) for b in range(3) if a != b] * 2
    found = taught(calibrated(iter(ring)))
    assert found.learnt.worth == 2
    assert found.beliefs.duets == 0
    eleven = taught(calibrated((n, n + 1) for n in range(10)))
    assert eleven.beliefs.duets == 10


def test_calibrations_of_several_commits_add_up():
    ring = [(a, b) for a in range(6) for b in range(a)]
    first = calibrated(iter(ring))
    second = [run.model_copy(update={"commit": "b" * 40, "run_id": f"e{run.run_id}"}) for run in first]
    assert taught([*first, *second]).learnt.worth == 10


def test_a_deployment_beside_itself_teaches_no_deployments():
    found = taught(calibrated((1, 1) for _ in range(12)))
    assert found.learnt.worth == 0
    assert (found.beliefs.sigma_dep == ASSUMED_SIGMA[False]).all()


def test_the_order_of_equal_runs_does_not_matter():
    runs = duets(12)
    a, b = taught(runs).beliefs, taught(list(reversed(runs))).beliefs
    assert a.sigma_dep == pytest.approx(b.sigma_dep, rel=1e-12)
    assert a.offset == pytest.approx(b.offset, abs=1e-15)


def test_a_base_on_another_kind_of_host_says_nothing_of_this_one():
    runs = [run.model_copy(update={"base_host": "*.production.example.app"}) for run in duets(12)]

    def learnt(base_host: str | None) -> int:
        return beliefs_for(SUITE, runs, PREVIEWS, one_host=False, base_host=base_host).beliefs.duets

    assert (learnt(None), learnt("*.production.example.app"), learnt("*.preview.example.app")) == (12, 12, 0)


def test_what_was_stored_after_the_candidate_does_not_change_its_verdict():
    runs = duets(12)
    early = beliefs_for(SUITE, runs, PREVIEWS, one_host=False, before=runs[5].created)
    assert early.beliefs.duets == 6
    assert early.beliefs.sigma_dep == pytest.approx(taught(runs[:6]).beliefs.sigma_dep)
