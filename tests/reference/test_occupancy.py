"""Little's law against systems whose number of servers is known: by queueing theory, and simulated one by one."""

from __future__ import annotations

import heapq
import math
from random import Random

import pytest

from gate.stats.occupancy import Level, begins_unloaded, occupancy

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
    found = occupancy([Level(rate, time) for rate, time in curve])
    assert found.at_once == pytest.approx(servers, rel=0.1)


def simulated(servers: int, users: int, draw: Random, think_s: float = 0.0, answers: int = 3000) -> Level:
    """Users who think and ask again, each answer served by one of the servers: first come, first served.

    As many servers as users are a system without a limit.
    """
    free = [0.0] * servers
    asking = [(draw.random() * (think_s + 0.1), user) for user in range(users)]
    heapq.heapify(asking)
    spent = now = 0.0
    for _ in range(answers):
        asked, user = heapq.heappop(asking)
        done = max(asked, heapq.heappop(free)) + draw.uniform(0.08, 0.12)
        heapq.heappush(free, done)
        heapq.heappush(asking, (done + think_s, user))
        spent, now = spent + done - asked, max(now, done)
    return Level(answers / now, spent / answers, think_s=think_s)


def arriving(servers: int, rate_rps: float, draw: Random, answers: int = 3000) -> Level:
    """Requests that fall due whatever the answers do, as of many users who know nothing of each other."""
    free = [0.0] * servers
    spent = now = due = 0.0
    for _ in range(answers):
        due += draw.expovariate(rate_rps)
        done = max(due, heapq.heappop(free)) + draw.uniform(0.08, 0.12)
        heapq.heappush(free, done)
        spent, now = spent + done - due, max(now, done)
    return Level(answers / now, spent / answers, asked_rps=answers / due)


@pytest.mark.parametrize("servers", [3, 8, 16])
def test_a_queue_simulated(servers):
    draw = Random(servers)
    found = occupancy([simulated(servers, users, draw) for users in (1, *USERS)])
    assert found.at_once == pytest.approx(servers, rel=0.1)
    assert found.lo is not None
    assert found.lo < found.at_once < found.hi


@pytest.mark.parametrize("think_s", [0.1, 0.5])
@pytest.mark.parametrize("servers", [5, 10, 20, 40])
def test_users_who_think_tell_a_pool_once_it_holds_them_back(servers, think_s):
    """Half again as many users as keep all servers busy, and as many again: N* = servers (D + Z) / D."""
    draw, enough = Random(servers), servers * (0.1 + think_s) / 0.1
    found = occupancy([simulated(servers, round(share * enough), draw, think_s) for share in (0.2, 0.4, 0.8, 1.5, 3)])
    assert found.at_once == pytest.approx(servers, rel=0.1)


@pytest.mark.parametrize("servers", [5, 10, 20, 40])
def test_users_who_think_and_are_hardly_held_back_set_the_pace_themselves(servers):
    """Answers wait by then, and throughput is that of the users: nobody knows where it would have ended."""
    draw, enough = Random(servers), servers * (0.1 + 0.5) / 0.1
    levels = [simulated(servers, round(share * enough), draw, 0.5) for share in (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)]
    assert occupancy(levels) is None
    assert begins_unloaded(levels)


@pytest.mark.parametrize("think_s", [0.0, 0.1, 0.5])
def test_a_system_without_a_limit_never_saturates(think_s):
    draw = Random(3)
    assert occupancy([simulated(users, users, draw, think_s) for users in (1, *USERS)]) is None


@pytest.mark.parametrize("think_s", [0.5, 2.0])
def test_waiting_that_is_short_beside_thinking_is_no_saturation(think_s):
    """80 users who think made 159/s, which grew as their number, while answers took four times as long as alone."""
    loads = (1, 2, 5, 13, 34, 80)
    levels = [Level(n / (think_s + r), r, think_s=think_s) for n in loads for r in [0.0087 * (1 + 3 * (n / 80) ** 2)]]
    assert occupancy(levels) is None


@pytest.mark.parametrize("servers", [5, 20])
def test_rates_tell_a_pool_where_they_are_not_answered_and_nothing_below(servers):
    draw, full_rps = Random(servers), servers / 0.1
    below = [arriving(servers, share * full_rps, draw) for share in (0.1, 0.2, 0.4, 0.7, 0.9)]
    assert occupancy(below) is None
    beyond = [arriving(servers, share * full_rps, draw) for share in (1.2, 1.6)]
    assert occupancy([*below, *beyond]).at_once == pytest.approx(servers, rel=0.1)


def test_users_who_get_in_each_others_way_are_no_saturation():
    """Contention of 2 %: answers take longer with every user, and throughput still grows."""
    times = [(n, 0.1 * (1 + 0.02 * (n - 1))) for n in (1, 2, 4, 8, 16, 32, 64)]
    assert occupancy([Level(n / time_s, time_s) for n, time_s in times]) is None


def test_the_interval_has_the_truth_about_as_often_as_it_says():
    draw, held = Random(7), 0
    for _ in range(400):
        rates = [10 * math.exp(draw.gauss(0, 0.05)) for _ in range(3)] + [
            100 * math.exp(draw.gauss(0, 0.02)) for _ in range(4)
        ]
        times = [0.1 * math.exp(draw.gauss(0, 0.05)) for _ in range(3)] + [0.5] * 4
        found = occupancy([Level(*each) for each in zip(rates, times, strict=True)])
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
    levels = [Level(*each) for each in zip(rates, times, strict=True)]
    assert occupancy(levels) is None
    assert begins_unloaded(levels) == (bool(rates) and min(rates) <= max(rates) / 2)


def test_one_level_of_a_kind_has_no_interval():
    found = occupancy([Level(10, 0.1), Level(100, 0.5), Level(101, 0.9)])
    assert found.at_once == pytest.approx(10.05)
    assert (found.lo, found.hi) == (None, None)


@pytest.mark.parametrize("level", [Level(0, 1), Level(1, math.nan), Level(math.inf, 1), Level(1, 1, None, -1.0)])
def test_numbers_that_cannot_be_are_refused(level):
    with pytest.raises(ValueError, match="positive"):
        occupancy([level])


def sharing_servers(servers: int, users: int, each_s: float) -> Level:
    """Users who ask again at once; service takes the longer the more are served, and the others wait."""
    served_s = 0.1 + each_s * min(users, servers)
    rate_rps = min(users, servers) / served_s
    return Level(rate_rps, users / rate_rps)


@pytest.mark.parametrize("servers", [10, 20, 40])
@pytest.mark.parametrize("each_s", [0.0005, 0.002])
def test_servers_that_hold_each_other_up_are_counted_all_the_same(servers, each_s):
    """Twenty of which each takes 40 % longer for the others are twenty, and not fourteen.

    Where service takes so much longer that it looks like waiting, the level before saturation is taken for one of it.
    """
    levels = [sharing_servers(servers, users, each_s) for users in (*USERS, 80)]
    found = occupancy(levels)
    assert found.at_once == pytest.approx(servers, rel=0.06)
    assert found.served_s == pytest.approx(0.1 + each_s * servers, rel=0.03)
    assert found.unloaded_s < found.served_s
    assert found.lo <= found.at_once <= found.hi


def test_what_is_seen_of_sharing_is_in_the_interval():
    """Times within a hundredth: the interval holds the truth about as often as it says."""
    held, draw = 0, Random(5)
    for _ in range(300):
        curve = [sharing_servers(20, users, 0.001) for users in (1, 2, 3, 5, 8, 13, 34, 54, 80)]
        noisy = [Level(users / time, time) for users, time in _blurred(curve, draw)]
        found = occupancy(noisy)
        held += found.lo <= 20 <= found.hi
    assert held / 300 == pytest.approx(0.9, abs=0.08)


def _blurred(curve: list[Level], draw: Random) -> list[tuple[float, float]]:
    return [(level.under_way, level.time_s * math.exp(draw.gauss(0, 0.01))) for level in curve]


def test_a_measured_pool_of_twenty():
    """A console whose pool of 20 was full by its own account: 18.2 by the time without load alone.

    Levels of ``find: max_users`` on examples/deploy-console, on two shared cores: users, answers per second, mean time.
    """
    seen = [
        (4.687, 0.4133),
        (7.263, 0.4114),
        (11.532, 0.4168),
        (18.752, 0.4221),
        (29.442, 0.4347),
        (44.416, 0.4532),
        (44.544, 0.7206),
        (43.654, 1.1144),
        (42.794, 1.4116),
        (45.005, 1.5033),
        (43.458, 1.6384),
        (43.796, 1.7037),
    ]
    found = occupancy([Level(rate, time) for rate, time in seen])
    assert found.at_once == pytest.approx(20, rel=0.05)
    assert found.lo <= 20 <= found.hi
