"""The suites of the examples, run as they are or cut down to what one question needs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from gate.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Suite = dict[str, Any]


@dataclass(frozen=True)
class Checked:
    """What `gate check` left behind."""

    code: int
    out: Path
    verdict: Mapping[str, Any]
    report: str

    @property
    def reasons(self) -> Sequence[Mapping[str, Any]]:
        return self.verdict["reasons"]

    @property
    def recommended(self) -> set[str]:
        return {each["rule"] for each in self.verdict["assessment"]["recommendations"]}

    def row(self, row_id: str) -> Mapping[str, Any]:
        return next(row for row in self.verdict["rows"] if row["id"] == f"{self.verdict['suite']}/{row_id}")

    def section(self, title: str) -> list[str]:
        """The lines of a section of the long report."""
        return self.report.partition(f"## {title}\n")[2].partition("\n## ")[0].strip().splitlines()


def read(folder: Path, file: str = "gate.yml") -> Suite:
    """A suite of an example, as it is written."""
    return yaml.safe_load((folder / file).read_text())


def cut(suite: Suite, endpoints: Sequence[str], scenarios: Mapping[str, Any], rate: str, budget_s: int) -> Suite:
    """Only these endpoints and scenarios, and of telemetry the objectives on them; probes stay, as far as they can."""

    def is_kept(objective: Mapping[str, Any]) -> bool:
        series, _, endpoint = objective["of"].partition(".")
        of_other = series in ("queries", "query_time") and endpoint and endpoint not in endpoints
        return not of_other and objective.get("scenario") in (None, *scenarios)

    def of_kept(probe: Mapping[str, Any]) -> dict[str, Any] | None:
        """A tally is of the endpoints that are left."""
        if "tally" not in probe:
            return dict(probe)
        of = [name for name in probe["tally"]["of"] if name in endpoints]
        return {**probe, "tally": {**probe["tally"], "of": of}} if of else None

    around = () if scenarios else ("rest",)
    telemetry = {key: value for key, value in suite["telemetry"].items() if key not in around}
    sockets = suite.get("sockets", {})
    mixed = {name for scenario in scenarios.values() for name in scenario["mix"]}
    whole = {key: value for key, value in suite.items() if key != "forecast"}  # it is of scenarios
    return whole | {
        "sockets": {name: socket for name, socket in sockets.items() if name in mixed},
        "endpoints": {name: suite["endpoints"][name] | {"rate": rate} for name in endpoints},
        "probes": [kept for kept in map(of_kept, suite["probes"]) if kept is not None],
        "scenarios": dict(scenarios),
        "profiles": {},
        "telemetry": telemetry | {"objectives": [each for each in telemetry["objectives"] if is_kept(each)]},
        "policy": suite["policy"] | {"max_rate": "250/s", "budget": {"time": f"{budget_s}s"}},
    }


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """So that this Python runs the example, and nothing else sets it up."""
    own = ("LEARNING_", "WAREHOUSE_", "CONSOLE_", "MARKETPLACE_", "GATE_", "ACTIONS_", "GITHUB_TOKEN")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    kept["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"]))
    with patch.dict(os.environ, {**kept, **values}, clear=True):
        yield


def prepared(example: Path, copy: Path, suite: Suite) -> list[str]:
    """A copy of an example with another suite; the arguments with which it is checked."""
    shutil.copytree(example, copy, ignore=shutil.ignore_patterns("data", "*.sqlite3*", "__pycache__"))
    (copy / "gate.yml").write_text(yaml.safe_dump(suite, sort_keys=False))
    (copy / "baselines").mkdir()
    return [f"--suite={copy / 'gate.yml'}", f"--baselines={copy / 'baselines'}", f"--out={copy / 'out'}"]


def check(example: Path, copy: Path, suite: Suite, values: Mapping[str, str]) -> Checked:
    """`gate check` of a copy of an example, which the gate starts itself, with another suite."""
    given = prepared(example, copy, suite)
    with environment(values):
        code = main(["check", *given])
    out = copy / "out"
    return Checked(code, out, json.loads((out / "verdict.json").read_text()), (out / "report.md").read_text())
