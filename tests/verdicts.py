"""Small verdicts, written by hand: for tests of what is told, not of what is found."""

from __future__ import annotations

from collections.abc import Sequence

from gate.record.value import Notice
from gate.verdict.values import Outcome, Reason, Row, Verdict

HEAD = "c" * 40


def row(
    name: str = "search/p50",
    outcome: Outcome = "unchanged",
    *,
    blocks: bool = False,
    gated: bool = True,
    change: float | None = 0.01,
    notices: Sequence[Notice] = (),
) -> Row:
    endpoint, metric = name.split("/")
    is_limit = metric.startswith("limit:")
    return Row(
        id=f"shop/{name}",
        endpoint=endpoint,
        metric=metric,
        unit="ratio" if metric == "errors" else "s",
        baseline=None if is_limit else 0.1,
        candidate=0.1 * (1 + (change or 0)),
        change=None if is_limit else change,
        limit=0.05 if is_limit else None,
        outcome=outcome,
        gated=gated,
        blocks=blocks,
        notices=list(notices),
    )


def slower(name: str = "search/p50", *, blocks: bool = True, **more) -> Row:
    return row(name, "regressed", blocks=blocks, change=0.43, **more)


def verdict(*rows: Row, notices: Sequence[Notice] = (), **changes) -> Verdict:
    """Approved, or blocked by the rows that block."""
    blocking = [each.id for each in rows if each.blocks]
    return Verdict(
        tool="0.0.0",
        suite="shop",
        commit=HEAD,
        verdict="BLOCKED" if blocking else "APPROVED",
        measured=True,
        exit_code=1 if blocking else 0,
        reasons=[Reason(code="regressed", rows=blocking, cure="make it faster")] if blocking else [],
        way="stored",
        candidates=["c0"],
        baselines=["b0"],
        level=0.01,
        family=max(1, len(rows)),
        rows=list(rows),
        notices=list(notices),
    ).model_copy(update=changes)


def approved() -> Verdict:
    return verdict(row("home/p50"), row("search/p50"))


def blocked() -> Verdict:
    return verdict(row("home/p50"), slower("search/p50"))


def not_measured(message: str = "the preview was not ready within 300 s") -> Verdict:
    return verdict(
        verdict="BLOCKED",
        measured=False,
        exit_code=3,
        reasons=[Reason(code="not-measured", message=message, cure="see its log")],
        way="none",
    )
