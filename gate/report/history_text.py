"""The history of main as terminal text: a table per environment class, and below it what happened when."""

from __future__ import annotations

from collections.abc import Iterator

from gate.report.amounts import NOTHING, signed
from gate.report.escape import MAX_SENTENCE, plain
from gate.report.history import HistoryClass, HistoryFile, HistoryRow, Size, Where
from gate.units import format_duration, format_ratio

_SHORT = 10
"""Characters of a commit that are shown."""


def history_text(file: HistoryFile) -> str:
    """The whole history as aligned plain text."""
    lines = [f"{file.suite}: {sum(one.runs for one in file.classes)} stored runs"]
    for one in file.classes:
        lines += ["", *_class(one, file.anchor)]
    return "\n".join(lines) + "\n"


def _class(one: HistoryClass, anchor: str | None) -> Iterator[str]:
    environment = one.environment
    place = ", ".join(part for part in (environment.host, environment.runner, environment.cpu) if part)
    yield plain(f"{place}: {one.runs} runs from {_day(one.first)} to {_day(one.last)}", MAX_SENTENCE)
    if one.shared:
        yield "what all endpoints of a run share is taken out of each and shown as *"
    if anchor is not None:
        seen = f"{one.anchor_runs} stored run(s) of {anchor}" if one.anchor_runs else f"no stored run of {anchor} here"
        yield plain(f"anchor: {seen}; intervals are of 90 %")
    columns = ("row", "runs", "level", "since", "spread", *(("since the anchor",) if one.anchor_runs else ()))
    table = [columns, *(_cells(row, with_anchor=one.anchor_runs > 0) for row in one.rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns))]
    for line in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
    for row in one.rows:
        yield from (plain(f"- {_name(row)}: {text}", MAX_SENTENCE) for text in _events(row))


def _cells(row: HistoryRow, *, with_anchor: bool) -> tuple[str, ...]:
    level = format_duration(row.level_s) if row.level_s is not None else NOTHING
    spread = format_ratio(row.spread) if row.spread is not None else NOTHING
    cells = (_name(row), f"{row.in_window} of {row.runs}", level, _day(row.since), spread)
    if not with_anchor:
        return tuple(map(plain, cells))
    since = row.since_anchor
    return tuple(map(plain, (*cells, _size(since.total) if since is not None and since.total is not None else NOTHING)))


def _events(row: HistoryRow) -> Iterator[str]:
    for change in row.changes:
        yield f"new level from {_run(change.at)} on: {_size(change.size)}"
    for accepted in row.accepted:
        yield f"change accepted with {_run(accepted.at)}: {accepted.reason}"
    if row.unsettled is not None:
        yield f"the two newest runs lie {signed(row.unsettled)} off the level; one more like them makes a new one"
    since = row.since_anchor
    if since is None:
        return
    if since.creeping and since.total is not None:
        ways = {"stored runs": since.stored, "the sum of duets": since.duets}
        yield "crept since the anchor: " + "; ".join(
            f"by {name} {_size(s)}" for name, s in ways.items() if s is not None
        )
    elif since.hint:
        yield "deviations since the anchor add up: perhaps it creeps"


def _name(row: HistoryRow) -> str:
    return row.id.partition("/")[2]


def _size(size: Size) -> str:
    return f"{signed(size.change)} ({signed(size.lo)} to {signed(size.hi)})"


def _run(where: Where) -> str:
    return f"{_day(where.created)} ({(where.commit or 'unknown commit')[:_SHORT]})"


def _day(instant: str) -> str:
    return instant[:10]
