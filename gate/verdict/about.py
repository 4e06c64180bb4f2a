"""The table of the environment, from runs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gate.config.suite import Suite
from gate.record.run import Run
from gate.verdict.assessed import AboutLine


def about_lines(suite: Suite, candidates: Sequence[Run]) -> list[AboutLine]:
    """Lines in the order of the suite; a value that two deployments tell differently is told as both."""
    lines = []
    for name, line in suite.about.items():
        records = [run.about[name] for run in candidates if name in run.about]
        values = list(dict.fromkeys(record.value for record in records if record.value is not None))
        lines.append(AboutLine(name=name, value=" / ".join(values) or None, is_declared=line.value is not None))
    return lines
