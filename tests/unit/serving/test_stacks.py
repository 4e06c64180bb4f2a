from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.serving.stacks import frame, heaviest, merged, read, total, write

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=";()"), min_size=1)
FRAMES = st.builds(frame, NAMES, st.sampled_from(["a.py:1", "b/c.py", ""]))
STACKS = st.dictionaries(st.lists(FRAMES, min_size=1, max_size=5).map(tuple), st.integers(1, 10**9), max_size=8)


@given(STACKS)
def test_what_is_written_is_read_again(stacks):
    assert read(write(stacks)) == stacks


@given(STACKS)
def test_shares_of_all_functions_in_themselves_make_the_whole(stacks):
    found = heaviest(stacks, most=100)
    assert sum(each.self_ratio for each in found) == pytest.approx(1 if stacks else 0, abs=1e-4)
    assert all(each.self_ratio <= each.total_ratio <= 1 for each in found)


def test_by_hand():
    stacks = {("main (a.py:1)", "work (a.py:9)"): 6, ("main (a.py:1)",): 1, ("main (a.py:1)", "rest"): 3}
    first, second, third = heaviest(stacks)
    assert (first.name, first.place, first.self_ratio, first.total_ratio) == ("work", "a.py:9", 0.6, 0.6)
    assert (second.name, second.place, second.self_ratio) == ("rest", "", 0.3)
    assert (third.name, third.self_ratio, third.total_ratio) == ("main", 0.1, 1.0)


def test_one_that_calls_itself_is_counted_once():
    (only,) = heaviest({("again", "again", "again"): 4})
    assert (only.self_ratio, only.total_ratio) == (1.0, 1.0)


def test_processes_are_added_up_and_lines_that_are_no_stacks_left_out():
    assert merged([{("a",): 1}, {("a",): 2, ("b",): 3}]) == {("a",): 3, ("b",): 3}
    assert read("a;b 3\n\nWrote it\na;b 4\n 5\n") == {("a", "b"): 7}
    assert total({}) == 0
    assert heaviest({}) == []


def test_a_name_cannot_end_a_frame_or_a_line():
    assert frame("a;b\nc", "d") == "a b c (d)"
    assert frame("<lambda>", "") == "<lambda>"
