"""Waiting under load: told when it is clear, never where it is noise."""

from __future__ import annotations

import math
from random import Random

import pytest

from gate.measure.busy import Observed, busy_notices, capacity_notices, waiting_ratio


def observed(factor: float, spread: float = 0.3, base_s: float = 0.02, seed: int = 0, blocks: int = 10) -> Observed:
    """Log-normal latencies, under load ``factor`` times as long."""
    draw = Random(seed)
    centre = math.log(base_s)
    return Observed(
        "home",
        20.0,
        [math.exp(draw.gauss(centre, spread)) for _ in range(10)],
        [draw.gauss(centre + math.log(factor), spread / math.sqrt(50)) for _ in range(blocks)],
        base_s * factor,
    )


def test_an_endpoint_that_waits_most_of_its_time_is_named_with_what_is_under_way():
    (notice,) = busy_notices("preview", [observed(4.0)])
    assert notice.code == "busy-preview"
    assert "home" in notice.message
    assert "1.6 requests under way" in notice.message
    assert "max_rate" in notice.cure


@pytest.mark.parametrize("spread", [0.1, 0.5, 1.0, 1.5])
def test_latencies_that_only_scatter_are_hardly_ever_called_waiting(spread):
    fired = sum(bool(busy_notices("preview", [observed(1.0, spread, seed=seed)])) for seed in range(400))
    assert fired <= 4


def test_nobody_is_told_of_waiting_below_a_millisecond():
    assert waiting_ratio(observed(4.0, base_s=0.0002)) == 1.0


@pytest.mark.parametrize(
    "one", [Observed("a", 20, [0.01] * 4, [0.0] * 9, 1.0), Observed("a", 20, [0.01] * 9, [0.0] * 2, 1.0)]
)
def test_too_little_data_says_nothing(one):
    assert waiting_ratio(one) == 1.0


def test_a_comparison_rate_near_the_capacity_found_is_told_with_both_figures():
    (notice,) = capacity_notices({"breaking": (100.0, ("home", "list"))}, {"home": 20.0, "list": 40.0, "other": 90.0})
    assert notice.code == "busy-preview"
    assert "list was compared at 40/s" in notice.message
    assert "40% of the capacity of 100/s that breaking found" in notice.message
    assert "30/s or less" in notice.cure


@pytest.mark.parametrize("rates", [{"home": 30.0}, {}, {"other": 90.0}])
def test_a_comparison_rate_with_room_above_it_is_not_told_of(rates):
    assert capacity_notices({"breaking": (100.0, ("home",))}, rates) == []
