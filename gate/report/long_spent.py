"""Where the time or the memory of the preview went, in the long report. Pure."""

from __future__ import annotations

from gate.record.spent import SpentRecord
from gate.report.amounts import NOTHING
from gate.report.long_section import Section, table_of
from gate.report.tables import Line
from gate.units import format_ratio, format_size
from gate.verdict.values import Verdict

_COLUMNS = ("function", "where", "in itself", "with what it calls")


def spent(verdict: Verdict) -> Section:
    """The heaviest functions, of what, and that a profiler weighs something itself."""
    record = verdict.assessment.spent
    if record is None:
        return Section("")
    lines = [
        Line((each.name, each.place or NOTHING, format_ratio(each.self_ratio), format_ratio(each.total_ratio)))
        for each in record.functions
    ]
    return Section(
        f"Where the {record.of} went",
        paragraphs=tuple(_words(record)),
        tables=table_of(_COLUMNS, lines, ends_in_text=False),
    )


def _words(record: SpentRecord) -> list[str]:
    if not record.functions:
        return [f"Not measured: {record.unread}."]
    of = {
        "time": f"{record.amount:,} samples of threads that held the interpreter; waiting is not in them, nor"
        " native code that lets go of it",
        "memory": f"{format_size(record.amount)} taken during the scenarios and not given back by their end",
    }[record.of]
    weight = "The scenarios were measured under its weight, and nothing is compared with stored runs."
    whole = f" Every stack is in {record.file}, for a flame graph." if record.file else ""
    missing = [f"Not all of it: {record.unread}."] if record.unread else []
    return [f"By {record.tool}: shares of {of}. {weight}{whole}", *missing]
