"""The published schemas are current, and what is written keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from gate.cli import main
from gate.record.codec import encode_run
from tests.builders import World, run_of, scenario_of, suite_of
from tests.integration.load.servers import serving, steady

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
VERDICTS = sorted((ROOT / "tests" / "golden").rglob("verdict.json"))
STORED = sorted((ROOT / "baselines").rglob("*.json"))


def validator(kind: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("kind", ["run", "verdict", "history"])
def test_the_committed_schema_is_what_the_command_prints(kind, capsys):
    """If this fails on purpose: `gate schema KIND > docs/schemas/KIND.schema.json`."""
    assert main(["schema", kind]) == 0
    assert capsys.readouterr().out == (SCHEMAS / f"{kind}.schema.json").read_text()


def test_there_are_golden_verdicts_of_every_kind():
    read = [json.loads(path.read_text()) for path in VERDICTS]
    assert {verdict["exit_code"] for verdict in read} >= {0, 1, 3}
    assert {verdict["way"] for verdict in read} == {"duet", "stored", "none"}


@pytest.mark.parametrize("path", VERDICTS, ids=lambda path: path.parent.name)
def test_a_golden_verdict_keeps_its_schema(path):
    validator("verdict").validate(json.loads(path.read_text()))


@pytest.mark.parametrize("path", STORED[:3], ids=lambda path: path.name)
def test_a_stored_run_keeps_its_schema(path):
    validator("run").validate(json.loads(path.read_text()))


def test_a_run_with_everything_keeps_its_schema():
    suite = suite_of("scenarios: {burst: {load: {count: 50}, mix: {home: 1}}}\n")
    run = run_of(
        suite, world=World(failing={"cart": 3}), base=World(), scenarios={"burst": scenario_of(suite, "burst")}
    )
    validator("run").validate(json.loads(encode_run(run)))


def test_a_run_that_was_really_measured_keeps_its_schema(tmp_path):
    suite = tmp_path / "gate.yml"
    suite.write_text(
        "endpoints: {home: {request: GET /, rate: 200/s}, buy: POST /}\n"
        "scenarios: {burst: {load: {count: 5}, mix: {home: 1}}}\n"
        "policy: {max_rate: 200/s, budget: {time: 1s}}\n"
    )
    with serving(steady()) as server:
        code = main(["run", "--suite", str(suite), "--preview", server.origin, "--out", str(tmp_path / "out")])
    assert code in (0, 3), "3 where this machine is too busy; the run is written all the same"
    (path,) = (tmp_path / "out").glob("run-*.json")
    validator("run").validate(json.loads(path.read_text()))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("run", {"more": 1}),
        ("run", {"sha256": "short"}),
        ("verdict", {"exit_code": 2}),
        ("verdict", {"verdict": "PERHAPS"}),
        ("verdict", {"schema": "gate.verdict/2"}),
        ("verdict", {"level": None}),
    ],
)
def test_a_schema_refuses_what_is_none(kind, change):
    whole = json.loads(
        encode_run(run_of(suite_of(names=("home",)), rounds=1)) if kind == "run" else VERDICTS[0].read_text()
    )
    validator(kind).validate(whole)
    with pytest.raises(ValidationError):
        validator(kind).validate(whole | change)
