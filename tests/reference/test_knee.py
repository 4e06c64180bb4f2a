"""The knee against curves whose bend is known in closed form."""

from __future__ import annotations

import pytest

from gate.stats.knee import knee


def test_the_knee_of_a_queue_is_where_its_curve_is_furthest_from_the_chord():
    """Response time of an M/M/1 queue, 1 / (1 - u): on u in [0, 0.9] the chord has slope 10, so the furthest point is
    where the derivative 1 / (1 - u)^2 is 10: u = 1 - 1 / sqrt(10) = 0.684 (Kleinrock, Queueing Systems I, eq. 3.26)."""
    loads = [step / 100 for step in range(91)]
    assert knee(loads, [1 / (1 - load) for load in loads]) == pytest.approx(1 - 10**-0.5, abs=0.01)


def test_the_published_example_with_its_sign_turned():
    """Satopää et al. (2011), figure 2: y = 5 - 1/(x + 0.1) on ten points has its knee at 0.22."""
    x = [0.0, 0.1111, 0.2222, 0.3333, 0.4444, 0.5556, 0.6667, 0.7778, 0.8889, 1.0]
    concave = [-5.0, 0.263, 1.897, 2.692, 3.163, 3.475, 3.696, 3.861, 3.989, 4.091]
    turned = [-value for value in reversed(concave)]
    assert 1 - knee([1 - value for value in reversed(x)], turned) == pytest.approx(0.2222, abs=0.001)


@pytest.mark.parametrize(
    "latencies", [[1, 2, 3, 4, 5], [1, 1, 1, 1, 1], [5, 4, 3, 2, 1], [1, 2]], ids=["line", "flat", "falling", "few"]
)
def test_a_curve_that_does_not_bend_has_no_knee(latencies):
    assert knee(list(range(len(latencies))), latencies) is None
