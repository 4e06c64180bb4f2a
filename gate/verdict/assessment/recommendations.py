"""What to change, by rules: one table, each rule tied to what triggers it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.verdict.assessed import Recommendation
from gate.verdict.assessment import advice_answers as answers
from gate.verdict.assessment import advice_database as database
from gate.verdict.assessment import advice_pool as pool
from gate.verdict.assessment import advice_speed as speed
from gate.verdict.assessment import advice_stability as stability
from gate.verdict.assessment.advice import Rule
from gate.verdict.assessment.grounds import Grounds

RULES = (
    # Before a release: users meet these, or the report rests on sand.
    Rule("error-contract", "now", answers.error_contract),
    Rule("n-plus-one", "now", database.n_plus_one),
    Rule("probe-failed", "now", answers.other_probes),
    Rule("throttled", "now", answers.throttled),
    Rule("missed-latency", "now", speed.missed_latency),
    Rule("missed-load", "now", speed.too_little),
    Rule("errors-under-load", "now", answers.errors_under_load),
    Rule("slower-than-main", "now", answers.slower_than_main),
    Rule("leak", "now", stability.leak),
    Rule("degrading", "now", stability.degrading),
    Rule("login-lost", "now", stability.login_lost),
    Rule("missing-index", "now", database.missing_index),
    Rule("debug-on", "now", answers.debug_on),
    Rule("missed-otherwise", "now", answers.missed_otherwise, is_of_the_rest=True),
    # Soon: the next users, or the next month, will meet these.
    Rule("processors-full", "next", speed.processors_full),
    Rule("pool-exhausted", "next", pool.pool_exhausted),
    Rule("not-back", "next", stability.not_back),
    Rule("connection-held", "next", database.connection_held),
    Rule("slow-statement", "next", database.slow_statement),
    Rule("saturation-near", "next", speed.scarce),
    Rule("queue-growing", "next", stability.queue_growing),
    Rule("cache-ineffective", "next", database.cache_ineffective),
    Rule("cookie-flags", "next", answers.cookie_flags),
    Rule("rate-limiting-absent", "next", answers.rate_limiting_absent),
    Rule("leak-untold", "next", stability.too_short_for_leak),
    Rule("undecided", "next", answers.undecided),
    # Later: comfort, and knowing more.
    Rule("uneven-latency", "later", speed.uneven),
    Rule("cold-start", "later", speed.cold_start),
    Rule("no-compression", "later", speed.no_compression),
    Rule("unmeasured-parts", "later", answers.unmeasured_parts),
    Rule("no-baseline", "later", answers.no_baseline),
)


def recommendations(grounds: Grounds) -> Iterator[Recommendation]:
    """Those that there is a cause for, in the order of the table."""
    told = {rule.name: rule.find(grounds) for rule in RULES if not rule.is_of_the_rest}
    covered = {row for finding in told.values() if finding is not None for row in finding.rows}
    rest = replace(grounds, rows=tuple(row for row in grounds.rows if row.id not in covered))
    for rule in RULES:
        found = rule.find(rest) if rule.is_of_the_rest else told[rule.name]
        if found is not None:
            yield Recommendation(rule=rule.name, horizon=rule.horizon, message=found.message, rows=found.rows)
