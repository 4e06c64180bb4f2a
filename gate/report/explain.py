"""One row of a verdict, told so that the decision can be done again by hand. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gate.report.amounts import amount, bounded, change, detectable, objective
from gate.units import format_ratio
from gate.verdict.flips import Flip, flip_of
from gate.verdict.limits import OF_OPENING
from gate.verdict.telemetry_rows import PREFIX
from gate.verdict.values import Counts, Probed, Row, Trail, Verdict

_UNITS = {"mean": "blocks", "lost_connections": "connections", "degradation": "periods"} | dict.fromkeys(
    OF_OPENING, "connections"
)
"""What is counted, by statistic; of all others requests."""
_STANDINGS = {
    "cleared": "it left early: one of the looks found no suspicion left, so nothing more was measured of it",
    "open": "it is suspected still, but was not measured to the end: judged by the hardest of its limits",
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
_OF_ERRORS = {
    "unchanged": "no more of them than before, by half a point or more",
    "regressed": "more of them, by half a point or more, and the test rules out chance; or what worked fails",
    "inconclusive": "more of them, by half a point or more, which may be chance",
    "not_measured": "most requests failed, and nothing tells that they would not have failed before",
}
_OF_SIZES = {
    "unchanged": "answers are not less than half the size they were",
    "regressed": "answers are less than half the size they were",
}
_OF_PROBES = {
    "met": "passed: everything that was asked for was seen",
    "missed": "failed: what was seen is not what is expected",
    "not_measured": "not measured: nothing is known of it",
}
_OF_OBJECTIVES = {"inconclusive": "neither shown to be missed nor shown to be met"}


def explained(verdict: Verdict, row: Row) -> str:
    """The whole trail of a row in words and figures."""
    return "\n".join(_lines(verdict, row)) + "\n"


def _lines(verdict: Verdict, row: Row) -> Iterator[str]:
    yield f"{row.id}: {row.outcome}"
    if row.probed is not None:
        yield from _probe(row, row.probed)
        return
    own = _OF_OBJECTIVES if row.limit is not None else {"errors": _OF_ERRORS, "body": _OF_SIZES}.get(row.metric, {})
    yield f"  {(_OUTCOMES | own)[row.outcome]}"
    yield ""
    if row.limit is not None:
        yield f"  objective    {objective(row)}"
        yield f"  measured     {bounded(row)}" + (", one-sided 95 % bounds" if row.lo is not None else "")
    else:
        yield f"  baseline     {amount(row.baseline, row.unit)}"
        yield f"  candidate    {amount(row.candidate, row.unit)}"
    if row.change is not None:
        yield f"  change       {change(row)}, 90 % interval"
    if row.detectable is not None:
        yield f"  detectable   {detectable(row)}: the smallest that would have been caught four times in five"
    if row.trail is not None:
        yield from _trail(verdict, row, row.trail)
    yield f"  blocks       {_blocks(row)}"
    for notice in row.notices:
        yield f"  - {notice.message}" + (f"; {notice.cure}" if notice.cure else "")


def _probe(row: Row, probed: Probed) -> Iterator[str]:
    yield f"  {_OF_PROBES.get(row.outcome, row.outcome)}"
    yield ""
    yield f"  expected     {probed.expected}"
    yield f"  seen         {probed.seen}"
    if probed.n:
        yield f"  requests     {probed.n:,}, {probed.n_passed:,} of them as expected"
    if probed.growth is not None:
        for point in probed.growth.points:
            values = ", ".join(amount(value, row.unit) for value in point.values)
            yield f"  {point.items:<12,} items: {values}"
    if probed.tally is not None:
        yield f"  count        {probed.tally.before:,} before the load, {probed.tally.after:,} after it"
    yield f"  blocks       {_blocks(row)}"


def _trail(verdict: Verdict, row: Row, trail: Trail) -> Iterator[str]:
    yield f"  test         {trail.test}"
    yield f"  data         {_data(row, trail)}"
    yield from _counts(row, trail)
    if trail.design is not None:
        yield f"  design       {trail.design}"
    if trail.standing is not None:
        yield f"  looks        {_STANDINGS[trail.standing]}"
    if trail.effect is not None and trail.se is not None:
        parts = ", ".join(f"{name} {part:.4g}" for name, part in trail.se_parts.items())
        yield f"  effect       {trail.effect:+.4g} (natural log), standard error {trail.se:.4g} ({parts})"
    elif trail.se is not None:
        yield f"  error        {amount(trail.se, row.unit)} standard error"
    if trail.df is not None:
        yield f"  freedom      {trail.df:.3g} degrees"
    if trail.margin is not None:
        yield f"  margin       {format_ratio(trail.margin)}, to be ruled out"
    if trail.score is not None and trail.limit is not None:
        yield f"  score        {trail.score:.3f}; {_limit_does(trail)} from {trail.limit:.3f}"
    if row.limit is not None and trail.p_limit is None:
        what = "decided by its bounds" if row.lo is not None and row.metric.startswith(PREFIX) else "seen or not seen"
        yield f"  p            none: {what if trail.n else 'nothing to test'}"
    else:
        adjusted = f"{trail.p_adjusted:.3g} over all rows"
        yield f"  p            {trail.p:.3g} alone, {adjusted}; the promise is {trail.level:g}"
    yield from _family(row, trail)
    yield f"  way          {verdict.way}" + (f", {len(verdict.baselines)} stored runs" if verdict.baselines else "")


def _limit_does(trail: Trail) -> str:
    """One run that only suspects has a limit too, and it blocks nobody."""
    only_suspects = (trail.design or "").startswith("stored confirm") and trail.standing != "judged"
    return "suspected" if only_suspects else "blocks"


def _data(row: Row, trail: Trail) -> str:
    what = _UNITS.get(row.metric.removeprefix("limit:"), "requests") if _is_of_requests(row) else "units of replication"
    if row.metric.startswith(PREFIX):
        what = "readings of the server, or answers that told"
    blocks = f" in {trail.blocks} blocks" if trail.blocks and what != "blocks" else ""
    said = f"{trail.n:,} {what}{blocks}"
    if not trail.design_effect:
        return said
    if not _is_of_requests(row):
        return f"{said}, of which {trail.design_effect:.3g} are worth one independent"
    name = "dispersion of errors" if row.metric in ("errors", "limit:error_rate") else "design effect"
    return (
        f"{said}; {name} {trail.design_effect:.3g}, so they count as {trail.n / trail.design_effect:,.0f} independent"
    )


def _is_of_requests(row: Row) -> bool:
    return row.limit is not None or row.metric == "errors"


def _counts(row: Row, trail: Trail) -> Iterator[str]:
    new, old = trail.counts.get("candidate"), trail.counts.get("baseline")
    if new is None:
        return
    if old is not None:
        yield f"  failed       {_of(new)} of the candidate, {_of(old) if old.n else 'none known'} of the baseline"
    elif trail.share is not None:
        what = "failed       " if row.metric == "limit:error_rate" else "beyond       "
        yield f"  {what}{_of(new)}; the limit allows {format_ratio(trail.share)}"


def _of(counts: Counts) -> str:
    share = f" ({format_ratio(counts.count / counts.n)})" if counts.n else ""
    return f"{counts.count:,} of {counts.n:,}{share}"


def _family(row: Row, trail: Trail) -> Iterator[str]:
    if trail.family is None or trail.family_share is None or trail.p_limit is None:
        return
    many = f"{trail.family} tests of errors and objectives share" if trail.family > 1 else "this test alone has"
    bad = "missed" if row.limit is not None else "regressed"
    yield (
        f"  family       {many} {format_ratio(trail.family_share)} of the promise, by Holm: {bad} up to"
        f" p {trail.p_limit:.3g} alone"
    )
    flip = flip_of(row)
    if flip is not None:
        yield f"  would flip   {_flip(row, trail, flip)}"


def _flip(row: Row, trail: Trail, flip: Flip) -> str:
    counted, n = bool(trail.counts), f" of {trail.n:,}"

    def at(value: float) -> str:
        return f"{value:,.0f}{n}" if counted else amount(value, row.unit)

    if row.metric == "errors":
        if flip.bad_from is None:
            return "nothing: so few requests could not show a rise, or none beyond half a point"
        return f"regressed from {at(flip.bad_from)} failed, and half a point more than the baseline"
    what = (" failed" if row.metric == "limit:error_rate" else " beyond the limit") if counted else ""
    missed = "never missed" if flip.bad_from is None else f"missed from {at(flip.bad_from)}{what}"
    met = "not to be met with so little data" if flip.met_up_to is None else f"met up to {at(flip.met_up_to)}{what}"
    return f"{missed}; {met}"


def _blocks(row: Row) -> str:
    if row.blocks:
        return "yes"
    return "no" if row.gated else "no, it is not gated"
