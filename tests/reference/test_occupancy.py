"""Little's law against systems whose number of servers is known: by queueing theory, and simulated one by one."""

from __future__ import annotations

import heapq
import math
from random import Random

import pytest

from gate.stats.occupancy import occupancy

USERS = (1, 2, 3, 5, 8, 13, 21, 34, 54)


def machine_repair(servers: int, users: int, served_s: float, elsewhere_s: float) -> tuple[float, float]:
    """Throughput and time of an answer of M/M/c with so many users, by birth and death.

    Kleinrock, Queueing Systems, volume 1 (1975), section 3.9 (finite customer population).
    """
    weights = [1.0]
    for n in range(1, users + 1):
        arriving, leaving = (users - n + 1) / elsewhere_s, min(n, servers) / served_s
        weights.append(weights[-1] * arriving / leaving)
    shares = [weight / math.fsum(weights) for weight in weights]
    rate = math.fsum(share * min(n, servers) / served_s for n, share in enumerate(shares))
    waiting = math.fsum(share * n for n, share in enumerate(shares))
    return rate, waiting / rate


@pytest.mark.parametrize("servers", [2, 5, 10, 20])
def test_a_queue_in_theory(servers):
    """Service of random length and a little time elsewhere: the number of servers within a tenth."""
    curve = [machine_repair(servers, users, 0.1, 0.005) for users in (*USERS, 80, 100)]
    found = occupancy([rate for rate, _ in curve], [time for _, time in curve])
    assert found.at_once == pytest.approx(servers, rel=0.1)


def simulated(servers: int, users: int, draw: Random, answers: int = 3000) -> tuple[float, float]:
    """Users who ask again at once, each answer served by one of the servers: first come, first served."""
    free = [0.0] * servers
    asking = [(draw.random() * 0.01, user) for user in range(users)]
    heapq.heapify(asking)
    spent = now = 0.0
    for _ in range(answers):
        asked, user = heapq.heappop(asking)
        begun = max(asked, heapq.heappop(free))
        done = begun + draw.uniform(0.08, 0.12)
        heapq.heappush(free, done)
        heapq.heappush(asking, (done, user))
        spent, now = spent + done - asked, max(now, done)
    return answers / now, spent / answers


@pytest.mark.parametrize("servers", [3, 8, 16])
def test_a_queue_simulated(servers):
    draw = Random(servers)
    curve = [simulated(servers, users, draw) for users in (1, *USERS)]
    found = occupancy([rate for rate, _ in curve], [time for _, time in curve])
    assert found.at_once == pytest.approx(servers, rel=0.1)
    assert found.lo is not None
    assert found.lo < found.at_once < found.hi


def test_the_interval_has_the_truth_about_as_often_as_it_says():
    draw, held = Random(7), 0
    for _ in range(400):
        rates = [10 * math.exp(draw.gauss(0, 0.05)) for _ in range(3)] + [
            100 * math.exp(draw.gauss(0, 0.02)) for _ in range(4)
        ]
        times = [0.1 * math.exp(draw.gauss(0, 0.05)) for _ in range(3)] + [0.5] * 4
        found = occupancy(rates, times)
        held += found.lo <= 10 <= found.hi
    assert 0.84 <= held / 400 <= 0.98


@pytest.mark.parametrize(
    ("rates", "times"),
    [
        ([], []),
        ([10, 20, 40, 80], [0.1, 0.1, 0.1, 0.1]),  # never waits
        ([95, 98, 100], [0.1, 0.2, 0.4]),  # begins saturated: nobody knows what an answer takes alone
    ],
)
def test_what_the_levels_do_not_show_is_not_told(rates, times):
    assert occupancy(rates, times) is None


def test_one_level_of_a_kind_has_no_interval():
    found = occupancy([10, 100, 101], [0.1, 0.5, 0.9])
    assert found.at_once == pytest.approx(10.05)
    assert (found.lo, found.hi) == (None, None)


@pytest.mark.parametrize(("rates", "times"), [([1], []), ([0], [1]), ([1], [math.nan]), ([math.inf], [1])])
def test_numbers_that_cannot_be_are_refused(rates, times):
    with pytest.raises(ValueError, match="positive"):
        occupancy(rates, times)
