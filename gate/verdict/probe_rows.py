"""Rows of probes: met, missed, or not measured. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gate.config.probes import Probe
from gate.config.suite import Suite
from gate.probes.growth import at_most
from gate.probes.hashes import probe_hash
from gate.probes.words import expected
from gate.record.probes import ProbeOutcome, ProbeRecord
from gate.record.run import Run
from gate.verdict.values import Outcome, Probed, Reason, Row, Unit

METRICS = ("probe", "queries", "time", "bytes")
"""Last parts of the ids of such rows."""
_UNITS: dict[str, Unit] = {"queries": "count", "time": "s", "bytes": "bytes"}
_OUTCOMES: dict[ProbeOutcome, Outcome] = {"passed": "met", "failed": "missed", "not_measured": "not_measured"}
_GRAVEST: tuple[ProbeOutcome, ...] = ("failed", "not_measured", "passed")
"""Of several runs the worst counts."""


def probe_rows(suite: Suite, candidates: Sequence[Run]) -> list[Row]:
    """One row of each probe, in the order of the suite."""
    return [_row(suite, probe, candidates) for probe in suite.probes]


def _row(suite: Suite, probe: Probe, candidates: Sequence[Run]) -> Row:
    found = [run.probes[probe.name] for run in candidates if probe.name in run.probes]
    records = [record for record in found if record.config_hash == probe_hash(suite, probe)]
    seen = "it was asked for something else than the suite asks now" if found else "it was not asked"
    if not records or len(records) < len(found):
        return _of(suite, probe, "not_measured", Probed(expected=expected(probe), seen=seen))
    record = min(records, key=lambda record: _GRAVEST.index(record.outcome))
    probed = Probed(
        expected=record.expected,
        seen=record.seen,
        n=record.n,
        n_passed=record.n_passed,
        growth=record.growth,
        tally=record.tally,
    )
    return _of(suite, probe, record.outcome, probed, record)


def _of(suite: Suite, probe: Probe, outcome: ProbeOutcome, probed: Probed, record: ProbeRecord | None = None) -> Row:
    grown = record.growth if record is not None else None
    return Row(
        id=f"{suite.name}/{probe.slug}/{probe.metric}",
        endpoint=probe.name,
        metric=probe.metric,
        category=probe.counted_as,
        unit=_UNITS.get(probe.metric, "count"),
        candidate=None if grown is None else at_most(grown),
        limit=None if grown is None or probe.growth is None else probe.growth.limit,
        outcome=_OUTCOMES[outcome],
        gated=not probe.advisory,
        blocks=not probe.advisory and outcome == "failed",
        probed=probed,
    )


def failed_probes(rows: Sequence[Row]) -> list[Reason]:
    """The reason to block that failed probes are: what the first of them expected, and what was seen."""
    failed = [row for row in rows if row.blocks and row.probed is not None]
    if not failed or failed[0].probed is None:
        return []
    return [
        Reason(
            code="probe-failed",
            rows=[row.id for row in failed],
            message=of_probe(failed[0]),
            cure="if the preview answers as it should, change the probe on main; else see its log",
        )
    ]


def unmeasured_probes(rows: Sequence[Row]) -> list[Reason]:
    """The same of probes that could not be made: an approval would claim what nobody saw."""
    unmeasured = [row for row in rows if row.gated and row.probed is not None and row.outcome == "not_measured"]
    if not unmeasured:
        return []
    return [
        Reason(
            code="not-measured",
            rows=[row.id for row in unmeasured],
            message=of_probe(unmeasured[0]),
            cure="see to what the probe needs, or make it advisory: true",
        )
    ]


def of_probe(row: Row) -> str:
    """What was wrong with a probe, in words."""
    if row.probed is None:
        return ""
    return f"probe {row.endpoint}: {row.probed.seen}; expected {row.probed.expected}"
