"""Whether what a load took is given back: three answers, and what stays but no longer grows is told as such."""

from __future__ import annotations

import pytest

from gate.record.telemetry import Rest, Rests, Series, Summed, TelemetryRecord, Window
from tests.builders import history_of, run_of, suite_of, verdict_of

SUITE = """
scenarios: {{steady: {{load: {{rate: 5/s, for: 60s}}, mix: {{home: 1}}, advisory: true}}}}
telemetry:
  rest: 10s
  prometheus: {{url: /metrics, series: {{memory: process_resident_memory_bytes, open: open_files}}}}
  objectives: [{0}]
"""
N, SECONDS, REQUESTS = 121, 120.0, 12_000


def series(values, unit="bytes") -> Series:
    at = [place / (len(values) - 1) for place in range(len(values))]
    return Series(
        source="prometheus",
        unit=unit,
        at_s=[SECONDS * share for share in at],
        values=[float(value) for value in values],
        answered=[round(REQUESTS * share) for share in at],
    )


def told(rests=None, unread=None, **found: Series) -> TelemetryRecord:
    windows = [Window(name="steady", from_s=0.0, to_s=SECONDS, answered=REQUESTS)]
    return TelemetryRecord(windows=windows, series=found, rests=rests or {}, unread=unread or {})


def rests(before: dict[str, float], after: dict[str, float], around: str = "*") -> dict[str, Rests]:
    first = Rest(from_s=-5.0, to_s=0.0, levels=before)
    return {around: Rests(before=first, after=Rest(from_s=SECONDS + 5, to_s=SECONDS + 10, levels=after))}


def row(objective: str, telemetry):
    of = suite_of(SUITE.format(objective), ("home",))
    run = run_of(of).model_copy(update={"telemetry": telemetry})
    verdict = verdict_of(of, run, history_of(of, 12))
    (found,) = [row for row in verdict.rows if row.metric.startswith("telemetry:")]
    return found


@pytest.mark.parametrize(
    ("back", "after", "limit", "outcome"),
    [
        ("10%", 44, 44, "met"),
        ("10%", 45, 44, "missed"),
        ("2", 42, 42, "met"),
        ("2", 43, 42, "missed"),
        ("0", 40, 40, "met"),
        ("0", 12, 40, "met"),  # fewer than before are back as well
    ],
)
def test_both_sides_of_each_limit(back, after, limit, outcome):
    open_ = series([40, 60, 60, after], "count")
    found = row(f"{{of: open, back: {back}}}", told(rests({"open": 40.0}, {"open": after}), open=open_))
    assert (found.outcome, found.candidate, found.limit) == (outcome, after, pytest.approx(limit))
    assert found.blocks == (outcome == "missed")
    assert f"open: 40 before the load, {after} after it: {'back' if outcome == 'met' else 'NOT back'}" == (
        found.notices[0].message if "growing" not in found.notices[0].message else ""
    )


@pytest.mark.parametrize(
    ("telemetry", "why"),
    [
        (told(open=series([1, 2], "count")), "there was none"),
        (told(unread={"rest": "the preview was started anew"}, open=series([1, 2], "count")), "started anew"),
        (told(rests({"open": 1.0}, {"open": 1.0})), "open was never told"),
        (
            told(rests({"open": 1.0}, {"open": 1.0}), open=series([1, 2], "count")).model_copy(
                update={"windows": [Window(name="steady", from_s=0.0, to_s=SECONDS, answered=0)]}
            ),
            "nothing was answered between the rests",
        ),
        (told(rests({}, {"open": 1.0}), open=series([1, 2], "count")), "not read in both rests"),
        (None, "nothing was watched"),
    ],
)
def test_without_both_rests_it_is_not_measured(telemetry, why):
    found = row("{of: open, back: 10%}", telemetry)
    assert (found.outcome, found.limit) == ("not_measured", None)
    assert why in found.notices[0].message


def test_a_process_that_was_started_anew_meanwhile_has_given_nothing_back():
    open_, counter = series([40, 60, 60, 5], "count"), series([10, 500, 3, 40], "count")
    at_rest = rests({"open": 40.0}, {"open": 5.0})
    for is_counter, source, outcome in (
        (True, "prometheus", "not_measured"),
        (False, "prometheus", "met"),
        (True, "redis", "met"),
    ):
        other = counter.model_copy(update={"is_counter": is_counter, "source": source})
        found = row("{of: open, back: 10%}", told(at_rest, open=open_, served_total=other))
        assert found.outcome == outcome
        assert ("served_total, a counter, fell" in found.notices[0].message) == (outcome == "not_measured")
    before = counter.model_copy(update={"is_counter": True, "at_s": [-90.0, -80.0, -70.0, 60.0]})
    assert row("{of: open, back: 10%}", told(at_rest, open=open_, served_total=before)).outcome == "met"


def test_of_a_long_run_a_fall_between_readings_that_are_kept_is_seen_too():
    counter = series([10, 20, 30, 40], "count").model_copy(update={"is_counter": True})
    sums = Summed(n=9, from_s=0, to_s=90, hole_s=9, first=10, last=40, least=3, mean=20, most=90, falls=1)
    found = told(rests({"open": 40.0}, {"open": 5.0}), open=series([40, 60, 60, 5], "count"), served_total=counter)
    windows = [window.model_copy(update={"sums": {"served_total": sums}}) for window in found.windows]
    assert row("{of: open, back: 10%}", found.model_copy(update={"windows": windows})).outcome == "not_measured"


def test_a_scenario_has_rests_of_its_own():
    found = told(rests({"open": 40.0}, {"open": 60.0}, "steady"), open=series([40, 60, 60, 60], "count"))
    assert row("{of: open, back: 10%, scenario: steady}", found).outcome == "missed"
    assert row("{of: open, back: 10%}", found).outcome == "not_measured"


def test_what_stays_high_and_no_longer_grows_is_told_from_what_grows_to_the_end():
    full = [5e7 + 3e4 * min(place, 40) for place in range(N)]
    kept = row("{of: memory, back: 1%}", told(rests({"memory": full[0]}, {"memory": full[-1]}), memory=series(full)))
    assert kept.outcome == "missed"
    assert kept.notices[0].message.endswith("NOT back, and no longer growing by the end: kept, not leaked")
    leak = [5e7 + 3e4 * place for place in range(N)]
    grows = row("{of: memory, back: 1%}", told(rests({"memory": leak[0]}, {"memory": leak[-1]}), memory=series(leak)))
    assert grows.notices[0].message == (
        "memory: 50 MB before the load, 53.6 MB after it: NOT back, and growing to the end"
    )
