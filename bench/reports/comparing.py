"""What a report in small size lacks of the committed one, beside what it is said to leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import yaml

from bench.reports.catalogue import Absence, Report, absences
from bench.reports.making import Made, render
from bench.reports.presence import Row, rows_of
from gate.verdict.values import Verdict

_CERTAIN = 7.0
"""Requests that are to be expected of an endpoint in a mix: it then has none once in a thousand runs (Poisson)."""


def lost_claims(report: Report, small: Made) -> list[str]:
    """Claimed lines that a small report has not, but for those that say what came of a measurement."""
    lost = [claim for claim in report.claims if not claim.decides and not claim.is_in(small.report)]
    return [f"{claim.claimed}: no `{claim.line}` in {claim.section}" for claim in lost]


def lost_rows_of(report: Report, small: Made) -> list[str]:
    """Rows of a committed report, made again from its run, that a small one of its system has not, and need have.

    Raises
    ------
    NotMade
        If the committed report has no run.
    """
    rows = lost_rows(report, render(report).verdict, small.verdict, _shares(report), absences())
    return [str(row) for row in rows]


def lost_rows(
    report: Report,
    committed: Verdict,
    small: Verdict,
    shares: Mapping[str, Mapping[str, float]],
    left_out: Sequence[Absence],
) -> list[Row]:
    """Rows that are not in the small one without a reason: their scenario is not run, too few requests, or said."""
    lost = rows_of(committed) - rows_of(small)
    unasked = {*_unasked(committed, small, shares)}
    return sorted(
        row
        for row in lost
        if not unasked & {*row.name, row.name[-2:]}
        and not any(absence.covers(report.name, str(row)) for absence in left_out)
    )


def _unasked(
    committed: Verdict, small: Verdict, shares: Mapping[str, Mapping[str, float]]
) -> Iterator[str | tuple[str, str]]:
    """Scenarios that small size has not, and endpoints in scenarios that are too short for them."""
    sent = {each.scenario: each.sent for each in small.assessment.scenarios}
    for each in committed.assessment.scenarios:
        if each.scenario not in sent:
            yield from (each.scenario, f"scenario {each.scenario}")
    for scenario, mix in shares.items():
        yield from ((name, scenario) for name, share in mix.items() if share * sent.get(scenario, 0) < _CERTAIN)


def _shares(report: Report) -> dict[str, dict[str, float]]:
    """Of every scenario, which share of its requests goes to each endpoint."""
    scenarios = yaml.safe_load(report.suite.read_text(encoding="utf-8")).get("scenarios", {})
    mixes = {name: scenario["mix"] for name, scenario in scenarios.items()}
    return {name: {of: weight / sum(mix.values()) for of, weight in mix.items()} for name, mix in mixes.items()}
