"""Conditions as plans write them, and whether an index could answer them."""

from __future__ import annotations

import math

import pytest

from gate.telemetry.indexes import could_help


@pytest.mark.parametrize(
    "condition",
    [
        "(state = $1)",
        "(arrived_at >= $1)",
        "(((state)::text = ($1)::text) AND (zone <> $2))",
        "(state = ANY ($1))",
        "(deleted_at IS NULL)",
        "(tags @> $1)",
        "(name ~~ 'a <> b%'::text)",
        "((price - 1) > $1)",
        "((state = $1) OR (zone = $2))",
    ],
)
def test_what_names_the_rows_it_wants_is_found_by_an_index(condition):
    assert could_help(condition, 0.01)
    assert not could_help(condition, 0.9), "most of the rows are read from end to end with reason"
    assert not could_help(condition, math.nan)


@pytest.mark.parametrize(
    "condition",
    [
        "(state <> $1)",
        "((state)::text <> ALL ($1))",
        "(name !~~ $1)",
        "(state <> 'a = b'::text)",
        '("a = b" <> $1)',
        "((state = $1) OR (zone <> $2))",
        "(deleted_at IS NOT NULL)",
        "(NOT done)",
    ],
)
def test_what_names_only_the_rows_it_does_not_want_is_not(condition):
    assert not could_help(condition, 0.01)
