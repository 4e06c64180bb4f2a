"""Whatever happens to a suite file, reading it ends in a suite or in a message, and soon."""

import json
import time
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.commands.measuring import files_beside
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.errors import SuiteError

FULL = (Path(__file__).parents[1] / "data" / "suites" / "full.yml").read_text(encoding="utf-8")
FILES = files_beside(Path(__file__).parents[1] / "data" / "suites" / "full.yml")
SECONDS = 2.0

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.dates(),
    st.sampled_from(
        ["5s", "5%", "20/s", "GET /", "POST /x", "${A}", "${", "{product}", "{{uuid}}", "{{no}}", "*.x.example"]
    ),
).map(lambda value: json.dumps(value) if isinstance(value, str) else str(value))
RAW = st.sampled_from(
    ["*a", "&a b", "!!x y", "017", ".nan", "1e999", "~", "", "yes", "{", "]", "'", '"', "- a", "a: b", "|", "\t", "@"]
)
KEYS = st.one_of(
    st.sampled_from(
        ["rate", "request", "json", "p95", "p59", "graphql", "journeys", "<<", "? a", "404", "home", "class"]
    ),
    st.text("abcdefghijklmnopqrstuvwxyz_-.", min_size=1, max_size=12),
)


def members(text):
    """Spans of all keys and their values, with whether they stand in braces."""
    found, stack = [], []
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            opened = stack.pop()
            if stack and stack[-1]["is_mapping"]:
                note(found, stack[-1], opened["start"], event.end_mark.index)
        elif isinstance(event, yaml.CollectionStartEvent):
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            stack.append(
                {"is_mapping": is_mapping, "flow": event.flow_style, "key": None, "start": event.start_mark.index}
            )
        elif isinstance(event, yaml.ScalarEvent) and stack and stack[-1]["is_mapping"]:
            note(found, stack[-1], event.start_mark.index, event.end_mark.index)
    return found


def note(found, mapping, start, end):
    if mapping["key"] is None:
        mapping["key"] = (start, end)
    else:
        found.append((mapping["key"], (start, end), bool(mapping["flow"])))
        mapping["key"] = None


@st.composite
def mutated(draw):
    text = FULL
    for _ in range(draw(st.integers(1, 3))):
        try:
            spans = members(text)
        except (yaml.YAMLError, ValueError):
            break
        if not spans:
            break
        key, value, in_braces = draw(st.sampled_from(spans))
        member = text[key[0] : value[1]]
        kind = draw(st.sampled_from(["delete", "duplicate", "rename", "replace", "break"]))
        if kind == "delete":
            text = text[: key[0]] + text[value[1] :]
        elif kind == "duplicate" and in_braces:
            text = f"{text[: key[0]]}{member}, {text[key[0] :]}"
        elif kind == "duplicate":
            indent = " " * (key[0] - (text.rfind("\n", 0, key[0]) + 1))
            text = f"{text[: key[0]]}{member.rstrip()}\n{indent}{text[key[0] :]}"
        elif kind == "rename":
            text = text[: key[0]] + draw(KEYS) + text[key[1] :]
        else:
            text = text[: value[0]] + draw(SCALARS if kind == "replace" else RAW) + text[value[1] :]
    return text


def read(content):
    started = time.process_time()
    try:
        suite = read_suite(content, "gate.yml", FILES)
    except SuiteError as error:
        lines = str(error).split("\n")
        assert 1 <= len(lines) <= 21
        assert all(line.startswith(("gate.yml:", "and ")) and line.isprintable() for line in lines)
        suite = None
    assert time.process_time() - started < SECONDS
    return suite


@given(mutated())
@settings(deadline=None, max_examples=150)
def test_a_mutated_suite_ends_in_a_suite_or_a_message(text):
    suite = read(text.encode())
    assert suite is None or Suite.model_validate(suite) is suite


@given(st.integers(0, len(FULL.encode())))
@settings(deadline=None)
def test_a_suite_cut_anywhere_ends_in_a_suite_or_a_message(end):
    read(FULL.encode()[:end])


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_end_in_a_suite_or_a_message(content):
    read(content)


@given(st.text(alphabet="ab:{}[],'\"&*!|>-?#%@`\\ \n\t$017.~", max_size=200))
@settings(deadline=None)
def test_any_marks_of_yaml_end_in_a_suite_or_a_message(text):
    read(text.encode())


@given(st.lists(st.integers(0, len(FULL) - 1), min_size=1, max_size=20), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_any_changed_characters_end_in_a_suite_or_a_message(places, random):
    text = list(FULL)
    for place in places:
        text[place] = random.choice("ab:{}[],'\"&*!|>-?#%@`\\ \n\t$017.~")
    read("".join(text).encode())
