"""The figures that the decision has to reach, in simulation: ids D1 to D8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.decision.procedures import Duet, Stored
from bench.decision.table import Case, Cell, Cells, Pattern
from bench.decision.world import Noise
from bench.figures import Figure
from bench.previews import share

LEARNT, LOUD = Noise(), Noise(deployment=(0.03, 0.06))
SAFE = (0.013, 0.026)
"""1 and 2 % as learnt, taken 1.3 times as large."""


@dataclass(frozen=True)
class Goal:
    """One procedure in one world."""

    id: str
    what: str
    procedure: Duet | Stored
    noise: Noise
    powers: dict[tuple[Pattern, float], str | None]
    false: str = "<= 1"
    requests: str | None = None
    again: str | None = None
    endpoints: int = field(default=20)


def _one(ten: str | None, twenty: str | None) -> dict[tuple[Pattern, float], str | None]:
    return {("one", 0.10): ten, ("one", 0.20): twenty}


GOALS = (
    Goal(
        "D1",
        "duet quick, spread 1/2 % learnt",
        Duet("quick 1+1", SAFE),
        LEARNT,
        _one(">= 80", ">= 99") | {("all", 0.10): ">= 99", ("p95", 0.20): ">= 75"},
        requests="<= 23000",
        again="<= 10",
    ),
    Goal(
        "D2",
        "duet thorough, spread 1/2 % learnt",
        Duet("thorough 1+1", SAFE),
        LEARNT,
        _one(">= 90", ">= 99.5") | {("p95", 0.20): ">= 92"},
        requests="<= 45000",
    ),
    *(
        Goal(
            "D3",
            f"duet wide, spread 3/6 %, {pairs}",
            Duet(f"wide {pairs}", (0.03, 0.06)),
            LOUD,
            _one(ten, twenty),
            requests="<= 25000",
        )
        for pairs, ten, twenty in (("1+1", ">= 13", ">= 90"), ("1+2", ">= 25", ">= 92"), ("2+2", ">= 50", ">= 98"))
    ),
    Goal("D4", "duet without fresh deployments, 1/2 %", Duet("quick 1+0", SAFE), LEARNT, _one(None, None)),
    Goal("D4", "duet without fresh deployments, 3/6 %", Duet("wide 1+0", (0.03, 0.06)), LOUD, _one(None, None)),
    *(
        Goal(
            name,
            f"stored, {runs} runs, {design}",
            Stored(design, runs),
            noise,
            _one(ten, twenty),
            again=again,
        )
        for name, runs, design, noise, ten, twenty, again in (
            ("D5", 20, "confirm", LEARNT, ">= 65", ">= 99", "<= 15"),
            ("D5", 20, "confirm_more", LEARNT, ">= 80", ">= 99", "<= 40"),
            ("D6", 5, "confirm", LEARNT, ">= 55", ">= 98", "<= 20"),
            ("D6", 5, "confirm_more", LEARNT, ">= 70", ">= 98", "<= 50"),
        )
    ),
    *(
        Goal(
            "D5",
            f"stored, 20 runs, confirm, runners differ by {sd:.0%}",
            Stored("confirm", 20),
            Noise(runner=sd),
            _one(">= 65", ">= 99"),
            again="<= 15",
        )
        for sd in (0.03, 0.15)
    ),
    *(
        Goal(
            "D5" if runs == 20 else "D6",
            f"stored, {runs} runs, one run decides",
            Stored("one", runs),
            LEARNT,
            _one(None, None),
        )
        for runs in (20, 5)
    ),
    *(
        Goal("D7", f"duet quick, {n} endpoints", Duet("quick 1+1", SAFE), LEARNT, _one(">= 80", ">= 99"), endpoints=n)
        for n in (1, 3, 5, 8)
    ),
    *(
        Goal("D7", f"stored, 20 runs, {n} endpoints", Stored("one", 20), LEARNT, _one(None, None), endpoints=n)
        for n in (5, 8)
    ),
    *(
        Goal("D8", f"duet quick, {what}", Duet("quick 1+1", SAFE), noise, _one(None, None), "<= 1.5")
        for what, noise in (
            ("spread 30 % larger than learnt", Noise(deployment=SAFE)),
            ("t3 instead of t5", Noise(tails=3.0)),
            ("blocks 4 % noisier", Noise(block=0.045)),
        )
    ),
    *(
        Goal(
            "D8",
            f"stored, {runs} runs, confirm, t3 instead of t5",
            Stored("confirm", runs),
            Noise(tails=3.0),
            _one(None, None),
            "<= 1.5",
        )
        for runs in (20, 5)
    ),
    Goal(
        "D8",
        "stored, 20 runs, one run decides, t3 instead of t5",
        Stored("one", 20),
        Noise(tails=3.0),
        _one(None, None),
        "<= 1.5",
    ),
)


def figures(prs: int, seed: int, cells: Cells) -> Iterator[Figure]:
    """Every goal, measured."""
    command = f"python -m bench.decision ours --seed {seed} --prs {prs}"
    for goal in GOALS:
        harmless = cells.get(goal.procedure, goal.noise, Case(goal.endpoints, "none"), 4 * prs, seed)
        yield _figure(goal, "harmless, blocked", harmless.blocked, harmless, goal.false, command)
        yield Figure(
            f"{goal.what}: requests of a harmless pull request",
            round(harmless.requests / harmless.prs),
            "",
            goal.requests,
            harmless.prs,
            None,
            command,
            goal.id,
        )
        again = harmless.redeployed
        yield _figure(goal, "harmless, measured on fresh deployments or runners", again, harmless, goal.again, command)
        for (pattern, slowdown), wanted in goal.powers.items():
            cell = cells.get(goal.procedure, goal.noise, Case(goal.endpoints, pattern, slowdown), prs, seed)
            yield _figure(goal, f"{_WORDS[pattern]} +{slowdown:.0%}, caught", cell.caught, cell, wanted, command)


_WORDS: dict[Pattern, str] = {
    "one": "one endpoint",
    "p95": "only its p95",
    "all": "all",
    "five": "five",
    "none": "none",
}


def _figure(goal: Goal, what: str, count: int, cell: Cell, wanted: str | None, command: str) -> Figure:
    low, high = share(count, cell.prs)
    interval = (round(100 * low, 2), round(100 * high, 2))
    percent = 100 * count / cell.prs
    return Figure(f"{goal.what}: {what}", percent, "%", wanted, cell.prs, interval, command, goal.id)
