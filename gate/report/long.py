"""The long report: everything a performance report claims, section by section, from the verdict alone.

Pure. A section without anything to say is left out, but for the last: what was not measured is always said.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.report import long_bands, long_capacity, long_forecast, long_judged, long_load, long_server, long_sweeps
from gate.report.headline import title, why
from gate.report.long_findings import counts, findings
from gate.report.long_section import Section
from gate.report.long_spent import spent
from gate.report.view import footer
from gate.verdict.values import Verdict


@dataclass(frozen=True)
class LongView:
    """One long report, as text."""

    suite: str
    verdict: str
    why: str
    cures: tuple[str, ...]
    counts: tuple[str, ...]
    """How many of what, in a line each."""
    sections: tuple[Section, ...]
    footer: str


def long_of(verdict: Verdict) -> LongView:
    """Word a verdict at length."""
    sections = (
        findings(verdict),
        long_load.endpoints(verdict),
        long_bands.bands(verdict),
        long_load.scenarios(verdict),
        long_capacity.capacity(verdict),
        long_sweeps.scaling(verdict),
        long_forecast.forecast(verdict),
        long_server.probes(verdict),
        long_server.database(verdict),
        long_server.stability(verdict),
        spent(verdict),
        long_server.environment(verdict),
        long_judged.score(verdict),
        long_judged.checklist(verdict),
        long_judged.risks(verdict),
        long_judged.recommendations(verdict),
        long_judged.not_measured(verdict),
    )
    return LongView(
        suite=verdict.suite,
        verdict=title(verdict),
        why=why(verdict),
        cures=tuple(reason.cure for reason in verdict.reasons if reason.cure),
        counts=counts(verdict),
        sections=tuple(section for section in sections if not section.is_empty),
        footer=footer(verdict),
    )
