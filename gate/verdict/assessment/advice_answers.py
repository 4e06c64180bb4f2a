"""Rules about wrong answers, protection, and what is not known. Pure."""

from __future__ import annotations

import re

from gate.verdict.answers import told_kinds
from gate.verdict.assessment.advice import Finding, amount, each_once, some
from gate.verdict.assessment.grounds import Grounds, ids
from gate.verdict.assessment.kinds import LEAK, came_to, kind_of, label, statistic_of
from gate.verdict.assessment.score import PARTS
from gate.verdict.figured import ProbeFigures
from gate.verdict.values import Row

ERRORS = "errors"
"""Category of probes of the error contract."""
_THROTTLES = re.compile(r"\b429\b")
_COOKIE = re.compile(r"\bcookies?\b", re.IGNORECASE)
_ON = ("true", "1", "on", "yes")


def error_contract(grounds: Grounds) -> Finding | None:
    """Wrong requests that are not answered as agreed."""
    found = [probe for probe in _failed(grounds) if probe.category == ERRORS]
    if not found:
        return None
    told = [f"{probe.name}: {probe.seen} where {probe.expected} is agreed" for probe in found]
    return Finding(f"keep the error contract: {some(told)}", _rows(found))


def rate_limiting_absent(grounds: Grounds) -> Finding | None:
    """Probes that wanted to be slowed down, and were not."""
    found = [probe for probe in _failed(grounds) if _THROTTLES.search(probe.expected)]
    if not found:
        return None
    return Finding(f"limit the rate of requests: {some([probe.name for probe in found])} met no limit", _rows(found))


def cookie_flags(grounds: Grounds) -> Finding | None:
    """Cookies without the flags or the lifetime that they should have."""
    found = [probe for probe in _failed(grounds) if _COOKIE.search(probe.expected)]
    if not found:
        return None
    told = [f"{probe.name}: {probe.seen}" for probe in found]
    return Finding(f"set the flags of cookies: {some(told)}", _rows(found))


def other_probes(grounds: Grounds) -> Finding | None:
    """Probes that failed for a reason that no other rule has."""
    found = [
        probe
        for probe in _failed(grounds)
        if probe.of is None
        and probe.category != ERRORS
        and not _THROTTLES.search(probe.expected)
        and not _COOKIE.search(probe.expected)
    ]
    if not found:
        return None
    told = [f"{probe.name}: {probe.seen}" for probe in sorted(found, key=lambda probe: probe.advisory)]
    return Finding(f"mend what probes found: {some(told)}", _rows(found))


def throttled(grounds: Grounds) -> Finding | None:
    """Answers that asked to slow down: nothing is said of how fast the system is."""
    counts = {each.endpoint: each.throttled for each in grounds.assessment.endpoints if each.throttled}
    counts |= {each.scenario: each.throttled for each in grounds.assessment.scenarios if each.throttled}
    if not counts:
        return None
    told = [f"{name} {count:,} times" for name, count in counts.items()]
    cure = "let the gate's client pass unthrottled, or measure below the limit"
    rows = [row for row in grounds.rows if row.endpoint in counts and came_to(row) != "passed"]
    return Finding(f"the measurement was throttled (429), which is not slowness: {some(told)}; {cure}", ids(rows))


def errors_under_load(grounds: Grounds) -> Finding | None:
    """Scenarios in which requests failed, those that were throttled left out."""
    found = [each for each in grounds.assessment.scenarios if each.failed > each.throttled and each.executor != "find"]
    if not found:
        return None
    told = [f"{e.scenario} {e.failed - e.throttled:,} of {e.sent:,} ({told_kinds(e.errors, 2)})" for e in found]
    rows = [row for row in grounds.rows if row.endpoint in {each.scenario for each in found}]
    return Finding(f"see why requests fail under load: {some(told)}", ids(row for row in rows if row in grounds.failed))


def slower_than_main(grounds: Grounds) -> Finding | None:
    """What got worse in this change."""
    found = [row for row in grounds.failed if kind_of(row) == "change"]
    if not found:
        return None
    return Finding(f"see what this change does to {some(each_once(map(label, found)))}: worse than main", ids(found))


def missed_otherwise(grounds: Grounds) -> Finding | None:
    """Limits that are missed and that no other rule knows the cause of."""
    found = [row for row in grounds.failed if row.candidate is not None and row.limit is not None]
    if not found:
        return None
    told = [
        f"{label(row)} is {amount(row.candidate or 0.0, row.unit)}, limit {amount(row.limit or 0.0, row.unit)}"
        for row in found
    ]
    return Finding(f"bring within its limit: {some(told)}", ids(found))


def debug_on(grounds: Grounds) -> Finding | None:
    """A deployment that says it runs in debug mode."""
    found = [line for line in grounds.assessment.about if "debug" in line.name.lower()]
    if not any((line.value or "").lower() in _ON for line in found):
        return None
    return Finding(
        "switch debug mode off: it keeps every query in memory, and shows code to whoever meets an error", []
    )


def unmeasured_parts(grounds: Grounds) -> Finding | None:
    """Parts of the score that no check says anything of."""
    score = grounds.assessment.score
    judged = {part.part for part in score.parts if part.judged} if score else set()
    found = [part for part in PARTS if part not in judged]
    if not found:
        return None
    return Finding(f"nothing is known of {some(found)}: add objectives, probes or telemetry for it", [])


def undecided(grounds: Grounds) -> Finding | None:
    """Checks that there was too little data for, by what would decide them; leaks have a rule of their own."""
    found = [row for row in grounds.rows if row.outcome == "inconclusive" and statistic_of(row) != LEAK]
    if not found:
        return None
    by_cure: dict[str, list[Row]] = {}
    for row in found:
        cures = each_once(notice.cure for notice in row.notices if notice.cure)
        by_cure.setdefault(cures[0] if cures else "measure for longer", []).append(row)
    told = [f"{some(each_once(map(label, rows)))} could not be decided: {cure}" for cure, rows in by_cure.items()]
    return Finding("; ".join(told), ids(found))


def no_baseline(grounds: Grounds) -> Finding | None:
    """Endpoints that nothing on main can be compared with."""
    found = [row for row in grounds.rows if row.outcome == "no_baseline"]
    if not found and grounds.way != "none":
        return None
    names = each_once(row.endpoint for row in found)
    which = f" for {some(names)}" if names else ""
    return Finding(f"there is no baseline yet{which}: store runs of main with gate refresh, ten are enough", ids(found))


def _failed(grounds: Grounds) -> list[ProbeFigures]:
    return [probe for probe in grounds.assessment.probes if probe.outcome == "failed"]


def _rows(probes: list[ProbeFigures]) -> list[str]:
    return each_once(row for probe in probes for row in probe.rows)
