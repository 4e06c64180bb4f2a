"""Figures of runs that nothing may be judged by: cut short, or measured by a generator that did not keep up. Pure.

What was measured is told, and everything that was not is named. There are no conclusions: no score, risks, advice, no
place where the system ends, for each of them would claim something of the preview.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.config.suite import Suite
from gate.record.run import Run
from gate.units import format_count, format_duration
from gate.verdict.about import about_lines
from gate.verdict.assessed import Assessment, Gap
from gate.verdict.assessment.bands import bands
from gate.verdict.assessment.figures import endpoint_figures, probe_figures, scenario_figures
from gate.verdict.assessment.gaps import unread
from gate.verdict.assessment.watch import renamed_in, resource_use, telemetry_of, watch
from gate.verdict.figured import ScenarioFigures


def unjudged(suite: Suite, runs: Sequence[Run], why: str) -> Assessment:
    """What was measured by the time it ended, and what was not.

    Parameters
    ----------
    runs : sequence of Run
        The candidate's, sound or not; without any the assessment is empty.
    why : str
        Nothing of it is judged.
    """
    if not runs:
        return Assessment()
    telemetry = telemetry_of(runs)
    figures = Assessment(
        about=about_lines(suite, runs),
        endpoints=[each for each in endpoint_figures(suite, runs) if each.sent],
        scenarios=list(scenario_figures(suite, runs, (), {})),
        bands=list(bands(suite, runs)),
        probes=list(probe_figures(suite, runs, ())),
        watch=watch(telemetry, renamed_in(suite)) if telemetry is not None else None,
        resources=list(resource_use(telemetry)) if telemetry is not None else [],
    )
    if not (figures.endpoints or figures.scenarios or figures.probes):
        return Assessment()
    return figures.model_copy(update={"gaps": list(_gaps(suite, figures, why))})


def _gaps(suite: Suite, figures: Assessment, why: str) -> Iterator[Gap]:
    yield Gap(message=f"nothing is judged by these figures, not one limit: {why}")
    slowed = [f"{each.endpoint} {each.throttled} of {each.sent}" for each in figures.endpoints if each.throttled]
    if slowed:
        yield Gap(message=f"requests that were told to slow down (429, or 503 with Retry-After): {', '.join(slowed)}")
    for scenario in figures.scenarios:
        if scenario.cut_short:
            yield Gap(message=_cut_short(suite, scenario))
        if scenario.dropped:
            all_of = format_count(scenario.sent + scenario.dropped, "request")
            yield Gap(
                message=f"scenario {scenario.scenario}: {scenario.dropped:,} of {all_of} fell due and could not be sent"
            )
    wanted = (
        ("endpoint", suite.endpoints, {each.endpoint for each in figures.endpoints}),
        ("scenario", suite.scenarios, {each.scenario for each in figures.scenarios}),
        ("probe", [probe.name for probe in suite.probes], {each.name for each in figures.probes}),
    )
    for kind, names, seen in wanted:
        yield from (Gap(message=f"{kind} {name}: not begun") for name in names if name not in seen)
    yield from unread(figures)


def _cut_short(suite: Suite, scenario: ScenarioFigures) -> str:
    """After how long of how long, and why; a search, and a count, have no length."""
    whole_s = None if scenario.executor == "find" else suite.scenarios[scenario.scenario].load.for_s
    of = f" of {format_duration(whole_s)}" if whole_s is not None else ""
    after = f" after {format_duration(scenario.elapsed_s)}{of}" if scenario.elapsed_s is not None else ""
    return f"scenario {scenario.scenario} was cut short{after}: {scenario.cut_short}"
