"""``${NAME}``, ``{name}`` and ``{{seq}}`` in texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config import templates

ALL = {"a": ["${ENV} {data}", {"k{key}": "{{seq}}{{ uuid }}"}], "b": ("{{}}", 5, None)}


def test_names_are_found_in_every_string_and_key():
    assert templates.environment_names(ALL) == {"ENV"}
    assert templates.placeholders(ALL) == {"data", "key"}
    assert templates.unique_placeholders(ALL) == {"seq", " uuid ", ""}


@pytest.mark.parametrize(
    "text", ["", "{}", "{ a }", "{a b}", '{"a":1}', "{-a}", "}{", "$NAME", "{a", "a}", "query{search{id }}"]
)
def test_braces_that_are_no_placeholders_stay(text):
    assert not templates.placeholders(text)
    assert templates.fill(text, environment={}, data={}, unique=lambda name: "!") == text


@pytest.mark.parametrize("text", ["${}", "${1X}", "${A B}", "${A", "x${A-B}y", "${"])
def test_a_broken_environment_value_is_told(text):
    assert templates.has_malformed({"a": [text]})


@pytest.mark.parametrize("text", ["${A}", "${_a1}", "$", "$A", "{A}", "$ {A}"])
def test_a_sound_text_is_not(text):
    assert not templates.has_malformed(text)


def test_kinds_are_filled_one_after_the_other():
    text = "/{id}?t=${TOKEN}&u={{uuid}}"
    once = templates.fill(text, environment={"TOKEN": "secret"})
    assert once == "/{id}?t=secret&u={{uuid}}"
    assert templates.fill(once, data={"id": 7}, unique=lambda name: f"<{name}>") == "/7?t=secret&u=<uuid>"


@pytest.mark.parametrize(("text", "name"), [("${A}", "A"), ("{a}", "a")])
def test_a_name_without_value_is_an_error(text, name):
    with pytest.raises(KeyError, match=name):
        templates.fill(text, environment={}, data={})


@given(st.text(), st.text())
def test_what_is_filled_in_is_not_read_again(environment, data):
    filled = templates.fill("${A}|{a}", environment={"A": environment}, data={"a": data})
    assert filled == f"{environment}|{data}"


def test_json_keeps_its_shape():
    assert templates.fill_json({"{a}": ["{a}", 1, None, {"b": True}]}, lambda text: text.replace("{a}", "x")) == {
        "x": ["x", 1, None, {"b": True}]
    }
