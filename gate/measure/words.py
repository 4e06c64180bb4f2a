"""What people are told of a plan while it is measured."""

from __future__ import annotations

from collections.abc import Sequence

from gate.errors import NotMeasured
from gate.measure.layout import Layout
from gate.measure.planner import Stage
from gate.record.value import Notice

FRESH_NOT_HAD = "fresh-not-had"
"""Code of a notice that what was suspected could not be confirmed on fresh deployments."""
_MOST_NAMED = 5


def stage_words(stage: Stage, layout: Layout) -> str:
    """What begins with a stage, in one line."""
    names, many = _listed(stage.names), len(stage.names) > 1
    where = "fresh deployments" if len(layout.fresh) > 1 else "a fresh deployment"
    if stage.number is None:
        return f"everything may be slower: measuring all {len(stage.names)} endpoints on {where}"
    if stage.part == "fresh":
        return f"confirming {names} on {where}"
    if layout.after is not None:
        return f"measuring what {' and '.join(layout.after.runs)} made suspect: {_listed(layout.after.endpoints)}"
    if stage.number == 0:
        doing = "measuring" if layout.is_fixed else "screening"
        return f"{doing} all {len(stage.names)} endpoints" if many else f"{doing} {names}"
    return f"{names} {'are' if many else 'is'} suspected: measuring {'them' if many else 'it'} again"


def fresh_not_had(error: NotMeasured) -> Notice:
    """That suspects could not be confirmed, and why."""
    return Notice(
        code=FRESH_NOT_HAD,
        message=f"what is suspected was not measured on fresh deployments: {error.message}",
        cure=error.cure,
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
