"""One suite, one store and one place for reports, as somebody at a terminal has them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gate.cli import main
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.record.run import Run
from tests.builders import store_runs, suite_text, write_runs


@dataclass
class Desk:
    """Files under one folder, and commands on them in this process."""

    folder: Path
    text: str = ""

    def __post_init__(self) -> None:
        self.suite_file, self.baselines, self.out = (
            self.folder / "gate.yml",
            self.folder / "baselines",
            self.folder / "out",
        )
        self.write(self.text or suite_text())
        self.baselines.mkdir()

    def write(self, text: str) -> Suite:
        """Make this the suite."""
        self.text = text
        self.suite_file.write_text(text)
        return self.suite

    @property
    def suite(self) -> Suite:
        return read_suite(self.text.encode(), "gate.yml")

    def store(self, runs: Iterable[Run]) -> None:
        store_runs(self.baselines, runs)

    def run(self, command: str, *options: object) -> int:
        """Exit code of one command."""
        given = [command, *map(str, options)]
        if command not in ("validate", "schema", "report"):
            given += ["--suite", str(self.suite_file)]
        if command in ("check", "refresh", "compare", "calibrate", "plan", "history"):
            given += ["--baselines", str(self.baselines)]
        return main(given if command in ("plan", "history") else [*given, "--out", str(self.out)])

    def compare(self, *runs: Run, options: Iterable[str] = ()) -> int:
        """Exit code of `gate compare` on these runs."""
        return self.run("compare", *write_runs(self.folder / "runs", runs), *options)

    @property
    def verdict(self) -> dict:
        return json.loads((self.out / "verdict.json").read_text())

    @property
    def comment(self) -> str:
        return (self.out / "comment.md").read_text()

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome by row, without the suite's name."""
        return {row["id"].partition("/")[2]: row["outcome"] for row in self.verdict["rows"]}

    def files(self) -> dict[str, bytes]:
        """Everything stored."""
        return {str(path): path.read_bytes() for path in sorted(self.baselines.rglob("*")) if path.is_file()}
