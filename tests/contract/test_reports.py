"""The committed reports come from the runs beside them, and have every line that docs/reports/README.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bench.reports.catalogue import REPORTS, reports, section_of
from bench.reports.making import render

ALL = {report.name: report for report in reports()}
PENDING: set[str] = set()
"""Measured before runs were kept: `python -m bench.reports NAME` gives them theirs, and takes them from here."""

NOTHING_JUDGED = {"deploy-console-throttled"}


def test_every_report_has_a_place_in_the_readme_and_a_run_beside_it():
    there = {path.stem for path in REPORTS.glob("*.md")} - {"README"}
    assert there == ALL.keys()
    assert {path.name.removesuffix(".run.json.gz") for path in REPORTS.glob("*.run.json.gz")} == ALL.keys() - PENDING


@pytest.mark.parametrize("name", sorted(ALL.keys() - PENDING))
def test_the_run_beside_a_report_gives_the_same_bytes(name):
    report = ALL[name]
    made = render(report)
    assert made.report.encode() == report.file.read_bytes(), f"see `python -m bench.reports --again {name}`"


@pytest.mark.parametrize(
    ("report", "claim"),
    [
        pytest.param(report, claim, id=f"{report.name}: {claim.claimed}")
        for report in ALL.values()
        for claim in report.claims
    ],
)
def test_a_claimed_line_is_where_the_table_says(report, claim):
    assert claim.is_in(report.file.read_text())


@pytest.mark.parametrize("name", sorted(ALL.keys() - NOTHING_JUDGED))
def test_whatever_the_suite_asks_for_has_a_line(name):
    report = ALL[name]
    suite, text = yaml.safe_load(report.suite.read_text()), report.file.read_text()
    profile = re.search(r"<sub>suite [^,]+, profile (\w+)", text)
    chosen = suite["profiles"][profile[1]].get("scenarios") if profile else None
    scenarios = {name: suite["scenarios"][name] for name in chosen or suite["scenarios"]}
    ran = {None, *scenarios}
    asked = [
        *(("Endpoints", endpoint) for endpoint in suite["endpoints"]),
        *(("Concurrency and scenarios", name) for name, each in scenarios.items() if "find" not in each["load"]),
        *(("Environment", line) for line in suite["about"]),
        *(("Stability", each["of"]) for each in suite["telemetry"]["objectives"] if each.get("scenario") in ran),
    ]
    for section, what in asked:
        assert f"| {what} |".replace("_", r"\_") in section_of(text, section)
    told = section_of(text, "Probes")
    assert [probe["name"] for probe in suite["probes"] if f"| {probe['name']} |" not in told] == []


def test_small_sizes_are_of_the_same_suites():
    for report in ALL.values():
        assert "ci" in yaml.safe_load(report.suite.read_text())["profiles"], report.name
        assert Path(report.suite).is_relative_to(REPORTS.parents[1] / "examples")


def test_all_systems_are_scored_by_one_table_of_weights():
    weights = {report.name: yaml.safe_load(report.suite.read_text())["score"]["weights"] for report in ALL.values()}
    assert len({tuple(sorted(each.items())) for each in weights.values()}) == 1, weights


def test_profiles_that_are_still_to_come_are_those_of_the_suite():
    for section in (REPORTS / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]:
        name, _, text = section.partition("\n")
        named = [re.findall(r"`(\w+)`", line) for line in text.splitlines() if line.startswith("Its profiles ")]
        profiles = yaml.safe_load(ALL[name].suite.read_text())["profiles"]
        assert {profile for each in named for profile in each} <= profiles.keys(), name
