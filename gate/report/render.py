"""Views as Markdown and as terminal text."""

from __future__ import annotations

from dataclasses import replace

from gate.report.escape import MAX_SENTENCE, markdown, plain
from gate.report.view import View, view_of
from gate.verdict.values import Verdict

COMMENT_BUDGET = 60_000
"""GitHub refuses comments over 65,536 characters; the rest is room for the marker."""
_COLUMNS = ("endpoint", "metric", "baseline", "candidate", "change (90 % interval)", "smallest seen", "outcome")


def comment(verdict: Verdict) -> str:
    """The pull-request comment, shrunk in a fixed order until it fits: notes, quiet rows, findings, loud rows."""
    view = view_of(verdict)
    for smaller in _shrinking(view):
        text = _markdown(smaller, verdict)
        if _size(text) <= COMMENT_BUDGET:
            return text
    return _markdown(replace(view, lines=(), findings=(), notes=(), hidden=len(view.lines)), verdict)


def summary(verdict: Verdict) -> str:
    """The job summary: every row."""
    return _markdown(view_of(verdict), verdict)


def _shrinking(view: View) -> list[View]:
    loud = tuple(line for line in view.lines if line.is_loud)
    few = replace(view, notes=(), lines=loud, hidden=len(view.lines) - len(loud))
    return [
        view,
        replace(view, notes=()),
        few,
        replace(few, findings=view.findings[:20]),
        replace(few, findings=(), lines=loud[:100], hidden=len(view.lines) - len(loud[:100])),
    ]


def _size(text: str) -> int:
    """Length as GitHub may count it: UTF-16 units or bytes, the worse."""
    return max(len(text.encode("utf-16-le")) // 2, len(text.encode()))


def _markdown(view: View, verdict: Verdict) -> str:
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
    cures = [reason.cure for reason in verdict.reasons if reason.cure]
    return environment.get_template("comment.md.j2").render(view=view, cures=cures).strip() + "\n"


def terminal(verdict: Verdict) -> str:
    """The same report as aligned plain text."""
    view = view_of(verdict)
    table = [
        _COLUMNS,
        *((x.endpoint, x.metric, x.baseline, x.candidate, x.change, x.detectable, x.outcome) for x in view.lines),
    ]
    rows = [tuple(plain(cell) for cell in row) for row in table]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [plain(view.headline, MAX_SENTENCE)]
    lines += [f"  {plain(reason.cure, MAX_SENTENCE)}" for reason in verdict.reasons if reason.cure]
    if view.lines:
        lines += [
            "",
            *("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows),
        ]
    lines += ["", *(f"- {plain(text, MAX_SENTENCE)}" for text in (*view.findings, *view.notes))]
    return "\n".join([*lines, plain(view.footer, MAX_SENTENCE)]) + "\n"
