"""One row of a verdict, told so that the decision can be done again by hand. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gate.report.amounts import amount, bounded, change, detectable, objective
from gate.units import format_ratio
from gate.verdict.values import Row, Trail, Verdict

_STANDINGS = {
    "cleared": "it left early: one of the looks found no suspicion left, so nothing more was measured of it",
    "open": "it is suspected still, but was not measured to the end: judged by the limit of a single look",
    "judged": "it was looked at to the end",
}
_OUTCOMES = {
    "improved": "faster: the test rules out that this is chance, and the change lies beyond the tolerance",
    "unchanged": "unchanged: the whole interval lies within twice the tolerance",
    "regressed": "slower: the test rules out that this is chance, and the change lies beyond tolerance and floor",
    "inconclusive": "neither shown slower nor shown unchanged",
    "no_baseline": "there is nothing comparable to compare with",
    "not_measured": "too little was measured",
    "met": "met with what is known",
    "missed": "missed: the data rule out that it is met",
}


def explained(verdict: Verdict, row: Row) -> str:
    """The whole trail of a row in words and figures."""
    return "\n".join(_lines(verdict, row)) + "\n"


def _lines(verdict: Verdict, row: Row) -> Iterator[str]:
    yield f"{row.id}: {row.outcome}"
    yield f"  {_OUTCOMES[row.outcome]}"
    yield ""
    if row.limit is not None:
        yield f"  objective    {objective(row)}"
        yield f"  measured     {bounded(row)}"
    else:
        yield f"  baseline     {amount(row.baseline, row.unit)}"
        yield f"  candidate    {amount(row.candidate, row.unit)}"
    if row.change is not None:
        yield f"  change       {change(row)}, 90 % interval"
    if row.detectable is not None:
        yield f"  detectable   {detectable(row)}: the smallest that would have been caught four times in five"
    if row.trail is not None:
        yield from _trail(verdict, row.trail)
    yield f"  blocks       {_blocks(row)}"
    for notice in row.notices:
        yield f"  - {notice.message}" + (f"; {notice.cure}" if notice.cure else "")


def _trail(verdict: Verdict, trail: Trail) -> Iterator[str]:
    yield f"  test         {trail.test}"
    yield f"  data         {trail.n} units of replication" + (
        f", of which {trail.design_effect:.3g} are worth one independent" if trail.design_effect else ""
    )
    if trail.design is not None:
        yield f"  design       {trail.design}"
    if trail.standing is not None:
        yield f"  looks        {_STANDINGS[trail.standing]}"
    if trail.effect is not None and trail.se is not None:
        parts = ", ".join(f"{name} {part:.4g}" for name, part in trail.se_parts.items())
        yield f"  effect       {trail.effect:+.4g} (natural log), standard error {trail.se:.4g} ({parts})"
    if trail.df is not None:
        yield f"  freedom      {trail.df:.3g} degrees"
    if trail.margin is not None:
        yield f"  margin       {format_ratio(trail.margin)}, to be ruled out"
    if trail.score is not None and trail.limit is not None:
        yield f"  score        {trail.score:.3f}; blocks from {trail.limit:.3f}"
    yield f"  p            {trail.p:.3g} alone, {trail.p_adjusted:.3g} over all rows; the promise is {trail.level:g}"
    yield f"  way          {verdict.way}" + (f", {len(verdict.baselines)} stored runs" if verdict.baselines else "")


def _blocks(row: Row) -> str:
    if row.blocks:
        return "yes"
    return "no" if row.gated else "no, it is not gated"
