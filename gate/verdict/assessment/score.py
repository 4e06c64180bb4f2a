"""The score, with its arithmetic: exact fractions, cut and never rounded up. It decides nothing. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import get_args

from gate.config import score as config
from gate.config.score import Part
from gate.verdict import assessed
from gate.verdict.assessed import ScorePart
from gate.verdict.assessment.kinds import Came, came_to, category_of, kind_of, part_by_kind
from gate.verdict.values import Row

PARTS: tuple[Part, ...] = get_args(Part)


def score(settings: config.Score, rows: Sequence[Row], scenarios: Collection[str]) -> assessed.Score | None:
    """Points of 100 over all parts that were judged, and the share of the weight that is behind them.

    Every objective, probe and limit of telemetry counts once, advisory ones too. Comparisons with main do not: they say
    whether something got worse, not whether it is good. What was not measured, or not well enough to tell, lowers the
    coverage; so does a part without any check.

    Returns
    -------
    Score or None
        None where there is no check at all.
    """
    checks = [row for row in rows if kind_of(row) != "change"]
    if not checks:
        return None
    found = Counter((part_of(settings, row, scenarios), came_to(row)) for row in checks)
    weights = settings.weights.of_parts()
    parts = [_part(name, weights[name], found) for name in PARTS]
    judged = [part for part in parts if part.points is not None and part.weight > 0]
    return assessed.Score(
        parts=parts, points=_points(judged), coverage_ratio=_coverage(parts), arithmetic=_arithmetic(parts, judged)
    )


def part_of(settings: config.Score, row: Row, scenarios: Collection[str]) -> Part:
    """The part a row counts in: what the suite says of its category, the category if it is a part, else its kind's."""
    category = category_of(row, scenarios)
    named = next((part for part in PARTS if part == category), None)
    return settings.parts.get(category) or named or part_by_kind(row, scenarios)


def _part(name: Part, weight: float, found: Counter[tuple[Part, Came]]) -> ScorePart:
    passed, judged = found[name, "passed"], found[name, "passed"] + found[name, "failed"]
    return ScorePart(
        part=name,
        weight=weight,
        passed=passed,
        judged=judged,
        unmeasured=found[name, "unmeasured"],
        points=_cut(Fraction(100 * passed, judged), 10) if judged else None,
    )


def _points(judged: Sequence[ScorePart]) -> float | None:
    weights = [_exact(part.weight) for part in judged]
    if not weights:
        return None
    weighted = (w * _exact(part.points or 0.0) for w, part in zip(weights, judged, strict=True))
    return _cut(sum(weighted, Fraction(0)) / sum(weights, Fraction(0)), 10)


def _coverage(parts: Sequence[ScorePart]) -> float:
    whole = sum((_exact(part.weight) for part in parts), Fraction(0))
    measured = (
        _exact(part.weight) * Fraction(part.judged, part.judged + part.unmeasured) for part in parts if part.judged
    )
    return _cut(sum(measured, Fraction(0)) / whole, 100)


def _arithmetic(parts: Sequence[ScorePart], judged: Sequence[ScorePart]) -> str:
    each = [f"{p.part} 100 × {p.passed} / {p.judged} = {p.points:g}" for p in parts if p.points is not None]
    unjudged = [f"{part.part} not measured" for part in parts if part.points is None]
    points = _points(judged)
    if points is None:
        return "; ".join([*each, *unjudged, "no part with a weight was measured, so there are no points"])
    terms = " + ".join(f"{part.weight:g} × {part.points:g}" for part in judged)
    weights = " + ".join(f"{part.weight:g}" for part in judged)
    return "; ".join([*each, *unjudged, f"({terms}) / ({weights}) = {points:g}, cut to one decimal"])


def _exact(number: float) -> Fraction:
    """As it is written: 0.1 is a tenth here, which no float is."""
    return Fraction(str(number))


def _cut(number: Fraction, steps: int) -> float:
    """The next lower multiple of ``1 / steps``."""
    return math.floor(number * steps) / steps
