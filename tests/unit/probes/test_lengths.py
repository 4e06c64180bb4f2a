from __future__ import annotations

import pytest

from gate.probes.lengths import are_longer, sizes_by_items


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([(1, 120), (10, 1020), (50, 5020)], True),
        ([(1, 120), (1, 9999), (1, 121), (10, 1020), (50, 5020)], True),
        ([(1, 22), (50, 120)], True),
        ([(10, 1020), (50, 5020), (1000, 5022)], False),
        ([(1, 5020), (50, 5020)], False),
        ([(1, 300), (10, 301), (1000, 303)], False),
        ([(1, 5020), (10, 1020)], False),
        ([(10, 1020)], False),
        ([], False),
    ],
    ids=["a list", "one odd answer", "numbers", "cut", "all alike", "the number repeated", "shorter", "one", "none"],
)
def test_answers_have_the_items_asked_for_where_their_sizes_say_so(answers, expected):
    assert are_longer(sizes_by_items(answers)) is expected
