"""The standard table as figures and as Markdown, made from measured cells.

A row is a procedure with a number of endpoints: its false blocks are the figure, what it catches and what it costs
stand beside it. Minutes follow from the requests at the rates that previews are usually loaded with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.decision.table import SLOWDOWNS, Case, Cell, Cells, Pattern, Procedure, standard_cases
from bench.decision.world import Noise
from bench.figures import RESULTS, Figure, publish
from gate.stats.proportion import lower_bound, upper_bound

RATES_RPS = (20, 50, 200)
CONFIDENCE = 0.95
_COSTS = {
    "requests": ",.0f",
    **{f"minutes at {rate}/s": ".1f" for rate in RATES_RPS},
    "remeasured": ".0%",
    "redeployed": ".0%",
    "inconclusive": ".0%",
}
"""Of a harmless pull request, with the form they are shown in."""
_WORDS: dict[Pattern, str] = {"one": "one endpoint", "p95": "p95 only", "five": "five", "all": "all"}


@dataclass(frozen=True)
class Line:
    """A row to be measured."""

    procedure: Procedure
    endpoints: int = 20
    noise: Noise = field(default_factory=Noise)
    where: str = ""
    """What is not as usual there, in words for the table."""
    beside: dict[str, float] = field(default_factory=dict)
    """Known already, such as a published value; printed nowhere, kept in the JSON file."""
    prs_ratio: float = 1.0
    """Share of the usual number of pull requests, for a procedure that is slow to simulate."""


def publish_standard(study: str, lines: list[Line], prs: int, seed: int) -> bool:
    """Measure what is not measured yet, and write ``bench/results/<study>.json`` and ``.md``."""
    RESULTS.mkdir(exist_ok=True)
    cells = Cells(RESULTS / f"{study}.cells.json")
    command = f"python -m bench.decision {study} --seed {seed} --prs {prs}"
    figures = []
    for line in lines:
        count = round(prs * line.prs_ratio)
        cases = standard_cases((line.endpoints,))
        found = {case: cells.get(line.procedure, line.noise, case, count, seed) for case in cases}
        name = f"{line.procedure.name} ({line.where})" if line.where else line.procedure.name
        figures.append(figure(name, line.endpoints, found, command))
        figures[-1].peers |= line.beside
    met = publish(study, figures)
    (RESULTS / f"{study}.md").write_text(markdown(figures, command), encoding="utf-8")
    return met


def figure(name: str, endpoints: int, found: dict[Case, Cell], command: str, goal: str | None = None) -> Figure:
    """False blocks per pull request with their Clopper-Pearson interval, and all else of one row beside them."""
    beside: dict[str, float] = {}
    for case, cell in found.items():
        if case.pattern != "none":
            beside[f"{_WORDS[case.pattern]} +{case.slowdown:.0%}"] = cell.caught / cell.prs
    null = found[Case(endpoints, "none")]
    beside |= {f"minutes at {rate}/s": null.requests / null.prs / rate / 60 for rate in RATES_RPS}
    beside |= {"requests": null.requests / null.prs} | {
        word: getattr(null, word) / null.prs for word in ("remeasured", "redeployed", "inconclusive")
    }
    return Figure(
        figure=f"{name}, {endpoints} endpoint{'s' * (endpoints > 1)}: harmless pull requests blocked",
        value=null.blocked / null.prs,
        unit="of pull requests",
        goal=goal,
        n=null.prs,
        interval=interval(null.blocked, null.prs),
        command=command,
        peers={word: round(value, 4) for word, value in beside.items()},
    )


def interval(count: int, n: int) -> tuple[float, float]:
    """Two-sided Clopper-Pearson interval of a share."""
    one_sided = (1 + CONFIDENCE) / 2
    return round(lower_bound(count, n, one_sided), 4), round(upper_bound(count, n, one_sided), 4)


def markdown(figures: list[Figure], command: str) -> str:
    """One table per pattern of slowness; in percent, of pull requests in which what is slower was blocked."""
    parts = [
        f"`{command}`; n simulated pull requests a cell, an interval of {CONFIDENCE:.0%} beside the false blocks."
        " A power near 50 % is known to 98 / sqrt(n) points, one near 90 % to 59 / sqrt(n).",
        _table(figures, "one"),
    ]
    patterns: tuple[Pattern, ...] = ("p95", "five", "all")
    parts += [_table([f for f in figures if _has(f, pattern)], pattern) for pattern in patterns]
    return "\n\n".join(parts) + "\n"


def _has(figure: Figure, pattern: Pattern) -> bool:
    return any(word.startswith(f"{_WORDS[pattern]} +") for word in figure.peers)


def _table(figures: list[Figure], pattern: Pattern) -> str:
    """False blocks and cost stand in the first table only, that of one endpoint."""
    sizes = [f"{_WORDS[pattern]} +{size:.0%}" for size in SLOWDOWNS]
    first = pattern == "one"
    heads = ["rule", *(["n", "false blocks", "interval"] if first else []), *sizes, *(_COSTS if first else [])]
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for row in figures:
        low, high = row.interval or (0.0, 1.0)
        cells = [row.figure.removesuffix(": harmless pull requests blocked")]
        cells += [f"{row.n:,}", f"{row.value:.1%}", f"{low:.1%} to {high:.1%}"] if first else []
        cells += [f"{row.peers[size]:.0%}" for size in sizes]
        cells += [f"{row.peers[word]:{form}}" for word, form in _COSTS.items()] if first else []
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
