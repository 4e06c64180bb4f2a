"""The assessment of a verdict: figures from runs, then conclusions from figures and rows. Pure; it decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from gate.config.suite import Suite
from gate.record.run import Run
from gate.verdict.about import about_lines
from gate.verdict.assessed import Assessment
from gate.verdict.assessment.bands import bands
from gate.verdict.assessment.bottleneck import bottlenecks
from gate.verdict.assessment.breaking import breakings, searched_windows
from gate.verdict.assessment.checklist import checklist
from gate.verdict.assessment.contrasts import contrasts
from gate.verdict.assessment.curves import curves
from gate.verdict.assessment.figures import endpoint_figures, probe_figures, scenario_figures
from gate.verdict.assessment.forecasts import forecasts
from gate.verdict.assessment.gaps import gaps
from gate.verdict.assessment.grounds import Grounds
from gate.verdict.assessment.headroom import headroom
from gate.verdict.assessment.recommendations import recommendations
from gate.verdict.assessment.risks import risks
from gate.verdict.assessment.score import score
from gate.verdict.assessment.sweeps import sweeps
from gate.verdict.assessment.tallies import tallied
from gate.verdict.assessment.watch import renamed_in, resource_use, telemetry_of, watch
from gate.verdict.details import Details
from gate.verdict.values import Row, Way


def assess(suite: Suite, runs: Sequence[Run], rows: Sequence[Row], details: Details, way: Way) -> Assessment:
    """Everything that a report claims beyond its rows.

    Parameters
    ----------
    runs : sequence of Run
        The candidate's, each sound and complete.
    rows : sequence of Row
        As they are judged.
    """
    figures = _figures(suite, runs, rows)
    grounds = Grounds(tuple(rows), details, figures, way)
    scored = score(suite.score, rows, grounds.scenario_names)
    grounds = Grounds(tuple(rows), details, figures.model_copy(update={"score": scored}), way)
    return grounds.assessment.model_copy(
        update={
            "recommendations": list(recommendations(grounds)),
            "risks": list(risks(grounds)),
            "checklist": list(checklist(grounds)),
            "gaps": list(gaps(grounds)),
        }
    )


def _figures(suite: Suite, runs: Sequence[Run], rows: Sequence[Row]) -> Assessment:
    scenarios = list(scenario_figures(suite, runs, rows, _targets_rps(suite)))
    telemetry = telemetry_of(runs)
    uses = list(resource_use(telemetry)) if telemetry is not None else []
    levels = searched_windows(suite, runs)
    resources = [use for use in uses if use.window not in levels]
    return Assessment(
        about=about_lines(suite, runs),
        endpoints=list(endpoint_figures(suite, runs)),
        scenarios=scenarios,
        bands=list(bands(suite, runs)),
        headroom=list(headroom(suite.name, rows, scenarios)),
        probes=list(probe_figures(suite, runs, rows)),
        watch=watch(telemetry, renamed_in(suite)) if telemetry is not None else None,
        spent=next((run.spent for run in runs if run.spent is not None), None),
        resources=resources,
        bottlenecks=list(bottlenecks(list(curves(suite, runs)), resources)),
        sweeps=list(sweeps(suite, runs)),
        forecasts=list(forecasts(suite, runs)),
        breakings=list(breakings(suite, runs, telemetry, uses)),
        contrasts=list(contrasts(suite, runs)),
        tallied=list(tallied(rows, {scenario.scenario for scenario in scenarios})),
    )


def _targets_rps(suite: Suite) -> dict[str, float]:
    """Rates that scenarios name as targets."""
    return {name: s.target.rate_rps for name, s in suite.scenarios.items() if s.target is not None}
