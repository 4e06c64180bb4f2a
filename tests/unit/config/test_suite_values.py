"""What a suite means once it is read: units, defaults, and what is derived."""

import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from gate.commands.measuring import load_suite
from gate.config.checks import MisplacedError
from gate.config.endpoint import Endpoint
from gate.config.hints import cure, nearest
from gate.config.read import read_suite
from gate.config.suite import Suite

SUITES = Path(__file__).parents[2] / "data" / "suites"
FULL = load_suite(SUITES / "full.yml")
SMALLEST = read_suite((SUITES / "smallest.yml").read_bytes(), "smallest.yml")


def test_values_are_in_si_units():
    materials = FULL.endpoints["materials"]
    assert (materials.rate_rps, materials.tolerance.p50, materials.tolerance.p95) == (20, 0.05, 0.1)
    assert materials.expect.body.min_bytes == 200
    assert materials.expect.body.max_bytes == 5_000_000
    assert FULL.preview.ready.timeout_s == 300
    assert FULL.policy.absolute_floor_s == 0.001
    assert FULL.policy.waivers[0].until == dt.date(2027, 3, 1)
    assert FULL.baselines.max_age_s == 60 * 86_400


def test_objectives_are_those_of_the_class_overridden_by_its_own():
    assert FULL.objectives_of("materials")["p95"] == 0.15
    assert FULL.objectives_of("health") == {}
    suite = read_suite(
        b"classes: {read: {p95: 1s, p99: 2s}}\nendpoints: {a: {request: GET /, class: read, objectives: {p95: 3s}}}",
        "s",
    )
    assert suite.objectives_of("a") == {"p95": 3, "p99": 2}


def test_tolerance_is_its_own_or_the_policy_s_or_the_default():
    assert FULL.tolerance_of("materials", "p95") == 0.1
    assert FULL.tolerance_of("health", "p95") == 0.05
    assert SMALLEST.tolerance_of("home", "p50") == 0.03


@pytest.mark.parametrize(
    ("request_line", "mutates", "is_loaded"),
    [("GET /a?b=c", False, True), ("HEAD /", False, True), ("POST /", False, False), ("DELETE /", True, True)],
)
def test_what_changes_data_is_loaded_only_when_it_says_so(request_line, mutates, is_loaded):
    endpoint = Endpoint(request=request_line, mutates=mutates)
    assert endpoint.is_loaded == is_loaded
    assert f"{endpoint.method} {endpoint.path}" == request_line


def test_a_single_value_stands_for_a_list_of_one():
    assert FULL.preview.url == ["${PREVIEW_URL}"]
    assert FULL.endpoints["checkout"].expect.status == [201]
    assert FULL.endpoints["health"].request == "GET /api/health/"


def test_the_defaults_are_cautious():
    policy = SMALLEST.policy
    assert (policy.objectives, policy.on_global_suspect, policy.max_rate_rps) == ("block", "block", 50)
    assert SMALLEST.endpoints["home"].gate
    assert not SMALLEST.endpoints["home"].mutates
    assert SMALLEST.preview.hosts == []


def test_a_suite_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        SMALLEST.name = "other"  # type: ignore[misc]


def test_parts_that_do_not_fit_are_refused_however_the_suite_is_made():
    with pytest.raises(ValidationError) as caught:
        Suite.model_validate({"endpoints": {"a": {"request": "GET /{b}", "class": "c"}}})
    error = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(error, MisplacedError)
    assert [misfit.location for misfit in error.misfits] == [("endpoints", "a", "class"), ("endpoints", "a", "request")]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("p59", "p95"),
        ("P95", "p95"),
        ("meen", "mean"),
        ("eror_rate", "error_rate"),
        ("colour", None),
        ("", None),
    ],
)
def test_the_name_that_was_meant(name, meant):
    assert nearest(name, ["mean", "p50", "p90", "p95", "p99", "max", "error_rate", "rate", "bytes"]) == meant


def test_names_that_are_nothing_alike_are_listed_but_not_without_end():
    assert cure("x", ["b", "a"]) == "there are: a, b"
    assert cure("x", []) == "there is none"
    assert cure("zzz", [f"a{number:02}" for number in range(50)]).endswith(", a23 and 26 more")
