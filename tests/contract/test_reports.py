"""The committed reports have every line that docs/reports/README.md says, and all that their suites ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "docs" / "reports"
_ROW = re.compile(r"^\| (?P<claimed>[^|]+) \| (?P<section>[^|]+) \| `(?P<line>.+)` \|$", re.M)


def claims():
    for part in (REPORTS / "README.md").read_text().split("\n## ")[1:]:
        name, _, rest = part.partition("\n")
        for row in _ROW.finditer(rest):
            line = row["line"].replace(r"\|", "|")
            yield pytest.param(name, row["section"], line, id=f"{name}: {row['claimed']}")


def section_of(name: str, title: str) -> str:
    head, *sections = (REPORTS / f"{name}.md").read_text().split("\n## ")
    if title == "head":
        return head
    return next(text for text in sections if text.partition("\n")[0] == title)


@pytest.mark.parametrize(("name", "section", "line"), list(claims()))
def test_a_claimed_line_is_where_the_table_says(name, section, line):
    # The gate keeps a number and its unit together.
    assert line in section_of(name, section).replace("\u00a0", " ")


@pytest.mark.parametrize("name", ["learning-platform", "warehouse-scans"])
def test_whatever_the_suite_asks_for_has_a_line(name):
    suite = yaml.safe_load((ROOT / "examples" / name / "gate.yml").read_text())
    report = (REPORTS / f"{name}.md").read_text()
    profile = re.search(r"<sub>suite [^,]+, profile (\w+)", report)
    scenarios = suite["profiles"][profile[1]]["scenarios"] if profile else suite["scenarios"]
    asked = [
        *(("Endpoints", endpoint) for endpoint in suite["endpoints"]),
        *(("Concurrency and scenarios", each) for each in scenarios if "find" not in suite["scenarios"][each]["load"]),
        *(("Environment", line) for line in suite["about"]),
        *(("Stability", each["of"]) for each in suite["telemetry"]["objectives"]),
    ]
    for section, what in asked:
        assert f"| {what} |".replace("_", r"\_") in section_of(name, section)
    told = section_of(name, "Probes")
    assert [probe["name"] for probe in suite["probes"] if f"| {probe['name']} |" not in told] == []
