"""Results of studies: rows of figures in one JSON form, and a Markdown table made from the same file."""

from __future__ import annotations

import datetime as dt
import json
import operator
import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "==": operator.eq, "<": operator.lt, ">": operator.gt}


@dataclass
class Figure:
    """One measured figure."""

    figure: str
    value: float
    unit: str
    goal: str | None
    """Comparison such as ``<= 0.3``; None for a row that only informs."""
    n: int
    interval: tuple[float, float] | None
    command: str
    id: str | None = None
    peers: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        sign, limit = self.goal.split()
        return bool(_COMPARISONS[sign](self.value, float(limit)))


def publish(study: str, figures: list[Figure]) -> bool:
    """Write a study's results, show them, and say whether every goal is met."""
    return _publish(study, figures, [])


def publish_part(study: str, figures: list[Figure]) -> bool:
    """The same of a study in several parts: rows that other commands made stay as they are."""
    place, commands = RESULTS / f"{study}.json", {figure.command for figure in figures}
    before = json.loads(place.read_text(encoding="utf-8")) if place.exists() else []
    return _publish(study, figures, [row for row in before if row["command"] not in commands])


def _publish(study: str, figures: list[Figure], kept: list[dict[str, object]]) -> bool:
    common = {"commit": commit(), "date": dt.datetime.now(dt.UTC).date().isoformat(), "machine": _machine()}
    made = [asdict(figure) | {"met": figure.met} | common for figure in figures]
    rows = [*kept, *made]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{study}.json").write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (RESULTS / f"{study}.md").write_text(table(rows), encoding="utf-8")
    print(table(rows))
    return all(figure.met is not False for figure in figures)


def table(rows: list[dict[str, object]]) -> str:
    """Results as Markdown."""
    lines = ["| figure | value | goal | met | n | interval | command |", "|---|---:|---|---|---:|---|---|"]
    for row in rows:
        met = {True: "yes", False: "**no**", None: ""}[row["met"]]  # type: ignore[index]
        interval = "" if row["interval"] is None else " to ".join(f"{x:g}" for x in row["interval"])  # type: ignore[attr-defined]
        lines.append(
            f"| {row['figure']} | {row['value']:.3g} {row['unit']} | {row['goal'] or ''} | {met} | {row['n']} |"
            f" {interval} | `{row['command']}` |"
        )
    when: dict[object, dict[str, None]] = {}
    for row in rows:
        when.setdefault(row["machine"], {})[f"{row['date']} at commit {row['commit']}"] = None
    measured = "; ".join(f"{', '.join(each)} on {machine}" for machine, each in when.items())
    return "\n".join([*lines, "", f"Measured {measured}."]) + "\n"


def commit() -> str:
    """The last one of the tree that runs, short."""
    done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "uncommitted"


def _machine() -> str:
    return (
        f"{os.cpu_count()} shared cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    )
