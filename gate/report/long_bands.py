"""How answers spread over bands of time, in the long report. Pure."""

from __future__ import annotations

from gate.report.long_section import Section, share, table_of
from gate.report.tables import Line
from gate.units import format_duration
from gate.verdict.figured import Band
from gate.verdict.values import Verdict


def bands(verdict: Verdict) -> Section:
    """How answers spread over bands, all endpoints together first."""
    found: dict[tuple[str, str], list[Band]] = {}
    for band in verdict.assessment.bands:
        found.setdefault((band.of, band.endpoint), []).append(band)
    whole = found.pop(("endpoint", "*"), [])
    groups = ([whole] if whole else []) + list(found.values())
    if not groups:
        return Section("Distribution of response times")
    columns = ("of", "requests", *(_band_name(band) for band in groups[0]))
    lines = [
        Line(
            (
                _of(group[0]),
                f"{group[0].n:,}",
                *(f"{band.count:,} ({share(band.count, band.n)})" for band in group),
            )
        )
        for group in groups
    ]
    return Section("Distribution of response times", tables=table_of(columns, lines, names=1, ends_in_text=False))


def _of(band: Band) -> str:
    if band.of == "scenario":
        return f"scenario {band.endpoint}"
    return "all endpoints" if band.endpoint == "*" else band.endpoint


def _band_name(band: Band) -> str:
    if band.to_s is None:
        return f"over {format_duration(band.from_s)}"
    return (
        f"{band.from_s * 1e3:g}–{format_duration(band.to_s)}" if band.from_s else f"under {format_duration(band.to_s)}"
    )
