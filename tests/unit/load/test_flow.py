"""When the users of a closed model ask first."""

from __future__ import annotations

import pytest

from gate.load.flow import Flow
from gate.load.job import Expectation, Lane, Request, Schedule, Segment, Stream

LANE = Lane("home", Request("GET", "http://127.0.0.1/"), Expectation())


def firsts(schedule: Schedule, *, part: int = 0, parts: int = 1) -> dict[int, float]:
    """Of every user."""
    stream = Stream(schedule, (LANE,))
    segment = Segment((stream,), part=part, parts=parts)
    return {user: due for due, user in Flow(stream, {"home": None}, segment).first()}


def test_users_who_think_are_met_somewhere_in_a_pause_and_not_all_at_once():
    found = firsts(Schedule(users=400, for_s=10.0, think_s=2.0, seed=7))
    quarters = [sum(0.5 * quarter <= due < 0.5 * (quarter + 1) for due in found.values()) for quarter in range(4)]
    assert sum(quarters) == 400
    assert min(quarters) > 70


def test_nobody_thinks_longer_than_the_load_lasts_before_asking():
    assert max(firsts(Schedule(users=50, for_s=3.0, think_s=60.0)).values()) < 3.0


@pytest.mark.parametrize(
    "schedule",
    [Schedule(users=9, for_s=3.0), Schedule(users=9, count=9, think_s=2.0), Schedule(users=9, count=9)],
)
def test_users_without_a_pause_and_so_many_at_once_begin_together(schedule):
    assert set(firsts(schedule).values()) == {0.0}


def test_workers_share_the_users_and_change_nothing():
    schedule = Schedule(users=30, for_s=3.0, think_s=1.0, seed=3)
    parts = [firsts(schedule, part=part, parts=3) for part in range(3)]
    assert sum(map(len, parts)) == 30
    assert {user: due for found in parts for user, due in found.items()} == firsts(schedule)
