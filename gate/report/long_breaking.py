"""Where searches for capacity end, and endpoints beside others, as sentences of the long report. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gate.units import format_count, format_duration, format_rate, format_ratio, format_size
from gate.verdict.assessment.watch import PREVIEW_ALONE, PROCESSORS
from gate.verdict.loaded import Breaking, Contrast, Filled
from gate.verdict.values import Verdict


def breaking_lines(verdict: Verdict) -> Iterator[str]:
    """One for each search: where it broke, and how - errors, what was full, memory; what was not seen is said so."""
    for found in verdict.assessment.breakings:
        yield " ".join([_where(found), _errors(found), *_dropped(found), *_full(found), *_memory(found)])


def contrast_lines(verdict: Verdict) -> Iterator[str]:
    """One for each endpoint that the suite puts beside another one."""
    return map(_contrast, verdict.assessment.contrasts)


def _where(found: Breaking) -> str:
    if found.breaks_at is None:
        beyond = f"; beyond it {found.unmade}" if found.unmade else ""
        return (
            f"{found.scenario}: it did not break; {found.until} still held at {_level(found, found.highest)}{beyond}."
        )
    held = f"held up to {_level(found, found.held)}" if found.held is not None else "held nowhere"
    p95 = "nothing was answered as expected" if found.p95_s is None else f"p95 was {format_duration(found.p95_s)}"
    return (
        f"{found.scenario}: it breaks at {_level(found, found.breaks_at)}; {found.until} {held}, and there"
        f" {format_rate(found.rate_rps or 0.0)} were answered as expected and {p95}."
    )


def _errors(found: Breaking) -> str:
    if found.errors_from is None:
        return "No answer was an error."
    kinds = sorted(found.errors.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{kind.replace('status_', 'status ').replace('_', ' ')} {count:,} x" for kind, count in kinds)
    if not told:
        return (
            f"Not all were answered as expected from {_level(found, found.errors_from)} on; of errors and of what was"
            " never sent this run kept no count."
        )
    at_break = f", {format_ratio(found.error_ratio)} of all where it breaks" if found.error_ratio else ""
    return f"Errors begin at {_level(found, found.errors_from)} ({told}){at_break}."


def _dropped(found: Breaking) -> Iterator[str]:
    if found.dropped_ratio:
        share = format_ratio(found.dropped_ratio)
        yield f"{share} of the requests were never sent there, for too many were waiting for their answers."


def _full(found: Breaking) -> Iterator[str]:
    if not found.watched:
        yield "Which resource was full was not measured."
        return
    if found.full:
        first, *others = (_filled(found, each) for each in found.full)
        yield f"Full first: {first}{''.join(f', then {other}' for other in others)}."
    told = {each.resource for each in found.full}
    told |= {PREVIEW_ALONE.name} if PROCESSORS.name in found.watched else set()  # a part of those of the machine
    rest = [name for name in found.watched if name not in told]
    if rest:
        yield f"Not full for long: {', '.join(rest)}."


def _filled(found: Breaking, filled: Filled) -> str:
    return f"{filled.resource} (all {filled.size:.3g}) from {_level(found, filled.level)} on"


def _memory(found: Breaking) -> Iterator[str]:
    if found.memory_first_bytes is not None and found.memory_last_bytes is not None:
        first, last = format_size(found.memory_first_bytes), format_size(found.memory_last_bytes)
        at = _level(found, found.highest if found.breaks_at is None else found.breaks_at)
        between = "" if found.breaks_at is not None and found.held is None else f"{first} at the lowest level, and "
        yield f"Its processes had {between}{last} at {at}."
    else:
        yield "Memory was not measured."


def _level(found: Breaking, level: float | None) -> str:
    return format_count(level or 0.0, "user") if found.of == "users" else format_rate(level or 0.0)


def _contrast(found: Contrast) -> str:
    """With both intervals; one that has no difference in it says which way it is."""
    if found.difference_s is None or found.lo_s is None or found.hi_s is None:
        pairs = f"{found.pairs} rounds have blocks of both" if found.pairs != 1 else "1 round has blocks of both"
        return f"{found.endpoint} beside {found.against} was not measured: {pairs}."
    beside = f"{found.endpoint} beside {found.against}, {found.pairs} pairs of blocks:"
    factor = f"{found.factor:.3g} times its time ({found.factor_lo:.3g} to {found.factor_hi:.3g})"
    if found.hi_s < 0:
        saved, least, most = (format_duration(-value) for value in (found.difference_s, found.hi_s, found.lo_s))
        return f"{beside} an answer takes {saved} less ({least} to {most}), {factor}."
    if found.lo_s > 0:
        added, least, most = (format_duration(value) for value in (found.difference_s, found.lo_s, found.hi_s))
        return f"{beside} an answer takes {added} more ({least} to {most}), {factor}."
    less, more = format_duration(max(0.0, -found.lo_s)), format_duration(max(0.0, found.hi_s))
    return f"{beside} no difference can be told (from {less} less to {more} more), {factor}."
