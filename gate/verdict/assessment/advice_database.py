"""Rules about the database, its caches and how long its connections are held. Pure."""

from __future__ import annotations

import math

from gate.record.telemetry import Statement
from gate.units import format_duration, format_ratio
from gate.verdict.assessed import Assessment
from gate.verdict.assessment.advice import Finding, each_once, some
from gate.verdict.assessment.advice_pool import LEAST_TOLD
from gate.verdict.assessment.advice_speed import busy_windows
from gate.verdict.assessment.curves import BLOCKS
from gate.verdict.assessment.grounds import Grounds, ids
from gate.verdict.assessment.kinds import kind_of
from gate.verdict.beheld import Watched
from gate.verdict.details import Served

N_PLUS_ONE = 0.5
"""Queries an item: a list that asks once for each second item asks too often."""
SLOW_STATEMENT_S = 0.1
HELD_TIMES = 2.0
"""A connection that is held for so many times as long as its queries take is held for something else."""
HELD_S = 0.01
CACHE_RATIO = 0.8
"""Of an application's cache; a lower share of hits costs a round trip more often than it saves one."""
BUFFER_RATIO = 0.99
"""Of PostgreSQL's buffers, where what is read often should be."""
_CACHES = {"redis.hit_ratio": CACHE_RATIO, "postgres.cache_hit": BUFFER_RATIO}
_LONGEST_TEXT = 80


def n_plus_one(grounds: Grounds) -> Finding | None:
    """Lists whose number of queries grows with their items, beyond doubt."""
    found = [
        probe
        for probe in grounds.assessment.probes
        if probe.of == "queries" and probe.lo is not None and probe.lo > N_PLUS_ONE
    ]
    if not found:
        return None
    told = [f"{probe.name}: {probe.slope or 0.0:.2g} queries more for each item" for probe in found]
    cure = "fetch what belongs to the items in one query (a join, or a second query for all of them)"
    return Finding(f"{some(told)}; {cure}", each_once(row for probe in found for row in probe.rows))


def missing_index(grounds: Grounds) -> Finding | None:
    """Statements whose plan reads a table from end to end, with a filter that an index would answer."""
    found = [statement for statement in _statements(grounds.assessment) if statement.unindexed]
    if not found:
        return None
    scans = each_once(scan for statement in found for scan in statement.unindexed)
    worst = max(found, key=lambda statement: statement.total_s)
    spent = f"{_short(worst)} takes {format_duration(worst.mean_s)} a call, {worst.calls:,} calls"
    return Finding(f"add an index: {some(scans)} read from end to end; {spent}", [])


def slow_statement(grounds: Grounds) -> Finding | None:
    """Statements that take long on average; one that was asked now and then is no part of what was under load."""
    found = [
        statement
        for statement in _statements(grounds.assessment)
        if statement.mean_s >= SLOW_STATEMENT_S and statement.calls >= LEAST_TOLD
    ]
    if not found:
        return None
    told = [f"{_short(each)} ({format_duration(each.mean_s)} on average, {each.calls:,} calls)" for each in found]
    return Finding(f"make these statements faster, or ask them less often: {some(told)}", [])


def connection_held(grounds: Grounds) -> Finding | None:
    """Requests that hold a connection for much longer than their queries take."""
    busy = busy_windows(grounds)  # there a connection is held for as long as its request waits for the processors
    candidate = [said for said in grounds.details.served if said.of == "candidate"]
    found = [said for said in candidate if _is_held_long(said) and (said.scenario or BLOCKS) not in busy]
    if not found:
        return None
    worst = max(found, key=lambda said: said.times["held"])
    told = (
        f"{worst.endpoint} holds a connection for {format_duration(worst.times['held'])},"
        f" {format_duration(worst.times['db'])} of it in queries"
    )
    others = each_once(said.endpoint for said in found if said.endpoint != worst.endpoint)
    more = f" (also {some(others)})" if others else ""
    return Finding(f"{told}{more}; give it back before the other work", [])


def cache_ineffective(grounds: Grounds) -> Finding | None:
    """Caches that are asked and seldom have it."""
    found = [series for series in _series(grounds.assessment) if series.mean < _CACHES.get(series.name, -math.inf)]
    if not found:
        return None
    told = [f"{s.name} is {format_ratio(s.mean)} on average, below {format_ratio(_CACHES[s.name])}" for s in found]
    rows = [
        row
        for row in grounds.rows
        if kind_of(row) == "telemetry" and any(f":{series.name}:" in row.metric for series in found)
    ]
    return Finding(f"{some(told)}: see what is cached, for how long, and whether it fits", ids(rows))


def _is_held_long(said: Served) -> bool:
    held, asked = said.times.get("held"), said.times.get("db")
    is_long = held is not None and asked is not None and held >= HELD_S and held > HELD_TIMES * asked
    return is_long and said.told >= LEAST_TOLD


def _statements(assessment: Assessment) -> list[Statement]:
    return assessment.watch.statements if assessment.watch else []


def _series(assessment: Assessment) -> list[Watched]:
    return assessment.watch.series if assessment.watch else []


def _short(statement: Statement) -> str:
    text = " ".join(statement.text.split())
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
