"""Views as Markdown and as terminal text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.report.details import NO_DETAILS
from gate.report.escape import MAX_SENTENCE, markdown, plain
from gate.report.grid import grid
from gate.report.long import LongView, long_of
from gate.report.tables import Table
from gate.report.view import View, view_of
from gate.verdict.values import Verdict

COMMENT_BUDGET = 60_000
"""GitHub refuses comments over 65,536 characters; the rest is room for the marker."""
_MANY = 10**6


def comment(verdict: Verdict, since: str = "") -> str:
    """The pull-request comment, shrunk in a fixed order until it fits: details, notes, quiet rows, and so on.

    Parameters
    ----------
    since : str, optional
        What changed since the last run of the pull request.
    """
    texts = map(_markdown, _shrinking(view_of(verdict, since)))
    return next(text for text in texts if _size(text) <= COMMENT_BUDGET)


def brief(verdict: Verdict) -> str:
    """The shortest form of a comment: the verdict, why, and what to do."""
    *_, shortest = _shrinking(view_of(verdict))
    return _markdown(shortest)


def first_line(verdict: Verdict, limit: int) -> str:
    """Verdict and reason as one line of plain text, cut where it is longer."""
    return plain(view_of(verdict).headline, limit)


def summary(verdict: Verdict) -> str:
    """The job summary: every row."""
    return _markdown(view_of(verdict))


def _shrinking(view: View) -> Iterator[View]:
    yield view
    view = replace(view, details=NO_DETAILS)
    yield view
    yield replace(view, notes=())
    few = replace(view, notes=(), tables=tuple(table.cut(_MANY, loud=True) for table in view.tables))
    yield few
    yield replace(few, findings=view.findings[:20])
    yield replace(few, findings=(), tables=tuple(table.cut(100, loud=True) for table in view.tables))
    yield replace(few, findings=(), tables=tuple(table.cut(0, loud=True) for table in view.tables))


def _size(text: str) -> int:
    """Length as GitHub may count it: UTF-16 units or bytes, the worse."""
    return max(len(text.encode("utf-16-le")) // 2, len(text.encode()))


def report(verdict: Verdict) -> str:
    """The long report: everything that is claimed, never shortened."""
    return _rendered("report.md.j2", long_of(verdict))


def _markdown(view: View) -> str:
    return _rendered("comment.md.j2", view)


def _rendered(template: str, view: View | LongView) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gate.report"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown, not HTML: every value goes through the md filter
    )
    environment.filters["md"] = markdown
    environment.filters["sentence"] = lambda text: markdown(text, MAX_SENTENCE)
    environment.filters["grid"] = grid
    return environment.get_template(template).render(view=view).strip() + "\n"


def terminal(verdict: Verdict) -> str:
    """The same report as aligned plain text."""
    view = view_of(verdict)
    below = (*view.cures, *view.warnings)
    lines = [plain(view.headline, MAX_SENTENCE), *(f"  {plain(text, MAX_SENTENCE)}" for text in below)]
    for table in view.tables:
        lines += ["", *_aligned(table)]
    lines += ["", *(f"- {plain(text, MAX_SENTENCE)}" for text in (*view.findings, *view.notes))]
    lines += [plain(text, MAX_SENTENCE) for text in (view.footer, view.legend) if text]
    return "\n".join(lines) + "\n"


def _aligned(table: Table) -> Iterator[str]:
    rows = [tuple(plain(cell) for cell in row) for row in (table.columns, *(line.cells for line in table.lines))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
