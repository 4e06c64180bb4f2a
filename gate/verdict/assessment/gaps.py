"""What was not measured, or not enough to tell: always said, so that silence never passes for a good sign. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.verdict.assessed import Assessment, Gap
from gate.verdict.assessment.advice import each_once, some
from gate.verdict.assessment.grounds import Grounds, ids
from gate.verdict.assessment.kinds import kind_of, label
from gate.verdict.loaded import Bottleneck
from gate.verdict.values import Outcome

_ROWS: tuple[tuple[Outcome, str], ...] = (
    ("not_measured", "nothing usable was measured"),
    ("inconclusive", "too little was measured to decide"),
    ("no_baseline", "there is nothing on main to compare with"),
)


def gaps(grounds: Grounds) -> Iterator[Gap]:
    """Rows without a decision, what could not be read, and whole kinds of figures that are missing."""
    for outcome, words in _ROWS:
        found = [row for row in grounds.rows if row.outcome == outcome and kind_of(row) != "probe"]
        if found:
            yield Gap(message=f"{words}: {some(each_once(map(label, found)))}", rows=ids(found))
    yield from unread(grounds.assessment)
    yield from _untold(grounds.assessment)
    yield from (Gap(message=message) for message in _absent(grounds))


def unread(figures: Assessment) -> Iterator[Gap]:
    """What was asked for and could not be had, each with its reason."""
    late = [f"{each.endpoint} {each.left_out}" for each in figures.endpoints if each.left_out]
    if late:
        yield Gap(message=f"blocks that the load generator was late in, left out of every figure: {some(late)}")
    for scenario in figures.scenarios:
        if scenario.not_reached:
            yield Gap(message=f"scenario {scenario.scenario} was not reached: {scenario.not_reached}")
    for probe in figures.probes:
        if probe.outcome == "not_measured":
            yield Gap(message=f"{probe.name}: {probe.seen}", rows=probe.rows)
    for source, reason in sorted(figures.watch.unread.items()) if figures.watch is not None else ():
        yield Gap(message=f"{source} could not be read: {reason}")
    if figures.spent is not None and figures.spent.unread:
        yield Gap(message=f"where the {figures.spent.of} went: {figures.spent.unread}")
    for line in figures.about:
        if line.value is None:
            yield Gap(message=f"environment: {line.name} could not be read")


def _unsaturated(found: Sequence[Bottleneck]) -> Iterator[str]:
    """Why curves do not tell where the system ends."""
    below = [each.scenario for each in found if each.saturated is False and not each.held_back]
    held = [each.scenario for each in found if each.saturated is False and each.held_back]
    others = [each.scenario for each in found if each.saturated is None]
    if below:
        yield f"{some(below)} did not saturate"
    if held:
        yield f"answers of {some(held)} waited, but its loads do not show at which throughput it ends"
    if others:
        yield f"{some(others)} had no level with half of the highest throughput or less, to tell an answer without load"


def _untold(figures: Assessment) -> Iterator[Gap]:
    """What was measured of too little, or beside nothing that tells why."""
    for forecast in figures.forecasts:
        if forecast.state == "not measured":
            of = f", {forecast.statistic} of {forecast.endpoint}" if forecast.endpoint else ""
            yield Gap(message=f"forecast of {forecast.name}{of}: {forecast.why}")
    for beside in figures.contrasts:
        if beside.difference_s is None:
            yield Gap(message=f"{beside.endpoint} beside {beside.against}: rounds with blocks of both, {beside.pairs}")
    for search in figures.breakings:
        if search.breaks_at is None and search.unmade:
            yield Gap(message=f"where {search.scenario} breaks: {search.unmade}")
        if search.breaks_at is not None and not search.watched:
            yield Gap(message=f"which resource was full where {search.scenario} breaks: none was watched with its size")


def _absent(grounds: Grounds) -> Iterator[str]:
    """Kinds of figures that nobody asked for, or that the load did not show."""
    figures, score = grounds.assessment, grounds.assessment.score
    if not figures.probes:
        yield "functional checks: the suite has no probes"
    if not figures.scenarios:
        yield "behaviour under load: the suite has no scenarios"
    if figures.watch is None:
        yield "the server side: no telemetry was read, so nothing is known of memory, pools and the database"
    if not any(said.queries_n for said in grounds.details.served):
        yield "queries: no answer told how many it made"
    if figures.bottlenecks and not any(each.served_at_once for each in figures.bottlenecks):
        yield f"how many requests are served at once: {'; '.join(_unsaturated(figures.bottlenecks))}"
    elif not figures.bottlenecks:
        yield "capacity: there is no search for it, and no mix at several loads"
    if score is not None:
        for part in score.parts:
            if part.weight > 0 and not part.judged:
                yield f"{part.part}: no check of it came to a result"
