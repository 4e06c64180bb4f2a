"""JSON of answers against what a suite wants: the same is always equal, another never, and nothing is told of it."""

from __future__ import annotations

import copy
import json

from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate.config.jsonpath import found, lookup
from gate.probes.asked import Known
from gate.probes.members import equal, mismatch, told

TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=8)
NAMES = st.text(alphabet="abcXYZ_-09", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, VALUES)
def test_equality_is_that_of_json_schema(one, other):
    assert equal(one, other) == Draft202012Validator({"const": other}).is_valid(one)
    assert equal(one, copy.deepcopy(one))
    assert equal(one, other) == equal(other, one)


def test_numbers_are_equal_by_value_and_never_to_words():
    assert equal(1, 1.0)
    assert not equal(1, True)
    assert not equal(False, 0)
    assert not equal("1", 1)
    assert not equal(None, False)
    assert equal({"a": 1, "b": [1, {}]}, {"b": [1.0, {}], "a": 1})


@given(VALUES, NAMES, st.integers(0, 5), VALUES)
def test_a_member_that_stands_there_is_found_and_equal_to_itself(value, name, index, other):
    answer = {"x": {name: [other] * index + [value]}}
    path = f"$.x.{name}[{index}]"
    assert found(answer, path) == [value]
    assert equal(lookup(answer, path), value)
    assume(not isinstance(value, bool))
    assert mismatch(answer, path, value) is None
    assert mismatch(answer, path, True) is None
    assert mismatch(answer, path, False) == f"a {path}"
    assert mismatch(answer, f"$.x.{name}[{index + 1}]", value) == f"no $.x.{name}[{index + 1}]"


def test_null_is_there_and_is_not_nothing():
    assert mismatch({"a": None}, "$.a", True) is None
    assert mismatch({"a": None}, "$.a", None) is None
    assert mismatch({}, "$.a", None) == "no $.a"
    assert lookup({"a": None}, "$.a") is lookup({}, "$.a") is None


@given(VALUES)
def test_what_is_told_of_a_value_holds_no_text_of_it(value):
    said = told(value)
    assert len(said) <= 30
    for text in [
        part for part in strings(value) if len(part) > 3 and part not in "another text list object empty large"
    ]:
        assert text not in said


@given(VALUES)
def test_a_value_without_names_in_braces_stays_as_it_is(value):
    assume("{" not in json.dumps(strings(value)))
    assert Known().json(value) == value


@given(st.integers() | TEXTS)
def test_a_name_alone_stands_for_the_value_itself(value):
    known = Known(values={"before": value})
    assert known.json({"a": ["{before}"]}) == {"a": [value]}
    assert known.json("x{before}") == f"x{value}"


def strings(value):
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [text for key, item in value.items() for text in (key, *strings(item))] if isinstance(value, dict) else []
