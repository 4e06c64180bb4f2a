"""Rows of what the server said: they block, never approve; what could not be read is not measured."""

from __future__ import annotations

import math
import random
import re

import pytest

from gate.record.endpoint import EndpointRecord
from gate.record.server import QueriesRecord, ServerRecord
from gate.record.telemetry import Series, TelemetryRecord, Window
from gate.record.value import Spread
from gate.report.explain import explained
from gate.report.render import summary
from gate.verdict.assessment.watch import watch
from gate.verdict.share_means import mean_share
from gate.verdict.values import Row
from tests.builders import history_of, run_of, suite_of, verdict_of

TELEMETRY = """
telemetry:
  server_timing: true
  prometheus:
    url: /metrics
    series: {{memory: process_resident_memory_bytes, hits: hits_total, busy: busy_seconds_total}}
  objectives: [{0}]
{1}
"""
N, SECONDS, REQUESTS = 121, 120.0, 12_000


def suite(*objectives: str, more: str = ""):
    return suite_of(TELEMETRY.format(", ".join(objectives), more), ("home",))


def series(values, unit="bytes", *, is_counter=False) -> Series:
    steps = len(values) - 1
    return Series(
        source="prometheus",
        unit=unit,
        is_counter=is_counter,
        at_s=[SECONDS * place / steps for place in range(len(values))],
        values=[float(value) for value in values],
        answered=[round(REQUESTS * place / steps) for place in range(len(values))],
    )


def said(unread=None, peaks=None, window=(0.0, SECONDS), **found: Series) -> TelemetryRecord:
    begin, end = window
    windows = [Window(name="blocks", from_s=begin, to_s=end, answered=REQUESTS, peaks=peaks or {})]
    return TelemetryRecord(windows=windows, series=found, unread=unread or {})


def verdict(of, telemetry):
    run = run_of(of).model_copy(update={"telemetry": telemetry})
    return verdict_of(of, run, history_of(of, 12))


def row(of, telemetry) -> Row:
    (found,) = [row for row in verdict(of, telemetry).rows if row.metric.startswith("telemetry:")]
    return found


def rising(slope_bytes: float, *, until: float = 1.0, noise: float = 20_000.0):
    """Memory that grows with the requests, up to a share of them."""
    luck = random.Random(5)
    at = [min(REQUESTS * place / (N - 1), until * REQUESTS) for place in range(N)]
    return series([5e7 + slope_bytes * answered + luck.gauss(0, noise) for answered in at])


@pytest.mark.parametrize(
    ("statistic", "limit", "value"),
    [("max", "most: 130B", 130), ("mean", "most: 120B", 120), ("last", "most: 110B", 110), ("rise", "most: 10B", 10)],
)
def test_statistics_of_a_level_and_both_sides_of_each_limit(statistic, limit, value):
    memory = series([100, 130, 140 - 10, 120, 130, 120, 110, 130, 130, 110])
    found = row(suite(f"{{of: memory, statistic: {statistic}, {limit}}}"), said(memory=memory))
    mean = {"mean": 121}.get(statistic, value)
    assert found.candidate == mean
    assert found.outcome == ("met" if mean <= value else "missed")
    over = row(suite(f"{{of: memory, statistic: {statistic}, most: {mean - 1}B}}"), said(memory=memory))
    assert (over.outcome, over.blocks) == ("missed", True)
    below = row(suite(f"{{of: memory, statistic: {statistic}, least: {mean + 1}B}}"), said(memory=memory))
    assert (below.outcome, below.blocks) == ("missed", True)


def test_counters_are_judged_by_their_rate_and_their_rise():
    hits = series([0, 30, 60, 120, 240], "count", is_counter=True)
    assert row(suite("{of: hits, statistic: mean, most: 2/s}"), said(hits=hits)).candidate == 2
    assert row(suite("{of: hits, statistic: max, most: 4/s}"), said(hits=hits)).candidate == 4
    assert row(suite("{of: hits, statistic: rise, most: 239}"), said(hits=hits)).outcome == "missed"
    busy = series([0, 30, 60, 90, 120], "s", is_counter=True)
    found = row(suite("{of: busy, statistic: mean, most: 150%}"), said(busy=busy))
    assert (found.candidate, found.unit, found.outcome) == (1.0, "ratio", "met")


def test_a_counter_that_fell_is_not_measured():
    hits = series([0, 30, 10, 40, 80], "count", is_counter=True)
    found = row(suite("{of: hits, statistic: rise, most: 1000}"), said(hits=hits))
    assert found.outcome == "not_measured"
    assert "started anew" in found.notices[0].message


@pytest.mark.parametrize(
    ("telemetry", "why"),
    [
        (None, "nothing was watched"),
        (said(unread={"prometheus": "timeout"}), "memory could not be read: timeout"),
        (said(unread={"memory": "not on the page"}), "memory could not be read: not on the page"),
        (said(), "memory was never told"),
        (said(memory=series([1, 2, 3])), "too few"),
        (said(memory=rising(0), window=(0.0, 2 * SECONDS)), "too few"),
        (TelemetryRecord(series={"memory": rising(0)}), "no load was made"),
    ],
)
def test_what_could_not_be_read_is_not_measured_and_blocks_as_such(telemetry, why):
    told = verdict(suite("{of: memory, statistic: max, most: 1GB}"), telemetry)
    assert (told.verdict, told.exit_code) == ("BLOCKED", 3)
    assert why in told.reasons[0].message
    advisory = verdict(suite("{of: memory, statistic: max, most: 1GB, advisory: true}"), telemetry)
    assert advisory.verdict == "APPROVED"


@pytest.mark.parametrize("statistic", ["max", "mean", "last", "rise", "growth_per_s"])
def test_a_load_that_was_never_answered_shows_nothing_of_the_server(statistic):
    quiet = said(memory=rising(0))
    quiet = quiet.model_copy(update={"windows": [quiet.windows[0].model_copy(update={"answered": 0})]})
    found = row(suite(f"{{of: memory, statistic: {statistic}, most: 1GB}}"), quiet)
    assert (found.candidate, found.outcome) == (None, "not_measured")
    assert "no request was answered" in found.notices[0].message


def test_a_leak_is_found_with_its_size_and_a_cache_that_fills_is_none():
    leak = suite("{of: memory, leak: none}")
    found = row(leak, said(memory=rising(1000)))
    assert (found.outcome, found.blocks) == ("missed", True)
    assert found.candidate == pytest.approx(1000, rel=0.02)
    assert found.lo < 1000 < found.hi
    assert row(leak, said(memory=rising(1000, until=0.15))).outcome == "met"
    assert row(leak, said(memory=rising(0))).outcome == "met"


def test_too_short_to_tell_is_said_with_how_long_it_would_take():
    found = row(suite("{of: memory, leak: none}"), said(memory=rising(100, noise=300_000)))
    assert re.search(r"in its last third it may grow by .* per request, and 100 B are one", found.notices[0].message)
    assert (found.outcome, found.blocks) == ("inconclusive", False)
    assert "times as long" in found.notices[0].message
    assert row(suite("{of: memory, leak: none}"), said(memory=series([1, 2, 3, 4, 5]))).outcome in (
        "inconclusive",
        "not_measured",
    )


def test_growth_is_missed_only_when_its_interval_is_clear_of_the_limit():
    def outcome(limit):
        return row(
            suite(f"{{of: memory, statistic: growth_per_request, most: {limit}}}"), said(memory=rising(1000))
        ).outcome

    assert outcome("500B") == "missed"
    assert outcome("1000B") == "inconclusive"
    assert outcome("1500B") == "met"
    per_s = row(suite("{of: memory, statistic: growth_per_s, most: 1MB}"), said(memory=rising(1000)))
    assert per_s.candidate == pytest.approx(100_000, rel=0.02)


def test_peaks_that_were_thinned_away_count():
    telemetry = said(memory=rising(0), peaks={"memory": 9e9})
    assert row(suite("{of: memory, statistic: max, most: 1GB}"), telemetry).candidate == 9e9


def test_met_alone_approves_nothing():
    of = suite("{of: memory, statistic: max, most: 1GB}")
    run = run_of(of).model_copy(update={"telemetry": said(memory=rising(0))})
    told = verdict_of(of, run, [])
    assert [row.outcome for row in told.rows if row.metric.startswith("telemetry:")] == ["met"]
    assert (told.verdict, told.reasons[0].code) == ("BLOCKED", "nothing-to-judge")


def test_the_report_says_what_is_asked_and_what_was_seen():
    text = summary(verdict(suite("{of: memory, leak: none}"), said(memory=rising(1000))))
    assert "memory leak of 100 B per request: none" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "still does in the last third: a leak" in text
    text = summary(
        verdict(suite("{of: hits, statistic: mean, least: 5/s}"), said(hits=series(range(9), "count", is_counter=True)))
    )
    assert "hits mean at least 5/s" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_row_is_explained_by_what_it_rests_on():
    told = verdict(suite("{of: memory, leak: none}"), said(memory=rising(1000)))
    text = explained(told, next(row for row in told.rows if row.metric == "telemetry:memory:leak"))
    assert "readings of the server" in text
    assert "none: decided by its bounds" in text
    assert "growth between the medians of stretches" in text


def server(queries: dict[int, int], *, db_s: float = 0.004) -> ServerRecord:
    n = sum(queries.values())
    total = sum(number * count for number, count in queries.items())
    return ServerRecord(
        looked=n,
        told=n,
        queries=QueriesRecord(
            n=n,
            total=total,
            least=min(queries),
            most=max(queries),
            counts={str(number): count for number, count in queries.items()},
        ),
        times={"db": Spread(n=n, p50_s=db_s, p95_s=db_s, max_s=db_s)},
        db_total_s=n * db_s,
    )


def timed(of, record: ServerRecord | None) -> Row:
    run = run_of(of)
    home = run.endpoints["home"]
    arm = home.arms["candidate"].model_copy(update={"server": record})
    endpoints = {"home": EndpointRecord(config_hash=home.config_hash, arms={"candidate": arm})}
    told = verdict_of(of, run.model_copy(update={"endpoints": endpoints}), [])
    (found,) = [row for row in told.rows if row.metric.startswith("telemetry:")]
    return found


def test_queries_that_answers_told_are_judged_exactly():
    record = server({7: 99, 9: 1})
    assert timed(suite("{of: queries.home, statistic: max, most: 9}"), record).outcome == "met"
    over = timed(suite("{of: queries.home, statistic: max, most: 8}"), record)
    assert (over.candidate, over.outcome, over.category) == (9, "missed", "queries")
    assert timed(suite("{of: queries.home, statistic: mean, most: 10}"), record).candidate == pytest.approx(7.02)
    assert timed(suite("{of: queries.home, statistic: max, most: 9}"), None).outcome == "not_measured"


@pytest.mark.parametrize(
    ("looked", "most", "outcome"),
    [(101, 9, "met"), (102, 9, "not_measured"), (3000, 9, "not_measured"), (3000, 8, "missed")],
)
def test_a_few_answers_that_tell_their_queries_do_not_speak_for_the_silent(looked, most, outcome):
    record = server({7: 99, 9: 1}).model_copy(update={"looked": looked})
    found = timed(suite(f"{{of: queries.home, statistic: max, most: {most}}}"), record)
    assert (found.candidate, found.outcome, found.blocks) == (9, outcome, outcome == "missed")
    said = [notice.message for notice in found.notices]
    assert said == ([] if looked == 101 else [f"only 100 of {looked:,} answers told their queries"])
    mean = timed(suite("{of: queries.home, statistic: mean, most: 1}"), record)
    assert mean.outcome == ("missed" if looked == 101 else "not_measured")


@pytest.mark.parametrize(("limit", "outcome"), [("4ms", "met"), ("2ms", "inconclusive"), ("900us", "missed")])
def test_the_longest_query_is_known_only_within_what_an_answer_tells(limit, outcome):
    assert timed(suite(f"{{of: query_time, statistic: max, most: {limit}}}"), server({4: 10})).outcome == outcome


def test_the_mean_query_is_the_time_of_all_over_their_number():
    found = timed(suite("{of: query_time.home, statistic: mean, most: 1ms}"), server({4: 10}))
    assert found.candidate == pytest.approx(0.001)


@pytest.mark.parametrize("statistic", ["mean", "max"])
@pytest.mark.parametrize("told", [0, 60, 99, 100])
def test_queries_without_their_time_are_not_taken_for_quick_ones(statistic, told):
    record = server({0: 20, 4: 100})
    db = Spread(n=told, p50_s=0.004, p95_s=0.004, max_s=0.004)
    record = record.model_copy(update={"times": {"db": db} if told else {}, "db_total_s": told * 0.004 or None})
    found = timed(suite(f"{{of: query_time, statistic: {statistic}, most: 10ms}}"), record)
    assert found.outcome == ("met" if told == 100 else "not_measured")
    assert [notice.code for notice in found.notices] == ([] if told == 100 else ["telemetry"])


def hits(*places: int) -> Series:
    """The cache was asked only at some of the readings."""
    return Series(
        source="postgres",
        unit="ratio",
        at_s=[SECONDS * place / (N - 1) for place in places],
        values=[0.995] * len(places),
        answered=[100 * place for place in places],
    )


OF_POSTGRES = "telemetry: {{postgres: {{dsn: '${{DSN}}'}}, objectives: [{}]}}"


def test_quiet_seconds_do_not_outweigh_busy_ones_in_the_mean_of_a_share():
    """Half of the readings saw ten requests each and hits of a tenth of look-ups, the others 990 and all of them."""
    places = range(N)
    asked = [10 if place % 2 else 990 for place in places]
    found = Series(
        source="postgres",
        unit="ratio",
        at_s=[SECONDS * place / (N - 1) for place in places],
        values=[0.1 if place % 2 else 1.0 for place in places],
        answered=[sum(asked[: place + 1]) for place in places],
    )
    of = suite_of(OF_POSTGRES.format("{of: postgres.cache_hit, statistic: mean, least: 98%}"), ("home",))
    told = said(**{"postgres.cache_hit": found, "postgres.connections": series([12] * N, "count")})
    assert row(of, told).outcome == "met"
    assert row(of, told).candidate == pytest.approx((0.1 * 10 + 990) / 1000, abs=0.001)
    assert {each.name: each.mean for each in watch(told).series}["postgres.cache_hit"] == pytest.approx(
        row(of, told).candidate
    )
    idle = found.model_copy(update={"answered": [0] * N})
    assert mean_share(found, 0.0, SECONDS / N) == 1.0, "of a scenario its own readings"
    assert math.isnan(mean_share(idle))


def test_a_ratio_of_nothing_is_no_hole_where_the_source_was_read():
    of = suite_of(OF_POSTGRES.format("{of: postgres.cache_hit, statistic: mean, least: 99%}"), ("home",))
    connections = series([12] * N, "count")
    told = said(**{"postgres.cache_hit": hits(1, 2, 90), "postgres.connections": connections})
    assert row(of, told).outcome == "met"
    seldom = said(**{"postgres.cache_hit": hits(1, 2, 90), "postgres.connections": series([12, 12, 12], "count")})
    assert row(of, seldom).outcome == "not_measured"
    never = row(of, said(**{"postgres.cache_hit": hits(), "postgres.connections": connections}))
    assert never.outcome == "not_measured"
    assert "nothing did" in never.notices[0].message
