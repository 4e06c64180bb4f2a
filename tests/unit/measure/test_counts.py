"""Requests that change data: never more than allowed, never one that was made before."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config.read import read_suite
from gate.errors import UsageError
from gate.load.arrivals import Stage, arrivals
from gate.load.flow import Flow
from gate.load.job import Expectation, Journey, Lane, Request, Schedule, Segment, Stream
from gate.load.transport import Answer, Fetched
from gate.measure.allowance import Allowance, cut
from gate.measure.counts import BLOCK_REQUESTS, WARMUP_REQUESTS, least_count, too_few
from gate.measure.layout import lay_out_stored
from gate.measure.plan import asked_once, group_endpoints
from gate.measure.ready import ask_once
from gate.measure.single import tokens
from tests.unit.measure.plans import steps_of

SUITE = """\
endpoints:
  buy: {request: POST /buy, json: {key: "{{uuid}}"}, mutates: true, max_count: %d}
"""


def suite_of(most: int, more: str = ""):
    return read_suite((SUITE % most + more).encode(), "gate.yml")


@pytest.mark.parametrize("most", [1, 5, 9, 60, 159, 160, 211])
def test_no_more_requests_are_planned_than_max_count_allows(most):
    suite = suite_of(most)
    blocks = sum("buy" in step.endpoints for step in steps_of(lay_out_stored(suite), suite))
    warmup = sum("buy" in group for group in group_endpoints(suite))
    assert warmup * WARMUP_REQUESTS + blocks * BLOCK_REQUESTS + len(asked_once(suite)) <= most


@pytest.mark.parametrize("most", [60, 110, 159])
def test_a_max_count_that_allows_no_verdict_is_told_with_the_one_needed_and_asked_once(most):
    suite = suite_of(most)
    (notice,) = too_few(suite)
    assert f"max_count {most} is too small" in notice.message
    assert "to 160" in notice.cure
    assert asked_once(suite) == ("buy",)
    assert too_few(suite_of(160)) == []


def test_scenarios_have_their_share_before_the_blocks():
    scenario = "scenarios: {rush: {load: {count: 40, concurrent: 5}, mix: {buy: 1}}}\n"
    assert least_count(suite_of(300, scenario), "buy") == 200
    suite = suite_of(260, scenario)
    assert sum("buy" in step.endpoints for step in steps_of(lay_out_stored(suite), suite)) == 4


JOURNEY = """\
  open: {request: GET /open, extract: {id: $.id}}
  pay: {request: "POST /pay/{id}", mutates: true, max_count: %d}
journeys: {order: [open, buy, pay, buy]}
"""


@pytest.mark.parametrize(
    ("load", "buys"),
    [("{count: 20, concurrent: 5}", 40), ("{rate: 10/s, for: 6s}", 90), ("{users: 7, for: 60s}", 14)],
)
def test_what_journeys_ask_is_the_scenarios_share_too(load, buys):
    """Half of the mix asks once, half twice; a count may draw journeys only."""
    mix = "{buy: 1, order: 1}"
    suite = suite_of(500, JOURNEY % 500 + f"scenarios: {{rush: {{load: {load}, mix: {mix}}}}}\n")
    assert least_count(suite, "buy") == 160 + buys
    steps = steps_of(lay_out_stored(suite), suite)
    assert sum("buy" in step.endpoints for step in steps) == (500 - 10 - buys) // BLOCK_REQUESTS


@pytest.mark.parametrize("most", [1, 159])
def test_what_only_a_journey_can_ask_is_not_asked_once_however_small_its_count(most):
    suite = suite_of(500, JOURNEY % most + "scenarios: {rush: {load: {count: 5}, mix: {order: 1}}}\n")
    assert asked_once(suite) == ()
    assert too_few(suite) == []


def test_a_count_too_small_for_one_journey_is_refused_beforehand():
    text = (JOURNEY % 5).replace("pay, buy]", "pay, buy, pay, pay]").replace("max_count: 5", "max_count: 2")
    suite = suite_of(500, text + "scenarios: {rush: {load: {count: 5}, mix: {order: 1}}}\n")
    with pytest.raises(UsageError) as caught:
        lay_out_stored(suite)
    assert caught.value.message == (
        "endpoints.pay: max_count 2 is too small for one journey of scenarios.rush, which asks 3 times"
    )


def test_a_scenario_for_which_nothing_is_left_is_refused_beforehand():
    scenario = "scenarios: {rush: {load: {count: 40}, mix: {buy: 1}}}\n"
    with pytest.raises(UsageError, match="max_count 1") as caught:
        lay_out_stored(suite_of(1, scenario))
    assert "200" in caught.value.cure


def test_requests_asked_once_have_other_ids_in_another_run_and_beside_each_other():
    suite = read_suite(b"endpoints: {buy: {request: POST /buy, json: {key: '{{uuid}}'}}}", "gate.yml")
    sent = []

    def fetch(request: Request, _expect: object) -> Fetched:
        sent.append(request.json["key"])
        return Fetched(Answer(None, 200, 0, 0.01, is_new_connection=True), b"", {})

    for run_id in ("one", "two"):
        unique = tokens(run_id)
        for _arm in range(2):
            request = Request("POST", "http://h/buy", {}, {"key": "{{uuid}}"})
            ask_once(suite, "buy", request, {}, {}, fetch, unique)
    assert len(set(sent)) == 4


USES = st.sampled_from(["warm up", "block", "block again"])


@given(
    most=st.integers(1, 500),
    blocks=st.integers(0, 8),
    kept=st.integers(0, 200),
    uses=st.lists(USES, max_size=40),
)
def test_whatever_is_asked_for_nothing_exceeds_the_count_and_blocks_and_scenarios_get_their_share(
    most, blocks, kept, uses
):
    allowance = Allowance({"buy": most}, [("buy", "here")] * blocks, BLOCK_REQUESTS, {("buy", "here"): kept})
    fits = blocks * BLOCK_REQUESTS + kept <= most
    sent = planned = 0
    for use in uses:
        if use == "block":
            if planned == blocks:
                continue
            planned += 1
            took = allowance.take_block(("buy",), "here")
            assert took or not fits
        else:
            took = allowance.take(("buy",), "here", WARMUP_REQUESTS if use == "warm up" else BLOCK_REQUESTS)
        sent += (WARMUP_REQUESTS if use == "warm up" else BLOCK_REQUESTS) * len(took)
    assert sent <= most
    assert allowance.left("buy", "here") == most - sent
    assert allowance.left("buy", "here") >= kept or not fits
    assert allowance.left("other", "here") == math.inf


def stream(schedule: Schedule, *lanes: str, steps: tuple[str, ...] = ()) -> Stream:
    made = tuple(Lane(name, Request("GET", "http://h/"), Expectation()) for name in lanes)
    return Stream(schedule, made, (Journey("j", steps),) if steps else ())


def planned(made: Stream) -> float:
    """Most requests that a stream may begin."""
    schedule = made.schedule
    if not schedule.is_open:
        return math.inf if schedule.count is None else schedule.count
    return sum(1 for _ in arrivals(schedule.course, schedule.seed, spacing=schedule.spacing, count=schedule.count))


def test_a_stream_that_stays_below_is_left_as_it_is():
    made = (stream(Schedule(rate_rps=10, for_s=5), "buy", "see"), stream(Schedule(users=2, count=9), "buy"))
    assert cut(made, {"buy": 1000, "see": math.inf}) == made


def test_what_has_no_limit_is_not_cut_along():
    (buy, see) = cut([stream(Schedule(rate_rps=100, for_s=10), "buy", "see")], {"buy": 20, "see": math.inf})
    assert [lane.name for lane in buy.lanes] == ["buy"]
    assert planned(buy) == 20
    assert 400 < planned(see) < 600


@pytest.mark.parametrize(
    ("made", "most"),
    [
        (stream(Schedule(users=5, for_s=60), "buy"), 30),
        (stream(Schedule(users=5, for_s=60), "buy", "see", steps=("buy", "see", "buy")), 15),
        (stream(Schedule(rate_rps=50, for_s=60, spacing="even"), "buy", "see"), 30),
        (stream(Schedule(users=5, count=40), "buy"), 30),
    ],
)
def test_others_end_when_even_the_worst_draw_would_have_used_the_count_up(made, most):
    (done,) = cut([made], {"buy": 30, "see": math.inf})
    assert planned(done) == most


@pytest.mark.parametrize("peak", [1, 5, 40])
def test_users_cut_by_a_count_still_grow_in_as_planned(peak):
    whole = stream(Schedule(stages=(Stage(0, peak, 10), Stage(peak, peak, 50)), stages_of="users"), "buy")
    (done,) = cut([whole], {"buy": 100})
    flow = Flow(done, {"buy": None}, Segment((done,)))
    assert done.schedule.count == 100
    assert [due for due, _ in flow.first()] == pytest.approx([10 * (user + 1) / peak for user in range(peak)])


def test_several_streams_share_what_is_left():
    done = cut([stream(Schedule(users=1, count=20), "buy"), stream(Schedule(users=1, count=20), "buy")], {"buy": 30})
    assert [planned(made) for made in done] == [20, 10]
