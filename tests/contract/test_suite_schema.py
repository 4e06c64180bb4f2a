"""The published JSON schema: current, sound, and of one mind with the reader."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from gate.config.plain import decode
from gate.config.read import read_suite
from gate.config.schema import schema_text, suite_schema
from gate.config.suite import Suite
from gate.config.tree import read_tree

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "tests" / "data" / "suites"
BAD = yaml.safe_load((SUITES / "bad.yml").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROOT / "gate.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def schemas(schema):
    """All schemas inside a schema."""
    yield schema
    for key in ("properties", "patternProperties", "$defs"):
        for inner in schema.get(key, {}).values():
            yield from schemas(inner)
    for inner in [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        yield from schemas(inner)


def test_the_committed_schema_is_current():
    assert (ROOT / "gate.schema.json").read_text(encoding="utf-8") == schema_text(), (
        "run: gate schema suite > gate.schema.json"
    )


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", ["smallest", "full", "header"])
def test_it_accepts_good_suites(name):
    tree = read_tree(decode((SUITES / f"{name}.yml").read_bytes()))
    assert [error.message for error in VALIDATOR.iter_errors(tree.data)] == []


@pytest.mark.parametrize("case", [case for case in BAD if case["schema"] != "-"], ids=lambda case: case["name"])
def test_it_refuses_bad_suites_where_it_can(case):
    tree = read_tree(case["suite"])
    assert VALIDATOR.is_valid(tree.data) == (case["schema"] == "accepts")


def test_every_key_says_what_it_is_for():
    for schema in schemas(suite_schema()):
        for key, inner in schema.get("properties", {}).items():
            assert inner.get("description", "").endswith("."), key
            assert "``" not in inner["description"]


def test_no_key_is_open_to_more_than_it_knows():
    for schema in schemas(suite_schema()):
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False


def test_defaults_and_examples_are_as_people_write_them():
    defaults: dict[str, list] = {}
    for schema in schemas(suite_schema()):
        for example in schema.get("examples", []):
            assert "pattern" not in schema or Draft202012Validator({"pattern": schema["pattern"]}).is_valid(example)
        for key, inner in schema.get("properties", {}).items():
            if "default" in inner:
                defaults.setdefault(key, []).append(inner["default"])
                assert Draft202012Validator(inner).is_valid(inner["default"]), key
    assert {key: values[0] if len(values) == 1 else values for key, values in defaults.items()} == {
        "version": 1,
        "suite": "default",
        "path": ["/graphql", "/"],
        "timeout": ["10s", "10m", "10s", "10s", "60s", "5m", "10s"],
        "max_message": "1MB",
        "http": "1.1",
        "compression": False,
        "pick": "random",
        "connections": "keep",
        "follow": 0,
        "from": "00:00",
        "to": "24:00",
        "shape": "steps",
        "spacing": "poisson",
        "rate": "20/s",
        "server_timing": False,
        "dir": ".",
        "every": "1s",
        "statements": 10,
        "plans": 3,
        "processes": False,
        "trace": False,
        "response": 1.0,
        "concurrency": 1.0,
        "queries": 1.0,
        "stability": 1.0,
        "reliability": 1.0,
        "mutates": False,
        "gate": True,
        "advisory": [False, False, False],
        "when": "before",
        "times": 1,
        "concurrent": 1,
        "of": "queries",
        "always": False,
        "floor": "50ms",
        "absolute_floor": "1ms",
        "false_block_rate": "1%",
        "time": ["3m", "100%"],
        "rates": "100%",
        "users": "100%",
        "requests": 60000,
        "max_rate": "50/s",
        "objectives": "block",
        "on_inconclusive": "approve",
        "on_missing_baseline": "approve",
        "on_global_suspect": "block",
        "on_suspect": "decide",
        "accept_label": "perf-accepted",
        "store": "dir:baselines",
        "window": 30,
        "max_age": "60d",
    }


def test_defaults_written_out_change_nothing():
    suite = read_suite(
        b"""
version: 1
suite: default
preview: {ready: {path: /, timeout: 60s}}
endpoints: {home: {request: GET /, rate: 20/s, mutates: false, gate: true}}
policy: {absolute_floor: 1ms, false_block_rate: 1%, budget: {time: 3m, requests: 60000}, max_rate: 50/s,
  objectives: block, on_inconclusive: approve, on_missing_baseline: approve, on_global_suspect: block,
  on_suspect: decide, accept_label: perf-accepted}
baselines: {store: dir:baselines, window: 30, max_age: 60d}
""",
        "gate.yml",
    )
    assert suite == Suite.model_validate({"endpoints": {"home": "GET /"}})
