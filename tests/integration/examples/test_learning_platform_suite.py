"""The learning platform's own suite finds each broken variant, by its own reason first."""

from __future__ import annotations

import pytest

from bench.systems.examples import EXAMPLES, Checked, check, cut, environment, read
from gate.cli import main

FOLDER = EXAMPLES / "learning-platform"
SETTINGS = {"LEARNING_PASSWORD": "a-test-password", "LEARNING_SIZE": "1000", "PYTHONDONTWRITEBYTECODE": "1"}
PROBES = [
    "bad-token",
    "no-token",
    "malformed-json",
    "missing-fields",
    "wrong-password",
    "unknown-path",
    "not-an-administrator",
    "cross-origin",
    "compressed",
    "static-files",
    "profile-as-described",
    "constraint-refused-and-nothing-stored",
    "migrations-applied",
    "expected-indexes",
    "chat-needs-a-token",
    "ten-health-requests-at-once",
    "five-logins-at-once",
]
"""Those whose outcome is not a matter of time."""


def variant(copy, name: str) -> Checked:
    """The suite with its probes and the endpoint whose queries are counted."""
    suite = cut(read(FOLDER), ["materials"], {}, "20/s", 10)
    return check(FOLDER, copy, suite, {**SETTINGS, "LEARNING_VARIANT": name})


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return variant(tmp_path_factory.mktemp("learning") / "sound", "")


def test_the_platform_as_it_is_passes_every_probe_that_is_no_matter_of_time(sound):
    for slug in PROBES:
        assert sound.row(f"{slug}/probe")["outcome"] == "met", sound.row(f"{slug}/probe")["probed"]


def test_queries_are_counted_exactly_and_do_not_grow(sound):
    for name in ("materials", "lessons"):
        growth = sound.row(f"queries-of-{name}/queries")["probed"]["growth"]
        assert growth["slope"] == pytest.approx(0, abs=1e-9)
        assert {count for point in growth["points"] for count in point["values"]} == {growth["points"][0]["values"][0]}
    assert sound.row("run/telemetry:queries.materials:max")["outcome"] == "met"
    assert not {"n-plus-one", "error-contract"} & sound.recommended


def test_the_run_file_gives_the_same_report(sound, tmp_path):
    (run,) = sound.out.glob("run-*.json")
    given = [f"--suite={sound.out.parent / 'gate.yml'}", f"--baselines={sound.out.parent / 'baselines'}"]
    with environment(SETTINGS):
        assert main(["compare", str(run), *given, f"--out={tmp_path}"]) == sound.code
    assert (tmp_path / "report.md").read_text() == sound.report


def test_an_n_plus_one_is_the_first_reason(tmp_path):
    found = variant(tmp_path / "n_plus_one", "n_plus_one")
    assert (found.code, found.verdict["verdict"]) == (1, "BLOCKED")
    first = found.reasons[0]
    assert (first["code"], first["rows"][0]) == ("probe-failed", "learning-platform/queries-of-materials/queries")
    assert "N+1" in first["message"]
    # author, category and tags of each of them
    growth = found.row("queries-of-materials/queries")["probed"]["growth"]
    assert growth["slope"] == pytest.approx(3, abs=0.01)
    assert found.row("queries-of-lessons/queries")["outcome"] == "met"
    assert found.row("run/telemetry:queries.materials:max")["outcome"] == "missed"
    assert "N+1" in found.section("Findings, by weight")[0]
    assert "n-plus-one" in found.recommended


def test_a_broken_error_contract_is_the_first_reason(tmp_path):
    found = variant(tmp_path / "error_contract", "error_contract")
    assert (found.code, found.verdict["verdict"]) == (1, "BLOCKED")
    first = found.reasons[0]
    assert (first["code"], first["rows"][0]) == ("probe-failed", "learning-platform/bad-token/probe")
    assert "status 500" in first["message"]
    broken = [f"learning-platform/{name}/probe" for name in ("bad-token", "malformed-json", "missing-fields")]
    assert set(broken) <= set(first["rows"])
    for slug in ("unknown-path", "static-files", "migrations-applied"):
        assert found.row(f"{slug}/probe")["outcome"] == "met"
    assert "bad token" in found.section("Findings, by weight")[0]
    assert "error-contract" in found.recommended
